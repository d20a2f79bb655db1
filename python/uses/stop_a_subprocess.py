"""Stop two programs with their helpers, one of them by force.

Explained in docs/uses/stop-a-subprocess.md
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress

# A program that runs a helper. Both ignore SIGTERM if they are deaf.
SCRIPT = """if True:
    import signal, subprocess, sys, time
    if "deaf" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "helper" not in sys.argv:
        subprocess.run([*sys.orig_argv, "helper"])
    print("ready", flush=True)
    time.sleep(3600)"""


async def start(name: str) -> Process:
    # In a group of its own, so that one signal reaches all of them.
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SCRIPT, name),
        stdout=PIPE,
        start_new_session=True,
    )


async def stop(process: Process, limit: float) -> None:
    send(process, "SIGTERM")
    try:
        # It comes back after the last one that could write has ended.
        with suppress(TimeoutError):
            await asyncio.wait_for(process.communicate(), limit)
    finally:
        # No program can ignore this. It ends helpers, too.
        send(process, "SIGKILL")
        await process.communicate()


def send(process: Process, name: str) -> None:
    # They may have ended by themselves.
    with suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.Signals[name])


async def main() -> None:
    for name in "polite", "deaf":
        process = await start(name)
        assert process.stdout
        try:
            await process.stdout.readline()
        finally:
            # After an error, too, and if somebody cancels us.
            await stop(process, 0.5)
        print(f"{name}: {process.returncode}, nothing is left")


if __name__ == "__main__":
    asyncio.run(main())
