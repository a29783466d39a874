"""An invented market with ground truth. Imports nothing from ``features`` or ``models``: it must not lean on our own rules."""
