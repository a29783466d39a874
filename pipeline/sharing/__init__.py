"""What one installation may tell another, how a seller is kept in sight, and what can be learned from closed cases (docs/sharing.md)."""
