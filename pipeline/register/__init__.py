"""The register: facts that people make and correct, in SQL. Rows are added and superseded, never changed (docs/outcomes.md)."""
