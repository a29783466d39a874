"""Whether honest sellers are harmed: who is listed how often, what is found, who is cleared, and what an appeal protects (docs/fairness.md)."""
