"""Attacks on the sandbox, and the scene that shows from outside whether one succeeds.

Each module of a theme holds attacks as data. :func:`run_all` runs them without pytest. Attacks on the worker that
predicts are in ``tests/sandbox/test_worker.py``: they need a fitted pipeline, not a job.
"""

from __future__ import annotations

from . import (
    devices,
    disk,
    facts,
    files,
    hidden_disk,
    hydra,
    ipc_attacks,
    jobs,
    kernel,
    memory,
    network,
    persistence,
    processes,
    programs,
    secrets_of_user,
    survival,
    tables,
    text,
)
from .attack import Attack
from .running import LEVELS, Fight, fight, open_sandbox, planted

_THEMES = (
    secrets_of_user, files, tables, persistence, jobs, processes, network, ipc_attacks, kernel, programs,
    devices, memory, disk, hidden_disk, survival, hydra, facts, text,
)  # fmt: skip
#: Every attack that means something on this machine, by name.
ATTACKS: dict[str, Attack] = {}
for _theme in _THEMES:
    for _attack in _theme.ATTACKS:
        if _attack.name in ATTACKS:
            raise ValueError(f"two attacks are called {_attack.name}")
        if _attack.possible_here:
            ATTACKS[_attack.name] = _attack


def run_all(level: str) -> dict[str, bool]:
    """Run every attack at a level.

    Parameters
    ----------
    level : {"process", "standard", "strict"}
        At ``process`` only those that can succeed there are run: the positive control.

    Returns
    -------
    dict of str to bool
        Name of the attack → whether it succeeded.
    """
    wanted = [attack for attack in ATTACKS.values() if level != "process" or attack.control]
    sandbox = open_sandbox(level)
    try:
        with planted() as scene:
            return {attack.name: fight(sandbox, scene, attack).succeeded for attack in wanted}
    finally:
        sandbox.close()


__all__ = ["ATTACKS", "LEVELS", "Attack", "Fight", "fight", "open_sandbox", "planted", "run_all"]
