"""Named columns to evidence and probabilities, with splits, metrics and explanations."""
