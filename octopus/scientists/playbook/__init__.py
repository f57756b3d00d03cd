"""The built-in scientist: offline, free and deterministic."""
