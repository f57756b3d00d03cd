"""What the user hands to ``fit`` → checked rows in canonical shape, with what was noticed on the way."""
