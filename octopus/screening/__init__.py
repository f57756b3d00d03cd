"""Scripts read without running them: what has no business in one, and faults that nothing at run time would tell."""
