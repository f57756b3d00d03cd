"""Crash rules about accelerators, and about families that cannot take part on this table or this machine."""

from __future__ import annotations

from octopus.records import Diagnosis, Outcome, Profile, Script
from octopus.rules.fingerprint import crash
from octopus.rules.signs import explained

_PRINTED = 200


class OutOfGpuMemory:
    """The model needed more memory than the graphics processor has.

    Evidence: the error of torch or of TabPFN for it, or CUDA's words in a ``RuntimeError``. Remedy: half the rows at
    a time, then the central processor. Not repairable by a variation: the playbook has no smaller recipe for a
    device and goes on with another family.
    """

    code = "OCT206"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if the memory of an accelerator ran out."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        return crash(
            self.code,
            "out of GPU memory",
            outcome,
            cause=f"{error.message.strip().splitlines()[0][:_PRINTED]} ({profile.n_rows} rows)"
            if error.message.strip()
            else f"the accelerator cannot hold {profile.n_rows} rows",
            remedy="a sample of the rows or smaller batches; else device='cpu', else another family",
            repairable=False,
        )


class NoGpu:
    """The script asks for a graphics processor that is not here.

    Evidence: the words of torch and LightGBM for a missing device, driver or build. Remedy: the central processor. Not
    repairable without a model: the playbook's recipes name no device that is not here.
    """

    code = "OCT207"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if an accelerator is missing."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        return crash(
            self.code,
            "no GPU that the script could use",
            outcome,
            cause=error.message.strip().splitlines()[0][:_PRINTED],
            remedy="leave the device out, or set device='cpu'",
            repairable=False,
        )


class OutOfCapacity:
    """The table has more, or fewer, rows, columns or classes than the model takes.

    Evidence: the limits of TabPFN in its own words, the 255 levels of scikit-learn's boosted trees, more neighbours or
    components than there are rows or columns. Remedy: a sample, fewer columns, a smaller setting. Not repairable by a
    variation: a family that does not fit the table is given up for the run.
    """

    code = "OCT501"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if the table does not fit the model."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        return crash(
            self.code,
            "the table does not fit the model",
            outcome,
            cause=f"{' '.join(error.message.split())[:_PRINTED]} ({profile.n_rows} rows, {profile.n_columns} columns)",
            remedy="a sample of the rows, fewer columns or levels, or a smaller setting; else another family",
            repairable=False,
        )


class Unreachable:
    """Weights or data would have to be fetched, and there is no network or no permission.

    Evidence: TabPFN's and Hugging Face's own errors for a missing licence or a gated model, a file of weights that is
    not there, or the error of a connection. Remedy: fetch the weights beforehand, once, with the user's own
    permission. Not repairable by a variation: it is no fault of the code, and the family is given up for the run.
    """

    code = "OCT502"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if something lies beyond the network."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        first = next(iter(error.message.strip().splitlines()), "")[:_PRINTED]
        return crash(
            self.code,
            "weights or a network that are not here",
            outcome,
            cause=f"what lies beyond the network is out of reach: {error.type}: {first}",
            remedy="another family; to use this one, fetch its weights before the run; a script fetches no data",
            repairable=False,
        )
