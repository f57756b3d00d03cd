"""Text from outside → text that may be shown: no key, no control character, and short."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

#: What stands in place of a key.
HIDDEN = "…"
#: Characters of an endpoint's own words in an error: enough for a sentence and what it names.
LONGEST = 300
#: Keys as the vendors write them, also where an endpoint repeats a part of one with stars in it.
_KEYS = re.compile(
    r"(?i)\b(bearer|authorization:\s*basic)\s+[^\s\"',;]{4,}"
    r"|\b(?:sk|pk|rk|gsk|xai|hf)[-_][^\s\"',;]{6,}|\bAIza[\w-]{10,}|\beyJ[\w-]{6,}[\w.-]*"
    r"|((?:api[-_ ]?key|token|secret|password)[\"']?\s*[=:]\s*[\"']?)[^\s\"',;]{4,}"
)
#: Characters of a secret that is searched for: what local servers take for a key ("any", "x") is a part of words.
_SHORTEST = 4
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


def without_secrets(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text on one line, cut, without these secrets and without what looks like a key.

    Parameters
    ----------
    text : str
        Words of an endpoint or of its client.
    secrets : iterable of str
        What must not be seen, such as the key that was sent.
    """
    for secret in sorted((one for one in secrets if len(one) >= _SHORTEST), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _KEYS.sub(lambda found: f"{found[1] + ' ' if found[1] else found[2] or ''}{HIDDEN}", text)
    text = " ".join(_UNSEEN.sub(" ", whole_characters(text)).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + HIDDEN


def shown_address(url: str) -> str:
    """Return an address without user, password and query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def whole_characters(text: str) -> str:
    """Return a text whose halves of characters are replaced: JSON may hold them, UTF-8 may not."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
