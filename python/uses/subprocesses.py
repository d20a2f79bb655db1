"""Run three commands at once, read their lines, stop one that hangs."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process

# The command: this Python itself, and what it is to do after "go".
SCRIPT = """if True:
    import sys, time
    print("ready"); input()
    for line in "first line", "second line":
        time.sleep(float(sys.argv[1]))
        print(line)"""
PAUSES = {"quick": 0.2, "slow": 0.3, "stuck": 3600}  # seconds


async def start(pause: float) -> Process:
    command = [sys.executable, "-u", "-c", SCRIPT, str(pause)]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE
    )
    assert process.stdout
    await process.stdout.readline()  # "ready"
    return process


async def follow(name: str, process: Process) -> None:
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"go\n")
    async for line in process.stdout:
        print(f"{name}: {line.decode().strip()}")
    await process.wait()


async def stop(process: Process, grace: float = 5) -> None:
    if process.returncode is None:
        process.terminate()  # a request, which it may ignore
    try:
        await asyncio.wait_for(process.wait(), grace)
    except TimeoutError:
        process.kill()  # no request any more
        await process.wait()


async def main() -> None:
    processes = await asyncio.gather(*map(start, PAUSES.values()))
    try:
        following = asyncio.gather(*map(follow, PAUSES, processes))
        await asyncio.wait_for(following, 1)
    except TimeoutError:
        print("The time is up")
    finally:
        # Nobody else would stop what still runs.
        await asyncio.gather(*map(stop, processes))
    print("Ended with:", *(process.returncode for process in processes))


if __name__ == "__main__":
    asyncio.run(main())
