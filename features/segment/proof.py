"""Does the fast path decide as the installed tagger does? Asked once, before tables are kept.

The source of the compiled half was read and its additions repeated in their order; a build that added in another order would show here: equal
labels and, to the last bit, equal scores on lines with long sums, ties, numbers, titles, dictionary words, and what no model has seen.
"""

from __future__ import annotations

from pathlib import Path

from features.segment.segmenter import Segmenter

PROBES = (
    "Túi xách da bò thật 100% , bảo hành 12 tháng . Cam kết hàng chính hãng , đổi trả trong 7 ngày .",
    "Hà Nội và Thành phố Hồ Chí Minh là hai thành phố lớn nhất Việt Nam ; Đà Nẵng ở miền Trung",
    "ĐIỆN THOẠI SAMSUNG GALAXY CHÍNH HÃNG GIÁ RẺ NHẤT THỊ TRƯỜNG",
    "nước hoa nam nữ cao cấp hương thơm lâu phai phù hợp mọi lứa tuổi",
    "Áo thun cotton 2 chiều , size M L XL , màu đen trắng đỏ xanh , freeship toàn quốc",
    "— — — — — — — — — — — — — — — — CHẤT LƯỢNG — — — — — — — — —",
    "★ ☆ ★ ☆ ★ ☆ ★ ☆ ★ ☆ ★ ☆ ★ ☆ ★ ☆ ★ ☆ ★ ☆ ★ ☆",
    "x y z w q x y z w q x y z w q x y z w q",
    "1 22 333 4444 55555 2147483647 2147483648 99999999999 007 1.000.000 3,5",
    "BOS EOS BOS EOS True False bos eos",
    "ß İ ǅ ΑΣ ΣΑ ﬁ ª º ² ½ ١٢٣ 日本語 한국어 ꟋɤɁ",
    "a",
    "- -",
)


def agrees_with_tagger(segmenter: Segmenter, *, repeats: int = 40) -> bool:
    """Compare labels and scores on the probes, each alone and ``repeats`` times in one line."""
    from underthesea.models.fast_crf_sequence_tagger import FastCRFSequenceTagger
    from underthesea.pipeline import word_tokenize

    tagger = FastCRFSequenceTagger()
    tagger.load(str(Path(word_tokenize.__file__).parent / "models" / "ws_crf_vlsp2013_20230727"))
    for line in [*PROBES, *(" ".join([probe] * repeats) for probe in PROBES)]:
        tokens, labels, _, scores = segmenter.decide([line])
        spelled = [segmenter.chunks.pieces[2 * token][1:] for token in tokens.tolist()]
        tags, score = tagger.estimator.tag_with_score(tagger.featurizer.process([[[token] for token in spelled]])[0])
        if [tag == "I-W" for tag in tags[1:]] != labels[1:].tolist() or score != scores[0]:
            return False
    return True
