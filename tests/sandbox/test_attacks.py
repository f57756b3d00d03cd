"""Every attack at every level: at ``process`` it must succeed, or it proves nothing; above, it must not."""

import os

import pytest

from tests.sandbox import as_user
from tests.sandbox.attacks import ATTACKS, LEVELS, fight, open_sandbox, planted

CONTROLS = [attack for attack in ATTACKS.values() if attack.control]


@pytest.fixture(scope="module")
def scene():
    with planted() as made:
        yield made


@pytest.fixture(scope="module")
def sandboxes(scene):
    """Open each level once; what has a key in the user's environment shows whether children inherit it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", scene.secret)
        opened = {}
        yield lambda level: opened.setdefault(level, open_sandbox(level))
        for sandbox in opened.values():
            sandbox.close()


@pytest.mark.parametrize("attack", CONTROLS, ids=lambda attack: attack.name)
def test_it_is_real(attack, scene, sandboxes):
    fought = fight(sandboxes("process"), scene, attack)
    assert fought.succeeded, fought


@pytest.mark.parametrize("level", LEVELS[1:])
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=lambda attack: attack.name)
def test_it_fails(attack, level, scene, sandboxes):
    fought = fight(sandboxes(level), scene, attack)
    if not (level == "standard" and attack.allowed_at_standard):
        assert not fought.succeeded, fought
    assert fought.outcome.status in attack.ends, fought
    assert not fought.complaints, fought


@pytest.mark.slow
@pytest.mark.timeout(1300)
@pytest.mark.skipif(os.geteuid() != 0, reason="the suite already runs as an ordinary user")
def test_as_an_ordinary_user():
    ended = as_user.run_suite()
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
