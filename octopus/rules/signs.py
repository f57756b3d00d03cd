"""An exception → the code of the rule that explains it: pairs of type and message, in order, the first one counts.

The message is that of the root exception and is read from its beginning, never searched for a word: a library says
the same thing under several types, and several things under one. What a script says in its own ``raise`` is not a
library's message and is no sign. The order is that of the causes: what was used up, what cannot be stored, what is
not installed, what was called wrongly, and then the data. Wordings were collected on Python 3.11, numpy 2.4,
pandas 2.3 and 3.1, scikit-learn 1.9 and LightGBM 4.7 (``tests/corpus``); those of libraries beyond these were read or
recorded elsewhere, and are marked so there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from octopus.records import Outcome, Profile, Script
from octopus.rules.phrases import PHRASES
from octopus.rules.reading import Raised, raised
from octopus.rules.when import CONDITIONS


@dataclass(frozen=True, kw_only=True)
class Sign:
    """What shows one cause.

    Parameters
    ----------
    code : str
        Of the rule.
    types : frozenset of str
        Names of the exception's type; empty for any.
    message : re.Pattern
        Fits the beginning of the message.
    condition : callable or None
        What else must hold.
    """

    code: str
    types: frozenset[str]
    message: re.Pattern[str]
    condition: Callable[[Raised], bool] | None = None

    def fits(self, error: Raised) -> bool:
        """Tell whether an exception shows this sign."""
        if self.types and error.type not in self.types:
            return False
        return self.message.match(error.message) is not None and (self.condition is None or self.condition(error))


SIGNS = tuple(
    Sign(
        code=phrase.code,
        types=frozenset(phrase.types.split()),
        message=re.compile(rf"\s*(?:{phrase.message})", re.IGNORECASE | re.DOTALL),
        condition=CONDITIONS[phrase.when] if phrase.when else None,
    )
    for phrase in PHRASES
)


def explained(code: str, outcome: Outcome, script: Script, profile: Profile) -> Raised | None:
    """Return the exception if this code is the one that explains it.

    Parameters
    ----------
    code : str
        Of the rule that asks.
    outcome, script, profile : Outcome, Script, Profile
        What happened, what was run, what is known of the data.

    Returns
    -------
    Raised or None
        None where there was no exception, or where another rule explains it, or none.
    """
    error = raised(outcome, script, profile)
    if error is None or error.in_own_words:
        return None
    return error if next((sign.code for sign in SIGNS if sign.fits(error)), None) == code else None
