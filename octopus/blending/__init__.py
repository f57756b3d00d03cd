"""Blends of experiments: their weights, and one module of their scripts."""
