"""Records: frozen, keyword-only, and the same after a journey through JSON."""

from __future__ import annotations

import inspect

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus import records as module
from octopus.records import Event, Level, Record, Script
from tests.strategies import records

CONCRETE = sorted(
    (
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Record) and kind not in (Record, Event)
    ),
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", CONCRETE, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_json_gives_back_what_it_was_given(kind: type[Record], data: st.DataObject) -> None:
    record = data.draw(records(kind))
    assert msgspec.json.decode(msgspec.json.encode(record), type=kind) == record


@pytest.mark.parametrize("kind", CONCRETE, ids=lambda kind: kind.__name__)
def test_every_record_is_frozen_and_takes_keywords_only(kind: type[Record]) -> None:
    assert kind.__struct_config__.frozen
    parameters = inspect.signature(kind).parameters.values()
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in parameters)


def test_a_record_cannot_be_changed() -> None:
    level = Level(value="red", count=3)
    with pytest.raises(AttributeError):
        level.count = 4  # type: ignore[misc]


def test_a_wrong_type_in_json_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="Expected `int`"):
        msgspec.json.decode(b'{"value": "red", "count": "three"}', type=Level)


def test_the_hash_of_a_script_is_that_of_its_source() -> None:
    first, second = Script(source="a", author="playbook"), Script(source="a", author="model")
    assert first.sha256 == second.sha256 == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
