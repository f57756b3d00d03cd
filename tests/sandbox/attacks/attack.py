"""What an attack is, and what is known after one: records without behaviour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from octopus.records import Outcome


@dataclass(frozen=True, kw_only=True)
class After:
    """What can be seen from outside when an attack is over."""

    scene: Any
    outcome: Outcome
    text: str  # everything of the child that reaches people: printed output and what is said of its exception
    nonce: str
    watched: Any = None  # what ``Attack.during`` returned
    predictions: Any = None

    @property
    def told(self) -> str | None:
        """What the script told of its success; None if it told nothing."""
        for line in self.text.splitlines():
            if line.startswith(f"TOLD {self.nonce}"):
                return line.removeprefix(f"TOLD {self.nonce}").strip()
        return None


Sign = Callable[[After], bool]


@dataclass(frozen=True)
class Attack:
    """A hostile script and the sign by which its success is seen.

    ``code`` runs in ``fit`` unless ``place`` says otherwise. It finds the scene in ``C`` and has the names of
    ``prelude.py``. ``control`` is whether it must succeed at ``process`` on this machine, which proves that it is real;
    where it cannot, ``without`` says why. ``ends`` are the outcomes that are right at ``standard`` and ``strict``.
    """

    name: str
    tries: str
    code: str
    seen: Sign
    control: bool = True
    without: str = ""
    ends: tuple[str, ...] = ("ok", "error", "killed")
    limits: dict[str, Any] = field(default_factory=dict)
    place: str = "fit"
    #: Runs in a thread beside the attack: takes the scene and an event that is set when the job is over.
    during: Callable[[Any, Any], Any] | None = None
    #: Code of a job that runs afterwards in the same sandbox; what comes of that one is looked at.
    then: str = ""
    #: Whether a quiet job of the same run is in the middle of its ``fit`` meanwhile; its labels are secret.
    has_neighbour: bool = False
    #: Why it may succeed at ``standard``; such an attack is listed in SECURITY.md.
    allowed_at_standard: str = ""
    #: False where the machine lacks what it is about, such as another processor's instructions.
    possible_here: bool = True

    def __post_init__(self) -> None:
        if not self.control and not self.without:
            raise ValueError(f"{self.name}: say why it cannot succeed at 'process'")
