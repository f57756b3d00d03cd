"""What a prompt is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from octopus.journal import Journal
from octopus.privacy import PrivacyLevel
from octopus.protocols import Family
from octopus.records import Plan, Profile, Profiled, Task, ValidationPlan

#: What of the data may leave: sums and frequent levels; names and types alone; a few rows as well.
Privacy = PrivacyLevel


@dataclass(frozen=True, kw_only=True)
class View:
    """What a language model may be told of a run.

    Parameters
    ----------
    task, profile, validation, journal : Task, Profile, ValidationPlan or None, Journal
        What is asked, what is known, how candidates are compared and what was done.
    families : tuple of Family
        Those that apply.
    versions : mapping of str to str
        Installed packages that scripts may import, and their versions.
    privacy : {"summary", "schema", "samples"}
        What of the data may leave this process.
    hide : callable
        From a text that may hold cells of the table and the source of the script that it came from to the text that may
        leave.
    descriptions : mapping of str to str
        The user's words on columns.
    running : Plan or None
        The experiment that runs now.
    samples : tuple of mapping of str to str
        Rows that may leave.
    """

    task: Task
    profile: Profile
    validation: ValidationPlan | None
    journal: Journal
    families: tuple[Family, ...]
    versions: Mapping[str, str]
    privacy: Privacy
    hide: Callable[[str, str], str]
    descriptions: Mapping[str, str]
    running: Plan | None
    samples: tuple[Mapping[str, str], ...] = ()

    @property
    def first(self) -> tuple[Profile, ValidationPlan | None]:
        """The profile and the folds that the run began with, which stay as they are."""
        for event in self.journal.events:
            if isinstance(event, Profiled):
                return event.profile, event.validation
        return self.profile, self.validation
