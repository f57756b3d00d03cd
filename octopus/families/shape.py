"""What the shape of a target asks for, whatever the family."""

from __future__ import annotations

from octopus.records import Profile


def can_log(profile: Profile) -> bool:
    """Tell whether the target may go through log(1 + y): all above -1, and skewed to the right.

    Parameters
    ----------
    profile : Profile
        With the target's location and shape.

    Returns
    -------
    bool
        Skewness above 1, which Bulmer (Principles of Statistics, 1979) calls high.
    """
    target = profile.target.numeric
    return target is not None and target.minimum > -1 and (target.skew or 0.0) > 1


def is_uneven(profile: Profile) -> bool:
    """Tell whether some class is rare enough to be passed over.

    Parameters
    ----------
    profile : Profile
        With the target's classes.

    Returns
    -------
    bool
        The rarest class has less than half of an equal share of the rows; False for regression.
    """
    counts = [level.count for level in profile.target.levels]
    return bool(counts) and min(counts) * len(counts) < 0.5 * sum(counts)
