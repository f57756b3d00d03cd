"""The environment of a child: an allow-list, so that no secret of the user's process gets through."""

from __future__ import annotations

from collections.abc import Mapping

from octopus.sandbox.jobdir import JobDirectory

#: Passed on from the user's process: language, time zone, where programs and shared libraries are, and what
#: Windows needs to start a process at all. Nothing in it is a secret.
_PASSED_ON = frozenset(
    ("LANG", "LANGUAGE", "TZ", "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "WINDIR", "COMSPEC")
)
#: Read by OpenMP, OpenBLAS, MKL, numexpr, Accelerate and Polars when they are loaded.
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "POLARS_MAX_THREADS",
)
_HOME_VARIABLES = ("HOME", "USERPROFILE")
_TMP_VARIABLES = ("TMPDIR", "TMP", "TEMP", "JOBLIB_TEMP_FOLDER", "MPLCONFIGDIR", "NUMBA_CACHE_DIR")


def interpreter_environment(parent: Mapping[str, str], extra: Mapping[str, str], home: str) -> dict[str, str]:
    """Return the variables that an interpreter of the sandbox starts with.

    Parameters
    ----------
    parent : mapping of str to str
        Environment of the user's process; only an allow-list of it is passed on.
    extra : mapping of str to str
        Set in addition, and over everything else.
    home : str
        A directory of its own, for libraries that write into HOME or TMPDIR when they are imported.

    Returns
    -------
    dict of str to str
        One thread for each numeric library: a job raises it to its limit.
    """
    kept = {name: value for name, value in parent.items() if name in _PASSED_ON or name.startswith("LC_")}
    fixed = {
        # Spinning threads on shared cores made the same fit 10 to 30 times slower.
        "OMP_WAIT_POLICY": "passive",
        # The order of sets of strings must not change from run to run.
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    places = dict.fromkeys((*_HOME_VARIABLES, *_TMP_VARIABLES), home)
    return {**kept, **fixed, **places, **dict.fromkeys(_THREAD_VARIABLES, "1"), **extra}


def job_environment(directory: JobDirectory, n_threads: int) -> dict[str, str]:
    """Return the variables that differ from job to job: its own directories and its number of threads."""
    return {
        **dict.fromkeys(_HOME_VARIABLES, str(directory.work)),
        **dict.fromkeys(_TMP_VARIABLES, str(directory.tmp)),
        **dict.fromkeys(_THREAD_VARIABLES, str(n_threads)),
        "LOKY_MAX_CPU_COUNT": str(n_threads),
    }
