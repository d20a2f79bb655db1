"""What is not well-behaved does not keep us waiting."""

import pytest

from mock_api import lifeline


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write the module `stubborn`."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return (tmp_path / "stubborn.py").write_text


def test_a_server_that_does_not_end_is_killed(module, monkeypatch):
    monkeypatch.setattr(lifeline, "_STOP", 0.1)
    module("import time\nprint('It: here', flush=True)\ntime.sleep(600)")
    with lifeline.started("It", "stubborn") as said:
        assert said == "here"


def test_a_server_that_does_not_start_is_killed(module, monkeypatch):
    monkeypatch.setattr(lifeline, "_START", 0.1)
    module("import time\ntime.sleep(600)")
    with (
        pytest.raises(RuntimeError, match=r"^It did not start: exit code "),
        lifeline.started("It", "stubborn"),
    ):
        pass
