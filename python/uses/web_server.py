"""One thread keeps a thousand clients waiting, then answers all."""

import asyncio
import socket
import sys
import threading

from fastapi import FastAPI
from uvicorn import Config, Server

CLIENTS = 1000


def serve(app: FastAPI) -> tuple[Server, asyncio.Task[None], int]:
    listener = socket.create_server(("127.0.0.1", 0))
    # The default, httptools, sets no limit to what a client sends.
    server = Server(Config(app, http="h11", log_level="warning"))
    serving = asyncio.create_task(server.serve([listener]))
    return server, serving, listener.getsockname()[1]


async def ask(port: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return int(answer.split()[1])  # the status


async def main() -> None:
    if sys.platform != "win32":
        # Each client takes two files, and some systems allow only 256.
        from resource import RLIMIT_NOFILE, getrlimit, setrlimit

        setrlimit(RLIMIT_NOFILE, (4096, getrlimit(RLIMIT_NOFILE)[1]))

    app = FastAPI()
    everyone = asyncio.Barrier(CLIENTS + 1)  # and main

    @app.get("/")
    async def answer() -> None:
        await everyone.wait()  # until all are here
        await everyone.wait()  # until all may go

    server, serving, port = serve(app)
    asking = []
    for _ in range(CLIENTS):
        asking.append(asyncio.create_task(ask(port)))
        await asyncio.sleep(0)  # a turn for the server, to accept it
    await everyone.wait()
    print(CLIENTS, "clients wait, threads:", threading.active_count())
    server.should_exit = True
    await everyone.wait()
    statuses = await asyncio.gather(*asking)
    print("Served after it was told to stop:", statuses.count(200))
    await serving


if __name__ == "__main__":
    asyncio.run(main())
