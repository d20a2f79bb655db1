"""What `nox -s bench` measures with, in small numbers."""

import json
import sys

import pytest

from mock_api.process import server
from tools import bench


def load(url: str) -> list[float]:
    with bench.Child(bench.LOAD) as child:
        return child.ask(json.dumps({"url": url, "clients": 5, "times": 2}))


def test_every_answer_counts_and_none_is_early():
    with server() as url:
        took = load(f"{url}/data?delay=0.05")
    assert len(took) == 5 * 2
    assert min(took) >= 50


def test_an_answer_that_is_not_200_is_told(capfd):
    with server() as url, pytest.raises(RuntimeError, match=r"load\.js'\] has ended"):
        load(f"{url}/nowhere")
    assert "/nowhere: 404" in capfd.readouterr().err


def test_the_bare_application_answers_what_the_mock_api_does():
    with server() as url, bench.Child(bench.BARE) as bare:
        assert bench.ask(bare.url()) == bench.ask(f"{url}/data?delay=0")


def test_the_bare_application_is_never_early():
    with bench.Child(bench.BARE) as bare:
        assert min(load(f"{bare.url()}/delayed")) >= 50


@pytest.mark.parametrize("command", [bench.BARE, bench.API])
def test_a_server_tells_what_cpu_time_it_has_used(command):
    with bench.Child(command) as child:
        url = child.url()
        used = child.ask()
        bench.ask(f"{url}/data?delay=0" if command is bench.API else url)
        assert 0 < used < child.ask()


def test_a_command_that_says_nothing_is_told():
    silent = bench.Child([sys.executable, "-c", ""])
    with silent, pytest.raises(RuntimeError, match="has ended"):
        silent.url()


def test_ours_and_bare_are_measured_in_turns():
    turns: list[str] = []
    both = bench.in_turns(2, lambda: turns.append("ours"), lambda: turns.append("bare"))
    assert turns == ["ours", "bare", "ours", "bare"]
    assert both == ([None, None], [None, None])


def test_what_the_clock_says_is_compared_turn_by_turn():
    """In the second turn, someone else kept the machine busy."""
    row = bench.by_turns("it", [[3.0, 90.0, 4.5], [2.0, 60.0, 1.5]], "ms")
    assert (row.value, row.detail) == (1.5, "4.5 / 2 ms")


@pytest.mark.parametrize(
    ("ours", "limits", "code"),
    [
        (2.5, {"most": 1.25}, 0),
        (2.6, {"most": 1.25}, 1),
        (1.5, {"least": 0.75}, 0),
        (1.4, {"least": 0.75}, 1),
        (-0.1, {}, 1),  # early
    ],
)
def test_a_limit_that_is_exceeded_fails_the_run(
    monkeypatch, capsys, ours, limits, code
):
    for name in ("start", "doc_checks"):
        monkeypatch.setattr(bench, name, tuple)
    row = bench.ratio("it", iter((ours, 2.0)), "ms", **limits)
    monkeypatch.setattr(bench, "under_load", lambda: [row])
    monkeypatch.setenv("API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    assert bench.main() == code
    said = capsys.readouterr().out
    assert said.startswith(f"it {' ' * 27}{ours / 2:5.2f}  {ours} / 2 ms")
    assert said.endswith(": EXCEEDED\n") == bool(code)
