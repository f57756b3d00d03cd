"""What is hidden by its form, whatever table it comes from: addresses, telephone numbers, keys, exact dates."""

from __future__ import annotations

import re
import unicodedata

#: What stands for something hidden.
HIDDEN = "…"

_CONTROL = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"}
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
#: Characters without width and marks of direction: they hide a word from a comparison and from a reader.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_ESCAPED = re.compile(r"(?:\\{1,4}x[0-9a-fA-F]{2})+|(?:\\{1,4}u[0-9a-fA-F]{4})+|\\{1,4}U[0-9a-fA-F]{8}")
_HEX = re.compile(r"[0-9a-fA-F]{8}|[0-9a-fA-F]{4}|[0-9a-fA-F]{2}")

_MONTHS = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_CLOCK = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z| ?[+-]\d{2}:?\d{2})?)?"

#: A day, with the month that may be told of it as group ``month``.
DAYS = re.compile(
    rf"(?<![\d-])(?P<month>\d{{4}}-\d{{2}})-\d{{2}}(?!\d){_CLOCK}"
    r"|(?<![\d/])\d{4}/\d{1,2}/\d{1,2}(?!\d)"
    r"|(?<![\d/])\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})(?![\d/])"
    r"|(?<![\d-])\d{1,2}-\d{1,2}-(?:\d{4}|\d{2})(?![\d-])"
    r"|(?<![\d.])\d{1,2}\.\s?\d{1,2}\.\s?\d{4}(?!\d)"
    rf"|(?<!\d)\d{{1,2}}(?:st|nd|rd|th|\.)?[ -]{_MONTHS}[ ,-]{{1,2}}\d{{2,4}}(?!\d)"
    rf"|\b{_MONTHS} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}(?!\d)"
    r"|(?<=date\()\d{4}, \d{1,2}, \d{1,2}(?:, \d+)*|(?<=datetime\()\d{4}, \d{1,2}, \d{1,2}(?:, \d+)*",
    re.IGNORECASE,
)

#: Addresses, telephone and account numbers, keys.
PERSONAL = re.compile(
    r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"  # e-mail
    r"|\b(?:sk|pk|rk|ghp|gho|ghs|glpat|hf|xox[abprs])[-_][A-Za-z0-9_-]{12,}|\b(?:AKIA|AIza)[A-Za-z0-9_-]{12,}"
    r"|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+"  # JSON web token
    r"|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"  # UUID
    r"|\b(?=[a-zA-Z]*\d[a-zA-Z]*\d)(?=\d*[a-zA-Z])[A-Za-z0-9]{20,}\b"
    r"|\b(?=\d*[a-fA-F])[0-9a-fA-F]{16,}\b"
    r"|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"  # IBAN
    r"|\b\d{4}(?:-\d{4}){3}\b"  # card
    r"|\b\d{3}-\d{2}-\d{4}\b"  # social security
    r"|(?<!\w)\+[1-9](?:[ ()/-]{0,2}\d){6,14}\b"  # telephone, with country
    r"|(?<![\w.,])\(?0\d{1,4}\)?[ /-]\d{3,}(?:[ -]?\d{2,})*\b"
    r"|(?<![\w.])\(?\d{3}\)?[-. ]\d{3}[-.]\d{4}\b|(?<![\w.-])\d{3}-\d{4}\b"
    r"|\b(?:\d{1,3}\.){3}\d{1,3}\b"  # address of a machine
)

#: What stands between quotes, in one line; a quote between two letters is an apostrophe.
QUOTED = re.compile(
    r"(?:(?<![^\W_])|(?<=\b[bruf]))'(?:[^'\\\n]|\\.|(?<=[^\W_])'(?=[^\W_])){0,1000}+'(?![^\W_])"
    r'|"(?:[^"\\\n]|\\.){0,1000}+"'
    r"|`[^`\n]{1,1000}`|“[^”\n]{1,1000}”|«[^»\n]{1,1000}»|„[^“”\n]{1,1000}[“”]|‘[^’\n]{1,1000}’"
)


def clean(text: str) -> str:
    """Return text without control characters, codes of a terminal and characters that cannot be seen, composed."""
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    text = text.replace("\r\n", "\n").translate(_CONTROL)
    return text if text.isascii() else unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def unescape(text: str) -> str:
    r"""Return text with the characters that ``\x``, ``\u`` and ``\U`` spell, as ``repr`` and JSON write them."""
    return clean(_ESCAPED.sub(lambda found: _spelled(found[0]), text)) if "\\" in text else text


def _spelled(escaped: str) -> str:
    codes = _HEX.findall(escaped)
    if len(codes[0]) == 2:
        octets = bytes(int(code, 16) for code in codes)
        try:
            return octets.decode()
        except UnicodeDecodeError:
            return octets.decode("latin-1")
    if len(codes[0]) == 4:  # JSON writes what lies beyond 16 bits as two
        return b"".join(int(code, 16).to_bytes(2, "big") for code in codes).decode("utf-16-be", "replace")
    code = int(codes[0], 16)
    return chr(code) if code < 0x110000 else HIDDEN
