"""Where a language model answers and by which key, from the environment at use."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from octopus.backends.secrets import shown_address
from octopus.errors import BackendRefused

ADDRESS, KEY = "OPENAI_BASE_URL", "OPENAI_API_KEY"
#: OpenAI's own.
DEFAULT = "https://api.openai.com/v1"
#: The client insists on a key; servers of one's own ask for none.
_NO_KEY = "none"


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An address, and what it is opened with; it does not outlive a question.

    Parameters
    ----------
    address : str
        Without user and password.
    key : str
        Sent as bearer token.
    login : (str, str) or None
        User and password for a server behind a gate, instead of the key.
    """

    address: str
    key: str = field(repr=False)
    login: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """Address for messages, without what follows a question mark."""
        return shown_address(self.address)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be seen of it."""
        custom = os.environ.get("OPENAI_CUSTOM_HEADERS", "")  # the client sends these along
        values = [line.partition(":")[2].strip() for line in custom.splitlines()]
        return (*(() if self.key == _NO_KEY else (self.key,)), *(self.login or ())[1:], *values)


def find_endpoint(backend: str, base_url: str | None) -> Endpoint:
    """Return where to ask.

    Parameters
    ----------
    backend : str
        Who is asked, for the errors.
    base_url : str or None
        Address; None for ``OPENAI_BASE_URL``, and without that OpenAI's own.

    Raises
    ------
    BackendRefused
        The address is none, or there is no key for OpenAI's own.
    """
    address = base_url or os.environ.get(ADDRESS, "").strip()
    key = os.environ.get(KEY, "").strip()
    if not address and not key:
        raise BackendRefused(
            backend,
            f"neither {KEY} nor {ADDRESS} is set",
            f"Set {KEY} for OpenAI, or {ADDRESS} for another endpoint, such as http://127.0.0.1:11434/v1 for Ollama.",
        )
    if not key.isascii() or not key.isprintable():
        raise BackendRefused(backend, f"{KEY} holds characters that no key has", f"Set {KEY} anew.")
    address = address or DEFAULT
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BackendRefused(
            backend,
            f"{shown_address(address)!r} is no address of an endpoint",
            f"Set base_url or {ADDRESS} to one such as https://host/v1.",
        )
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return Endpoint(address=bare, key=key or _NO_KEY, login=login)
