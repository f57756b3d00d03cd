"""The exported model: write, verify, load, replay, serve."""
