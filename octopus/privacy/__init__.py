"""What of a table may leave the process towards a language model."""

from octopus.privacy.shield import PrivacyLevel, Shield

__all__ = ["PrivacyLevel", "Shield"]
