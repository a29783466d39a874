"""Whose data is whose: roles, what is kept how long, what is erased, and what shows afterwards that it was (docs/privacy.md)."""
