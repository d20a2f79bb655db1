"""Run a command, read its lines as they come, see how it ended.

Explained in docs/uses/subprocesses.md
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable

# The command is this Python. It asks, and waits for the answer.
# Then it complains more than a pipe holds, and fails.
SCRIPT = """
import sys
print("What is your name?")
name = input()
sys.stderr.write("!" * 1_000_000)
print("Hello,", name)
sys.exit(3)
"""
Show = Callable[[str], None]


async def follow(process: Process, answer: str, show: Show) -> None:
    assert process.stdin
    assert process.stdout
    # Each line comes while the command goes on.
    async for line in process.stdout:
        show(line.decode().rstrip())
        if line.rstrip().endswith(b"?"):
            process.stdin.write(f"{answer}\n".encode())
            # Python keeps quiet if the command ends without reading.
            process.stdin.close()


async def run(
    command: list[str], answer: str, show: Show
) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    assert process.stderr
    try:
        # Without a limit, a command that hangs hangs us, too.
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            # A full pipe stops the command, so we read both at once.
            errors = group.create_task(process.stderr.read())
            await follow(process, answer, show)
            return await process.wait(), (await errors).decode()
    finally:
        # If the block failed, the command still runs.
        if process.returncode is None:
            process.kill()
            await process.wait()


async def main() -> None:
    command = [sys.executable, "-c", SCRIPT]
    code, errors = await run(command, "Ada", print)
    print("On stderr:", len(errors), "characters")
    # A code that is not 0 is no exception: look at it.
    print("Exit code:", code)


if __name__ == "__main__":
    asyncio.run(main())
