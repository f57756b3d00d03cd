"""Giving up what makes root more than a user: a capability is a part of root's power (capabilities(7))."""

from __future__ import annotations

import ctypes
import struct
from contextlib import suppress
from pathlib import Path

from octopus.sandbox.linux.calls import drop_from_bounding_set, gain_no_privileges, set_capabilities

#: _LINUX_CAPABILITY_VERSION_3 of <linux/capability.h>: two words for each of three sets.
_VERSION_3 = 0x20080522
_SETS_BYTES = 24
#: Beyond the highest that any kernel knows; the kernel tells where the real ones end.
_MOST = 64


def drop_all() -> None:
    """Drop every capability from every set of the calling process, for good.

    Raises
    ------
    OSError
        If one is left.
    """
    for capability in range(_MOST):
        with suppress(OSError):  # no such capability, or an ordinary user, who has none
            drop_from_bounding_set(capability)
    header = ctypes.create_string_buffer(struct.pack("=Ii", _VERSION_3, 0), 8)
    set_capabilities(header, ctypes.create_string_buffer(_SETS_BYTES))
    gain_no_privileges()


def held() -> int:
    """Return the capabilities in effect as a bit set, 0 for none."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0
