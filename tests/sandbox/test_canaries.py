"""Canaries: each is real, and a host without a network has those that it can have."""

import socket

import pytest

from octopus.sandbox import canaries, levels

OFFLINE = {"connect by TCP", "send by UDP"}


class Offline(socket.socket):
    """As sockets are where not even the loopback is up."""

    def bind(self, address):
        if self.family == socket.AF_INET:
            raise OSError(101, "Network is unreachable")
        super().bind(address)


@pytest.fixture(scope="module")
def unconfined():
    with levels.open_process(imports=[], environment={}) as sandbox:
        yield sandbox


def test_each_gets_through_where_nothing_holds_it(unconfined):
    through = {canary.name: not canary.held for canary in canaries.try_out(unconfined, is_strict=True)}
    through.pop("see the connections of the machine")  # none, in a namespace that has no other process
    assert all(through.values()), through


def test_without_a_network_the_others_are_tried(unconfined, monkeypatch):
    everywhere = {canary.name for canary in canaries.try_out(unconfined, is_strict=False)}
    monkeypatch.setattr(canaries.socket, "socket", Offline)
    assert {canary.name for canary in canaries.try_out(unconfined, is_strict=False)} == everywhere - OFFLINE
