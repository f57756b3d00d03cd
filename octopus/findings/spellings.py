"""Labels that are one but for case and blanks.

=======  ==========================================================================================
code     finding
=======  ==========================================================================================
OCT718   one label in several spellings
=======  ==========================================================================================

They are **read as one label**, except for single letters, whose case may be all that tells them apart (alleles,
grades): those are noted.
"""

from __future__ import annotations

import msgspec
import pandas as pd

from octopus.blocks.categories import one_spelling
from octopus.findings.columns import ColumnReading
from octopus.records import ColumnProfile, Finding

SPELLINGS = "OCT718"
#: Labels that are compared for their spelling; more are names or text.
_MAX_LABELS = 1000


def read_spellings(
    reading: ColumnReading, profile: ColumnProfile, role: str | None
) -> tuple[ColumnProfile, Finding | None]:
    """Look for labels in several spellings, and read them as one.

    Parameters
    ----------
    reading : ColumnReading
        The column.
    profile : ColumnProfile
        What is recorded of it so far.
    role : str or None
        What the user says of it: with ``use`` spellings are only noted, of ``ignore`` nothing is said.

    Returns
    -------
    profile : ColumnProfile
        With ``respelled`` set where labels are read as one.
    finding : Finding or None
        What was found.
    """
    values = reading.values
    if profile.kind != "categorical" or role == "ignore":
        return profile, None
    if not 1 < len(values) <= _MAX_LABELS or values.dtype.kind == "f":
        return profile, None
    labels = one_spelling(pd.Series(values))
    n_labels = labels.nunique()
    if n_labels == len(values):
        return profile, None
    variants = labels[labels.duplicated(keep=False)]
    is_read = role != "use" and not all(len(label) <= 1 for label in variants)
    if is_read:
        profile = msgspec.structs.replace(profile, respelled=True)
    name, n_variants = profile.name, variants.nunique()
    written = f"{n_variants} {'label' if n_variants == 1 else 'labels'}"
    example = str(values[variants.index[-1]])[:30]
    return profile, Finding(
        code=SPELLINGS,
        columns=(name,),
        message=f"{name} writes {written} in more than one way (such as {example!r})",
        evidence=f"{len(values)} spellings of {n_labels} labels",
        confidence="certain",
        action="read as one label" if is_read else "noted",
        overrule=f"columns={{{name!r}: 'use'}} or --use {name}" if is_read else "write them alike before fit",
    )
