"""Repairs of scripts that take no model: each knows one failure and changes the few characters that cause it."""
