"""The load behind `nox -s bench`, in small numbers."""

import sys

import pytest

from mock_api.process import server
from tools import bench


async def test_every_answer_counts_and_none_is_early():
    with server() as url:
        latencies, seconds = await bench._load(url, "/data?delay=0.05", 5, 2)
    assert len(latencies) == 10
    assert min(latencies) >= 0.05
    assert seconds >= 2 * 0.05


async def test_an_answer_that_is_not_200_is_told():
    with server() as url, pytest.raises(RuntimeError, match=r"not a 200: .* 404 "):
        await bench._load(url, "/nowhere", 1, 1)


def test_the_bare_server_answers_what_it_was_told():
    with bench._bare_server(b"bare") as url:
        assert bench._get(url, "/anything") == b"bare"


def test_a_command_that_prints_nothing_is_told():
    nothing = bench._started([sys.executable, "-c", ""])
    with pytest.raises(RuntimeError, match="printed nothing"), nothing:
        pass


@pytest.mark.parametrize(("limit", "kept"), [(1.5, True), (1.4, False)])
def test_a_ratio_is_that_of_the_quickest(limit, kept):
    result = bench._ratio("it", [3.0, 1.5], [1.0, 2.0], limit)
    assert (result.value, result.kept) == ("1.50", kept)
    assert result.detail == "1,500 / 1,000 ms"


def test_a_limit_that_is_exceeded_fails_the_run(monkeypatch, capsys):
    def over():
        """the impossible"""
        return [bench.Result("it", "2", "4 / 2 ms", "at most 1", kept=False)]

    for name in ("doc_checks", "api_start", "delays", "throughput"):
        monkeypatch.setattr(bench, name, list)
    monkeypatch.setattr(bench, "held", over)
    monkeypatch.setenv("API_URL", "http://127.0.0.1:9")
    assert bench.main() == 1
    assert "Over its limit: it\n" in capsys.readouterr().out
