"""Deterministic diagnosis: crash rules and symptom rules, one code each."""
