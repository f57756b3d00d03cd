"""Where the weights of a model lie and which processor it may use, found without a network or its libraries."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

#: Device files of NVIDIA's driver: the processors, and what every program that uses one opens beside them.
_PROCESSORS = "nvidia[0-9]*"
_DRIVER = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset")
#: What the driver tells of itself: its libraries read it; nothing of a user is in it.
_FACTS = ("/proc/driver/nvidia", "/proc/driver/nvidia-uvm", "/sys/module/nvidia")


@dataclass(frozen=True, kw_only=True)
class Release:
    """One release of TabPFN's weights, and the tables that it is made for.

    Parameters
    ----------
    classifier, regressor : str
        Names of the files that the library takes by default.
    repositories : tuple of str
        Where they are published, for classes and for numbers.
    licence : str
        What they may be used for, in words.
    gated : bool
        Whether they are to be had only by somebody who has accepted the licence.
    cpu_rows, gpu_rows : int
        Rows that it is shown at once at most: above ``cpu_rows`` the library refuses without a graphics processor.
    features, classes : int
        The most it takes.
    """

    classifier: str
    regressor: str
    repositories: tuple[str, str]
    licence: str
    gated: bool
    cpu_rows: int
    gpu_rows: int
    features: int
    classes: int = 10


_FREE = "Prior Labs License (Apache 2.0 and attribution; commercial use is free)"
#: From v3.5 on one file serves classes and numbers.
_ONE_FILE, _FAST = "tabpfn-v3.5-20260909.safetensors", "tabpfn-v3.5-fast-20260909.safetensors"
_BOUND = "a non-commercial licence of Prior Labs, which you must have accepted"


def _bound(classifier: str, regressor: str, repository: str, cpu_rows: int) -> Release:
    return Release(
        classifier=classifier,
        regressor=regressor,
        repositories=(repository, repository),
        licence=_BOUND,
        gated=True,
        cpu_rows=cpu_rows,
        gpu_rows=50_000,
        features=2000,
    )


#: Files, places and limits of tabpfn 9.2 (``tabpfn.model_loading``, ``tabpfn.inference_config``). From v3 on
#: the library sets no limit of rows on a graphics processor; memory does.
RELEASES = {
    "v2": Release(
        classifier="tabpfn-v2-classifier-finetuned-zk73skhh.ckpt",
        regressor="tabpfn-v2-regressor.ckpt",
        repositories=("Prior-Labs/TabPFN-v2-clf", "Prior-Labs/TabPFN-v2-reg"),
        licence=_FREE,
        gated=False,
        cpu_rows=1000,
        gpu_rows=10_000,
        features=500,
    ),
    "v2.5": _bound(
        "tabpfn-v2.5-classifier-v2.5_default.ckpt",
        "tabpfn-v2.5-regressor-v2.5_default.ckpt",
        "Prior-Labs/tabpfn_2_5",
        1000,
    ),
    "v2.6": _bound(
        "tabpfn-v2.6-classifier-v2.6_default.ckpt",
        "tabpfn-v2.6-regressor-v2.6_default.ckpt",
        "Prior-Labs/tabpfn_2_6",
        1000,
    ),
    "v3": _bound(
        "tabpfn-v3-classifier-v3_default.ckpt", "tabpfn-v3-regressor-v3_default.ckpt", "Prior-Labs/tabpfn_3", 5000
    ),
    "v3.5": _bound(_ONE_FILE, _ONE_FILE, "Prior-Labs/tabpfn_3_5", 5000),
    "v3.5-fast": _bound(_FAST, _FAST, "Prior-Labs/tabpfn_3_5", 5000),
}


def release_of_file(name: str) -> str:
    """Return the release that the library takes a file for: it reads the name, and no other sign.

    Parameters
    ----------
    name : str
        Name of a file of weights.

    Returns
    -------
    str
        One of :data:`RELEASES`; v2 where the name says none.
    """
    longest_first = sorted((one for one in RELEASES if one != "v2"), key=len, reverse=True)
    return next((one for one in longest_first if one in name), "v2")


def cache_directory() -> Path:
    """Return the directory in which the library looks for weights.

    Returns
    -------
    Path
        What ``TABPFN_MODEL_CACHE_DIR`` names, else the usual place of this system.
    """
    named = os.environ.get("TABPFN_MODEL_CACHE_DIR", "").strip()
    if named:
        return Path(named).expanduser().absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", "").strip() or Path.home()) / "tabpfn"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "tabpfn"
    xdg = os.environ.get("XDG_CACHE_HOME", "").strip()
    return (Path(xdg) if xdg else Path.home() / ".cache") / "tabpfn"


def found_weights(path: str) -> Path:
    """Return where a named file of weights is looked for, as the library does: a bare name here, then in its cache.

    Parameters
    ----------
    path : str
        As the user gave it.

    Returns
    -------
    Path
        Absolute; it need not be there.
    """
    given = Path(path).expanduser()
    if not given.is_absolute() and given.parent == Path() and not given.exists():
        return cache_directory() / given
    return given.absolute()


def at_home(path: Path) -> str:
    """Return a path as a shell takes it, with the user's home as ``~``."""
    return f"~/{path.relative_to(Path.home()).as_posix()}" if path.is_relative_to(Path.home()) else str(path)


def graphics_devices(devices: Path = Path("/dev")) -> tuple[str, ...]:
    """Return the device files of NVIDIA's processors and driver; none where there is no processor.

    Parameters
    ----------
    devices : Path
        Where the system has its device files.

    Returns
    -------
    tuple of str
        Such as ``/dev/nvidia0``, ``/dev/nvidiactl`` and ``/dev/nvidia-uvm``.
    """
    processors = sorted(str(path) for path in devices.glob(_PROCESSORS))
    driver = [str(devices / name) for name in _DRIVER if (devices / name).exists()]
    return (*processors, *driver) if processors else ()


def driver_facts() -> tuple[str, ...]:
    """Return the files in which the driver of a graphics processor tells of itself, as far as there are such."""
    return tuple(path for path in _FACTS if Path(path).exists())


def is_for_cpu(distribution: str = "torch") -> bool:
    """Return whether an installed library is a build without graphics processors, or is not there."""
    try:
        return version(distribution).endswith("+cpu")
    except PackageNotFoundError:
        return True
