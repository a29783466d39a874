"""Workbooks that come back: every row is taken, or returned with a reason (docs/outcomes.md)."""
