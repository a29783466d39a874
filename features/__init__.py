"""Listing rows to named columns: pure functions and small estimators that read no file and no clock."""
