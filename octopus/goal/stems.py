"""Words without their endings, so that "paid late" meets the column paid_late and "churners" the class churn."""

from __future__ import annotations

import re

#: Common forms that no ending explains.
_IRREGULAR = {
    "paid": "pay", "payment": "pay", "sold": "sell", "sale": "sell", "bought": "buy", "left": "leave", "won": "win",
    "lost": "lose", "loss": "lose", "died": "die", "dead": "die", "death": "die", "lives": "live", "people": "person",
    "children": "child", "men": "man", "women": "woman", "fraudulent": "fraud", "spent": "spend", "made": "make",
    "broke": "break", "broken": "break", "failure": "fail", "survival": "survive", "delivery": "deliver",
    "defaulter": "default", "purchase": "purchas", "cancellation": "cancel", "cancelled": "cancel",
    "cancelling": "cancel", "conversion": "convert", "sick": "sick",
}  # fmt: skip
#: Endings, longest first, with what takes their place; a stem keeps at least three letters.
_ENDINGS = (
    ("ies", "y"),
    ("ied", "y"),
    ("ing", ""),
    ("ers", ""),
    ("er", ""),
    ("ed", ""),
    ("es", ""),
    ("s", ""),
    ("e", ""),
)
_MIN_STEM = 3


def stems(text: str) -> tuple[str, ...]:
    """Return the words of a text or a column's name without their endings.

    Parameters
    ----------
    text : str
        Plain words, snake case or camel case.

    Returns
    -------
    tuple of str
        In lower case, in order.

    Examples
    --------
    >>> stems("PaidLate"), stems("invoices that were paid late")
    (('pay', 'lat'), ('invoic', 'that', 'wer', 'pay', 'lat'))
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    return tuple(_stem(word) for word in re.findall(r"[^\W_]+", apart.lower()))


def _stem(word: str) -> str:
    singular = (word, word.removesuffix("s"), word.removesuffix("es"), re.sub("ies$", "y", word))
    word = next((_IRREGULAR[form] for form in singular if form in _IRREGULAR), word)
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) + len(instead) >= _MIN_STEM and not word.endswith("ss"):
            stem = word[: len(word) - len(ending)] + instead
            is_doubled = ending in ("ing", "ed", "er", "ers") and stem[-1] == stem[-2] and stem[-1] not in "ls"
            return (stem[:-1] if is_doubled else stem).removesuffix("e") if len(stem) > _MIN_STEM else stem
    return word
