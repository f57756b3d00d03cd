"""Contract suites and doubles for plug-in authors, and for our own tests."""
