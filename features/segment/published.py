"""The published segmentation model, read from the installed underthesea: its weights, its dictionary, its token rules.

Only files whose SHA-256 is known here are read: the fast path is proven against these and no others. ``None`` says that something
else is installed, and the caller then asks underthesea itself.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

#: What decides the words, by path inside underthesea. All of it is in the 9.5.0 wheel, the same on every platform.
KNOWN_FILES = {
    "pipeline/word_tokenize/__init__.py": "65b26025dfd44e2e1ddb03b98b1a25a26fe703596b22730e0c16f79a7f0fbb5d",
    "pipeline/word_tokenize/regex_tokenize.py": "5cb4fdc04fc806ac51842d9ec96834e9647262361bf865bacc164e96dc898a76",
    "pipeline/text_normalize/character_normalize.py": "f10727cca09ec90c88abaaa6b697ad3a1205ab783066ad0b59fa31ecdaa792d1",
    "pipeline/text_normalize/text_normalizer.py": "f35f6d22e7b1c4f916bc0f832222496ff3993be4f31d34dee2c8fed4565b4c2d",
    "pipeline/text_normalize/token_normalize.py": "e3dfaccc016417d181260234db2573f2c2c349e403e6566d9f35022633d9c50e",
    "pipeline/text_normalize/tn_rules_2023_07_14.bin": "a8ef96ef9837f6a377154fdfc970b9b88351d39f9353fa693d53ab49798817f9",
    "models/fast_crf_sequence_tagger.py": "2f7dba214c3e4ea31221a328e759c5a11deff902c9768581a061e8a4a28d8762",
    "pipeline/word_tokenize/models/ws_crf_vlsp2013_20230727/models.bin": "c3a64c64349f1d73304f89babacaa8f8cd6078b1ec1a1b2c104e9e411ac1d2c3",
    "pipeline/word_tokenize/models/ws_crf_vlsp2013_20230727/features.bin": "cf93263c7c7973bf50122b0be76a394443ff61be00c1368713dee1b7d5b8a435",
    "pipeline/word_tokenize/models/ws_crf_vlsp2013_20230727/dictionary.bin": "ec8c62b3881c6682c18959988e1fe08800cc835777778845bded470ca02745d9",
}
#: The compiled half cannot be told by a checksum (one build a platform), so its version stands for it.
KNOWN_CORES = frozenset({"3.3.2"})

_RUN = r"[^\s()<>{}\[\]]+                   # Run of non-space"
_FOLDER = "pipeline/word_tokenize/models/ws_crf_vlsp2013_20230727"
_CHUNK_HEADER, _QUARK_HEADER = 12, "<4s5I"


@dataclass(frozen=True)
class Published:
    """``attributes``: weights of the two labels, 0 begins a word, 1 inside one; ``transitions[i, j]``: from label i to j."""

    attributes: dict[str, tuple[float, float]]
    transitions: npt.NDArray[np.float64]
    dictionary: frozenset[str]
    pattern: str
    letters: dict[str, str]
    tokens: dict[str, str]


def unknown_parts() -> list[str]:
    """Name what is installed differently from what the fast path is proven for; empty where all is known."""
    home = _home()
    wrong = [name for name, known in KNOWN_FILES.items() if _sha256(home / name) != known]
    core = installed_core()
    return wrong if core in KNOWN_CORES else [*wrong, f"underthesea_core {core}"]


def steady(pattern: str) -> str:
    """Return the expression without the ambiguity that makes it run for hours on "http://a.example" and forty full stops.

    Inside an address it repeats ``(?:A+|B|C)+``, with B and C beginning with a bracket, which A excludes. A run of A can then be cut up in 2ⁿ
    ways, and all are tried where no address ends there. ``(?:A|B|C)+`` matches the same: where matching can stop depends on the place
    reached alone, not on how it was cut up, and places are tried in the same order, the furthest first.
    """
    return pattern.replace(_RUN, _RUN.replace("]+ ", "]  "))


def installed_core() -> str:
    """Return the version of underthesea's compiled half."""
    return importlib.metadata.version("underthesea_core")


def read_published() -> Published:
    """Read everything that decides the words. Call only where ``unknown_parts()`` is empty: the rules and the dictionary are pickles."""
    import joblib
    from underthesea.pipeline.word_tokenize import regex_tokenize

    folder = _home() / _FOLDER
    rules = joblib.load(_home() / "pipeline/text_normalize/tn_rules_2023_07_14.bin")
    attributes, transitions = read_crfsuite((folder / "models.bin").read_bytes())
    return Published(
        attributes,
        transitions,
        frozenset(joblib.load(folder / "dictionary.bin")),
        steady(regex_tokenize.regex_patterns_combine),
        dict(rules["character"]),
        dict(rules["token"]),
    )


def read_crfsuite(raw: bytes) -> tuple[dict[str, tuple[float, float]], npt.NDArray[np.float64]]:
    """Read the attributes and transitions of a two-label CRFsuite model file (http://www.chokkan.org/software/crfsuite/)."""
    where = struct.unpack_from("<4sI4s9I", raw)
    at_features, at_labels, at_attributes = where[7:10]
    labels, names = _quarks(raw, at_labels), _quarks(raw, at_attributes)
    begins, inside = labels.index("B-W"), labels.index("I-W")
    layout = np.dtype([("kind", "<u4"), ("source", "<u4"), ("target", "<u4"), ("weight", "<f8")])
    (count,) = struct.unpack_from("<I", raw, at_features + 8)
    features = np.frombuffer(raw, layout, count=count, offset=at_features + _CHUNK_HEADER)
    weights = np.zeros((len(names), 2))
    states = features[features["kind"] == 0]
    weights[states["source"], states["target"]] = states["weight"]
    transitions = np.zeros((2, 2))
    moves = features[features["kind"] == 1]
    transitions[moves["source"], moves["target"]] = moves["weight"]
    order = [begins, inside]
    return dict(zip(names, map(tuple, weights[:, order].tolist()), strict=True)), transitions[np.ix_(order, order)]


def _quarks(raw: bytes, offset: int) -> list[str]:
    """Read a CQDB string table, in the order of its ids."""
    *_, count, backward = struct.unpack_from(_QUARK_HEADER, raw, offset)
    found = []
    for entry in struct.unpack_from(f"<{count}I", raw, offset + backward):
        _, size = struct.unpack_from("<II", raw, offset + entry)
        found.append(raw[offset + entry + 8 : offset + entry + 7 + size].decode("utf-8"))
    return found


def _home() -> Path:
    """Find underthesea without importing it: that takes half a second to two."""
    spec = importlib.util.find_spec("underthesea")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("underthesea is not installed; install the project's dependencies", name="underthesea")
    return Path(spec.origin).parent


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"
