"""How wide amber is: from the minutes that a look from the desk, a visit and a find are worth.

A look from the desk costs ``look`` and settles the question in a share ``tells`` of cases. Without it, a listing of probability p is visited when
``p * find > visit`` and left alone otherwise. Where the look would change nothing it is not worth its minutes:

* below ``look / (tells * (find - visit))`` a look finds too little: green;
* above ``1 - look / (tells * visit)`` a look saves too few vain visits: red;
* between, the listing alone does not tell: amber, look first.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Minutes(BaseModel):
    """Minutes of an inspector's time; ``tells``: share of looks that settle the question."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    look: float = Field(gt=0)
    visit: float = Field(gt=0)
    find: float = Field(gt=0)
    tells: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _a_find_is_worth_a_visit(self) -> Minutes:
        low, high = amber_bounds(self)
        if self.find <= self.visit or not 0 < low < high < 1:
            raise ValueError(
                f"look {self.look:g}, visit {self.visit:g}, find {self.find:g} and tells {self.tells:g} leave no amber; a look must cost less"
            )
        return self


def amber_bounds(minutes: Minutes) -> tuple[float, float]:
    """Return the probabilities between which a listing is amber.

    >>> [round(bound, 2) for bound in amber_bounds(Minutes(look=15, visit=180, find=900, tells=0.4))]
    [0.05, 0.79]
    """
    return minutes.look / (minutes.tells * max(minutes.find - minutes.visit, 1e-9)), 1 - minutes.look / (minutes.tells * minutes.visit)
