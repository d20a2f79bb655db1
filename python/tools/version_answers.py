"""What this version of Python does, for the tables on the pages.

Each function answers one question; its docstring is the row's label. Only what
all releases of a version have in common belongs here. Run as a program, this
file prints all answers as JSON.
"""

import asyncio
import concurrent.futures
import inspect
import json
import sys
import warnings


# First of all: once `asyncio.run` has been called, it raises in every version.
def get_event_loop() -> str:
    """`asyncio.get_event_loop()` where no loop runs"""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            asyncio.get_event_loop().close()
        except (RuntimeError, DeprecationWarning) as error:
            return f"`{type(error).__name__}`"
    return "a new loop"


def eager_task_factory() -> str:
    """`asyncio.eager_task_factory`"""
    return _yes(hasattr(asyncio, "eager_task_factory"))


def async_for_as_completed() -> str:
    """`async for` over `asyncio.as_completed`"""

    async def main() -> str:
        return _yes(hasattr(asyncio.as_completed([]), "__aiter__"))

    return asyncio.run(main())


def interpreter_pool() -> str:
    """`concurrent.futures.InterpreterPoolExecutor`"""
    return _yes(hasattr(concurrent.futures, "InterpreterPoolExecutor"))


def sleep_nan() -> str:
    """`asyncio.sleep(float("nan"))`"""
    try:
        asyncio.run(asyncio.sleep(float("nan")))
    except ValueError:
        return "`ValueError`"
    return "returns"


def task_group_cancel() -> str:
    """`TaskGroup.cancel()`"""
    return _yes(hasattr(asyncio.TaskGroup, "cancel"))


def _yes(there: bool) -> str:
    return "yes" if there else "no"


def main() -> None:
    """Print the version, and a name, a label and an answer for each row."""
    rows = [
        [name, inspect.getdoc(question), question()]
        for name, question in list(globals().items())
        if inspect.isfunction(question) and name != "main" and name[0] != "_"
    ]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    print(json.dumps({"version": version, "rows": rows}))


if __name__ == "__main__":
    main()
