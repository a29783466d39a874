"""What shows later that a list, and what it rests on, is what it was: a log, a manifest, signatures, sealed evidence."""
