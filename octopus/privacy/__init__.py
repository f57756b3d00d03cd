"""What of a table may leave the process towards a language model."""

from octopus.privacy.shield import MIN_ROWS, PrivacyLevel, Shield

__all__ = ["MIN_ROWS", "PrivacyLevel", "Shield"]
