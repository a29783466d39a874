"""Complaints and tip-offs: read, deduplicated and matched, with whoever reported sealed away."""
