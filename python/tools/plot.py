"""Draw what overlapped in a real run: `python -m tools.plot` writes the SVG.

The page of I/O-bound or CPU-bound shows it. It holds measured times, so nothing
checks it; write it on a machine that has nothing else to do.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from html import escape
from typing import Any

import httpx

from mock_api.process import server
from parallelism import io_bound_or_cpu_bound as program
from tools.catalogue import ROOT
from tools.programs import node

Spans = list[list[float]]  # of each: when it began and when it ended
Measured = dict[str, Spans]  # by what was done

ONE = 0.1  # seconds that each wait, and each computation, takes
RUNS = 20  # of which the quickest counts
PICTURE = ROOT / "docs" / "parallelism" / "io-bound-or-cpu-bound.svg"
WAITS = "Waits in tasks"
COMPUTATIONS = "Computations in tasks"
THREADS = "Computations in threads"
WORKERS = "Computations in workers"

_JAVASCRIPT = """
import { once } from "node:events";
import { Worker } from "node:worker_threads";
const url = new URL(process.env.PROGRAM);
const { wait, computeInTask, computeInWorker } = await import(url);
const three = (start) => Promise.all([start(), start(), start()]);
const api = process.env.API_URL;
await wait(api); // the first request loads the client
const waits = await three(() => wait(api));
const tasks = await three(computeInTask);
const workers = [1, 2, 3].map(() => new Worker(url));
await Promise.all(workers.map((worker) => once(worker, "online")));
const inWorkers = await three(() => computeInWorker(workers.pop()));
console.log(JSON.stringify([waits, tasks, inWorkers]));
"""

_COLUMN, _MARGIN, _ROW = 380, 24, 84  # pixels

_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .language { font-weight: 600; font-size: 15px }
  .note { text-anchor: end }
  .page { fill: #ffffff }
  .lane { fill: #eff2f5 }
  .wait { fill: #1f7ae0 }
  .compute { fill: #d9730d }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .page { fill: #0d1117 }
    .lane { fill: #21262d }
  }
"""


async def python(api_url: str) -> Measured:
    """What the Python program's waits and computations do."""

    async def three(start: Callable[[], Awaitable[program.Span]]) -> Spans:
        spans = await asyncio.gather(start(), start(), start())
        return [list(span) for span in spans]

    measured = {}
    async with httpx.AsyncClient(base_url=api_url) as client:
        await program.wait(client)
        measured[WAITS] = await three(lambda: program.wait(client))
    measured[COMPUTATIONS] = await three(program.compute_in_task)
    measured[THREADS] = await three(lambda: asyncio.to_thread(program.compute))
    there = program.SPAWN.Barrier(3)
    with ProcessPoolExecutor(3, program.SPAWN, there.wait) as pool:
        measured[WORKERS] = await three(lambda: program.compute_in_worker(pool))
    return measured


def javascript(api_url: str) -> Measured:
    """What the JavaScript program's waits and computations do."""
    path = ROOT / "javascript" / "parallelism" / "io-bound-or-cpu-bound.js"
    ran = subprocess.run(
        [node(), "--eval", _JAVASCRIPT],
        env={**os.environ, "API_URL": api_url, "PROGRAM": path.as_uri()},
        stdout=subprocess.PIPE,
        check=True,
    )
    answer: list[Any] = json.loads(ran.stdout)
    return {
        name: [[time / 1000 for time in span] for span in spans]
        for name, spans in zip((WAITS, COMPUTATIONS, WORKERS), answer, strict=True)
    }


def took(spans: Sequence[Sequence[float]]) -> float:
    """Seconds from the first beginning to the last end."""
    return max(ended for _, ended in spans) - min(began for began, _ in spans)


def quickest(runs: Sequence[Measured]) -> Measured:
    """Of everything that was measured, the run that took the least time."""
    return {name: min((run[name] for run in runs), key=took) for name in runs[0]}


def draw(measured: Mapping[str, Measured], cores: int) -> str:
    """The picture: a column for each language, a bar for each wait or computation."""
    names = [WAITS, COMPUTATIONS, THREADS, WORKERS]
    everything = [spans for groups in measured.values() for spans in groups.values()]
    scale = _COLUMN / max(map(took, everything))
    shapes = []
    for column, (language, groups) in enumerate(measured.items()):
        x = _MARGIN + column * (_COLUMN + _MARGIN)
        shapes.append(_text(x, 30, language, "language"))
        for row, name in enumerate(names):
            y = 56 + row * _ROW
            shapes.append(_text(x, y, name))
            if spans := groups.get(name):
                note = f"three in the time of {took(spans) / ONE:.1f}"
                shapes.append(_text(x + _COLUMN, y, note, "note"))
                kind = "wait" if name == WAITS else "compute"
                shapes += _bars(x, y + 8, spans, scale, kind)
            else:
                shapes.append(_text(x + _COLUMN, y, "its workers are threads", "note"))
    width = _MARGIN + len(measured) * (_COLUMN + _MARGIN)
    height = 56 + len(names) * _ROW + 20
    legend = (
        f"Each bar: {ONE:g} s of waiting or of computing, longer where a core is "
        f"shared. Quickest of {RUNS} runs on {cores} cores."
    )
    shapes.append(_text(_MARGIN, height - 16, legend))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}" role="img">',
            f"<style>{_STYLE}</style>",
            '<rect class="page" width="100%" height="100%" rx="6"/>',
            *shapes,
            "</svg>",
            "",
        ]
    )


def _text(x: float, y: float, text: str, kind: str = "name") -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>'


def _bars(x: float, y: float, spans: Spans, scale: float, kind: str) -> Iterator[str]:
    first = min(began for began, _ in spans)
    for lane, (began, ended) in enumerate(sorted(spans)):
        top = y + lane * 14
        at = f'x="{x:g}" y="{top:g}"'
        yield f'<rect class="lane" {at} width="{_COLUMN}" height="11"/>'
        yield (
            f'<rect class="{kind}" x="{x + (began - first) * scale:.1f}" y="{top:g}" '
            f'width="{(ended - began) * scale:.1f}" height="11" rx="2"/>'
        )


def main() -> None:
    """Measure both programs and write the picture."""
    with server() as api_url:
        one = {"path": "/users/3", "seconds": ONE}
        httpx.post(f"{api_url}/scenarios/default/delay", json=one).raise_for_status()
        runs = {
            "Python": [asyncio.run(python(api_url)) for _ in range(RUNS)],
            "JavaScript": [javascript(api_url) for _ in range(RUNS)],
        }
    measured = {language: quickest(some) for language, some in runs.items()}
    PICTURE.write_text(draw(measured, os.cpu_count() or 1), "utf-8")
    print("wrote", PICTURE.relative_to(ROOT).as_posix())


if __name__ == "__main__":
    main()
