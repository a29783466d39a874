"""What buyers' reviews say: complaints of fake or wrong goods and of fraud, as against praise that names fakes ("không sợ hàng giả").

Of 92 real reviews that name a fake, about ten complain of one; the others are relieved. So the cues are whole phrases, and the
rules that decide for listings (`features.context`) decide here too.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from features.canonical import canonicalise_all
from features.context import Facts
from features.cues import CueLexicon, judge

READ_COLUMNS = ["complaint", "complaint_fake", "text_key", "n_letters"]
_LETTERS = re.compile(r"[^\W_]+")
_NOTHING = Facts(None, None, None, None, None)


def read_reviews(texts: list[str], lexicon: CueLexicon) -> pd.DataFrame:
    """Return ``READ_COLUMNS``, one row a text: whether it complains, whether of a fake, a 64-bit hash of its words and how many letters it has.

    The hash is the same for texts that differ only in case, tones of typing, punctuation or emoji.
    """
    canonical = canonicalise_all(texts, lexicon.joinable)
    words = [" ".join(_LETTERS.findall(text.folded)) for text in canonical]
    complaints = [_behaviours(text.folded, lexicon) for text in canonical]
    return pd.DataFrame(
        {
            "complaint": np.array([bool(found) for found in complaints], dtype=bool),
            "complaint_fake": np.array(["counterfeit" in found for found in complaints], dtype=bool),
            "text_key": pd.util.hash_array(np.array(words, dtype=object)).view(np.int64),
            "n_letters": np.array([len(text.replace(" ", "")) for text in words], dtype=np.int64),
        }
    )


def _behaviours(folded: str, lexicon: CueLexicon) -> set[str]:
    hits = lexicon.find(folded)
    return {hit.cue.behaviour for hit in hits if judge(folded, hit.start, hit.end, hit.cue, _NOTHING).polarity == "sign"}
