"""Views of the journal for people."""
