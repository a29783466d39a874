"""Dated law: which article, which range, which term, whose business; docs/law.md."""

from pipeline.law.book import Law, load_law
from pipeline.law.checklist import CheckItem
from pipeline.law.citation import NO_BASIS, Citation, cite
from pipeline.law.competence import Competence
from pipeline.law.criminal import CONSIDER, CriminalNote
from pipeline.law.fines import NOT_ENOUGH, FineEstimate, FinePart, basis_values
from pipeline.law.limitation import Limitation
from pipeline.law.referral import REFER, Referral
from pipeline.law.tables import UNVERIFIED

__all__ = [
    "CONSIDER", "NOT_ENOUGH", "NO_BASIS", "REFER", "UNVERIFIED", "CheckItem", "Citation", "Competence", "CriminalNote", "FineEstimate", "FinePart",
    "Law", "Limitation", "Referral", "basis_values", "cite", "load_law",
]  # fmt: skip
