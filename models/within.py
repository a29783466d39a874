"""Learning within a source: a model must tell fakes from other goods, not one platform's rows from another's.

Where one platform has more finds than another, every column that tells the two apart looks like a sign. Weighting the rows so that each platform
has the same share of finds takes that away (Kamiran and Calders 2012, "reweighing").
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
#: With fewer finds, or fewer others, a platform's own share is chance.
_LEAST = 5
#: No row counts more than so many times, nor less than one such part.
_MOST = 10.0


def balance_sources(sources: pd.Series, y: Bools) -> Floats | None:
    """Return each row's weight, mean one; ``None`` where there is but one source to learn from, or where none has both kinds of rows.

    A source with fewer than five finds or five others would only teach which rows are its own: its rows weigh nothing.
    """
    codes, names = pd.factorize(sources.astype("str"), sort=True)
    if len(names) < 2:
        return None
    found = np.bincount(codes[y], minlength=len(names)).astype(float)
    other = np.bincount(codes[~y], minlength=len(names)).astype(float)
    both = (found >= _LEAST) & (other >= _LEAST)
    if not both.any():
        return None
    size = np.where(both, found + other, 0.0)
    share = found[both].sum() / size.sum()
    factor = np.column_stack([(1 - share) * size / np.maximum(other, 1.0), share * size / np.maximum(found, 1.0)])
    weight = np.clip(factor, 1 / _MOST, _MOST)[codes, y.astype(int)] * both[codes]
    return np.asarray(weight / weight.mean(), dtype=float)
