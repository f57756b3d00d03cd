"""Other distributions that install a package named ``octopus``: whose files win is luck, so say it."""

from __future__ import annotations

from importlib.metadata import distribution, packages_distributions

DISTRIBUTION = "octopus-estimator"


def other_owners() -> tuple[str, ...]:
    """Return the names of other installed distributions that provide the import name ``octopus``."""
    owners = set(packages_distributions().get("octopus", ()))
    return tuple(sorted(owners - {DISTRIBUTION}))


def clash_message() -> str | None:
    """Return what to do about other owners of the import name; None where there are none."""
    owners = other_owners()
    if not owners:
        return None
    listed = " and ".join(owners)
    return (
        f"{listed} also installs a package named 'octopus' into this environment, and the two overwrite each other's "
        f"files. Keep {DISTRIBUTION} {distribution(DISTRIBUTION).version} in an environment of its own, or uninstall "
        f"{listed} and reinstall {DISTRIBUTION}."
    )
