"""How the service takes its port."""

from __future__ import annotations

import socket

import pytest

from octopus.bundle.serve import check_port
from octopus.bundle.templates.serve import _listen
from octopus.errors import ServiceError


def test_replies_do_not_wait_for_acknowledgements() -> None:
    with _listen("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP, "asyncio switches Nagle's algorithm off for TCP by name alone"


def test_a_port_is_free_or_an_error_says_why() -> None:
    check_port("127.0.0.1", 0)
    with _listen("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServiceError, match=rf"cannot serve on 127\.0\.0\.1:{port}: address already in use"):
            check_port("127.0.0.1", port)
        with pytest.raises(OSError, match="in use"):
            _listen("127.0.0.1", port)
    check_port("127.0.0.1", port)
