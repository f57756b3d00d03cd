"""Who decides what to try."""
