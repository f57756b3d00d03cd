"""What the parent accepts from a child's directory."""

import json
import os
import struct
import subprocess
import sys

import msgspec
import numpy as np
import pytest

from octopus.records import Failure, Frame
from octopus.sandbox.collector import BadResult, Collector, NoResult

N = 10


@pytest.fixture
def folder(tmp_path):
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    (outputs / "result.json").write_text('{"kind": "fold", "shape": [10], "estimator": "x"}')
    return outputs


def read(folder, n_classes=0, name="pred.npy"):
    with Collector(folder) as collector:
        return (collector.predictions if name == "pred.npy" else collector.seen)(N, n_classes)


def test_predictions_are_read(folder):
    np.save(folder / "pred.npy", np.arange(10.0))
    np.testing.assert_array_equal(read(folder), np.arange(10.0))
    assert read(folder).flags.writeable


def test_probabilities_are_normalised(folder):
    np.save(folder / "pred.npy", np.full((N, 2), 0.50001))
    np.testing.assert_allclose(read(folder, 2), 0.5)


def header(text, version=1):
    text = text.encode()
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text


class Bomb:
    def __reduce__(self):
        return os.system, ("touch bombed",)


FILES = {
    "rows": lambda p: np.save(p, np.zeros(9)),
    "matrix": lambda p: np.save(p, np.zeros((10, 1))),
    "float32": lambda p: np.save(p, np.zeros(10, dtype="f4")),
    "big endian": lambda p: np.save(p, np.zeros(10, dtype=">f8")),
    "missing": lambda p: np.save(p, np.full(10, np.nan)),
    "infinite": lambda p: np.save(p, np.full(10, np.inf)),
    "structured": lambda p: np.save(p, np.zeros(10, dtype=[("a", "<f8")])),
    "object": lambda p: np.save(p, np.array([Bomb()] * 10, dtype=object), allow_pickle=True),
    "pickle": lambda p: p.write_bytes(b"\x80\x04cos\nsystem\n."),
    "empty": lambda p: p.write_bytes(b""),
    "short": lambda p: p.write_bytes(header("{'descr': '<f8', 'fortran_order': False, 'shape': (10,)}") + bytes(72)),
    "claims": lambda p: p.write_bytes(header("{'descr': '<f8', 'fortran_order': False, 'shape': (10**12,)}")),
    "deep": lambda p: p.write_bytes(header("(" * 4000, 2)),
    "long header": lambda p: p.write_bytes(header("(" * 60_000, 2)),
    "sparse": lambda p: p.open("wb").truncate(1 << 40),
    "directory": lambda p: p.mkdir(),
    "fifo": os.mkfifo,
    "symlink": lambda p: (np.save(p.parent / "other.npy", np.zeros(10)), p.symlink_to("other.npy")),
    "hardlink": lambda p: (np.save(p.parent / "other.npy", np.zeros(10)), p.hardlink_to(p.parent / "other.npy")),
}


@pytest.mark.parametrize("name", ["pred.npy", "seen.npy"])
@pytest.mark.parametrize("what", FILES)
def test_a_forged_file_is_refused(folder, what, name, monkeypatch):
    monkeypatch.chdir(folder.parent)
    FILES[what](folder / name)
    with pytest.raises(BadResult):
        read(folder, name=name)
    assert not (folder.parent / "bombed").exists()


#: What numpy's own parser of headers makes dtypes of; the first divides by zero in C (numpy 1.7 to 2.4 at least).
TYPES = (
    "'M8[s/0]'", "'m8[0s]'", "'M8[s/-1]'", "'M8[99999999999999999999s]'", "()", "(('f8',),)", "((),)", "[]", "[()]",
    "[('a', [('b', [('c', '<f8')])])]", "[('a', '<f8', (1000000,))]", "('<f8', (10,))", "('<f8', (2147483647, 4))",
    "{'names': ['a'], 'formats': ['<f8']}", "{'names': ['a'], 'formats': ['<f8'], 'offsets': [9223372036854775807]}",
    "None", "0", "1.5", "True", "b'<f8'", "...", "'O'", "'V'", "'V0'", "'S0'", "'U2147483647'", "'<f8,<f8'", "','",
    "'(2,)<f8'", "'(99999,99999)<f8'", "'T'", "'<f8' '<f8'", "float", "__import__('os')",
)  # fmt: skip

#: Reads each file in a process of its own, which may die of it.
READ_EACH = """
import json, os, sys
from pathlib import Path
from octopus.sandbox.collector import BadResult, Collector

said = {}
for folder in sorted(Path(sys.argv[1]).iterdir()):
    listen, speak = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            with Collector(folder) as collector:
                collector.predictions(10, 0)
            word = "accepted"
        except BaseException as error:
            word = type(error).__name__
        os.write(speak, word.encode())
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    said[folder.name] = f"died of signal {-status}" if status else os.read(listen, 100).decode()
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def read_by_type(tmp_path_factory):
    place = tmp_path_factory.mktemp("headers")
    for k, text in enumerate(TYPES):
        for version in (1, 2):
            folder = place / f"{k}-{version}"
            folder.mkdir()
            (folder / "result.json").write_text('{"kind": "fold", "shape": [10], "estimator": "x"}')
            told = f"{{'descr': {text}, 'fortran_order': False, 'shape': (10,)}}"
            (folder / "pred.npy").write_bytes(header(told, version) + bytes(80))
    done = subprocess.run([sys.executable, "-c", READ_EACH, place], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("text", TYPES)
def test_a_forged_type_is_refused_and_harms_nobody(read_by_type, text, version):
    assert read_by_type[f"{TYPES.index(text)}-{version}"] == "BadResult"


def test_predictions_of_fitted_rows_are_read_from_a_file_of_their_own(folder):
    np.save(folder / "pred.npy", np.zeros(10))
    with pytest.raises(NoResult, match=r"seen\.npy"):
        read(folder, name="seen.npy")
    np.save(folder / "seen.npy", np.arange(10.0))
    np.testing.assert_array_equal(read(folder, name="seen.npy"), np.arange(10.0))
    np.testing.assert_array_equal(read(folder), np.zeros(10))


@pytest.mark.parametrize(
    "values", [[[1.1, -0.1]] * N, [[0.4, 0.4]] * N, [[0.0, 0.0]] * N, [[0.5, np.nan]] * N, [[2.0, 0.0]] * N]
)
def test_what_is_no_probability_is_refused(folder, values):
    for name in ("pred.npy", "seen.npy"):
        np.save(folder / name, np.array(values))
        with pytest.raises(BadResult):
            read(folder, 2, name)


def test_nothing_is_no_result(folder):
    with pytest.raises(NoResult):
        read(folder)


def test_predictions_without_a_note_are_no_result(folder):
    np.save(folder / "pred.npy", np.zeros(10))
    (folder / "result.json").unlink()
    with pytest.raises(NoResult):
        read(folder)


@pytest.mark.parametrize(
    "text", ["[" * 60_000, '{"kind": 1}', '{"shape": ' + "9" * 6000 + "}", "NaN", "\xff", "x" * 99_999]
)
def test_a_forged_note_is_refused(folder, text):
    np.save(folder / "pred.npy", np.zeros(10))
    (folder / "result.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(BadResult):
        read(folder)


def test_a_model_is_bytes_of_bounded_size(folder):
    (folder / "pipeline.pkl").write_bytes(b"opaque")
    with Collector(folder) as collector:
        assert collector.model(6) == b"opaque"
        with pytest.raises(BadResult, match="6 bytes"):
            collector.model(5)


def test_the_stage_is_one_that_we_know(folder):
    with Collector(folder) as collector:
        assert collector.stage() == "start"
        (folder / "stage").write_text("fit")
        assert collector.stage() == "fit"
        (folder / "stage").write_text("shipped")
        assert collector.stage() == "start"


def test_a_failure_is_clipped_and_cleaned(folder):
    frames = tuple(Frame(line=i, function="f", code="c" * 999) for i in range(9))
    failure = Failure(type="E\x1b", message="m\x00" * 9999, frames=frames)
    (folder / "failure.json").write_bytes(msgspec.json.encode(failure))
    with Collector(folder) as collector:
        assert collector.failure() is None  # more bytes than any honest record
    (folder / "failure.json").write_bytes(
        msgspec.json.encode(Failure(type="E\x1b", message="m\x00" * 999, frames=frames))
    )
    with Collector(folder) as collector:
        found = collector.failure()
    assert found.type == "E"
    assert found.message == "m" * 500
    assert [f.line for f in found.frames] == [4, 5, 6, 7, 8]
    assert all(len(f.code) == 200 for f in found.frames)


def test_a_tail_is_the_end(folder):
    (folder / "log").write_bytes(b"a" * 9000 + b"\xff\x07end\n")
    with Collector(folder) as collector:
        assert collector.tail("log").endswith("a\ufffdend\n")
        assert len(collector.tail("log")) <= 4096
        assert collector.tail("absent") == ""
