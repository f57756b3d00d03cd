"""What is raised where a reply of a model cannot be used: the words are for the model, not for the user."""

from __future__ import annotations


class Unreadable(Exception):
    """A reply that cannot be used.

    Parameters
    ----------
    problem : str
        One or two sentences to the model: what is wrong and what to send instead.
    refused : bool
        Whether the model says that it will not.
    truncated : bool
        Whether the reply ends before its end.
    """

    def __init__(self, problem: str, *, refused: bool = False, truncated: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.refused = refused
        self.truncated = truncated
