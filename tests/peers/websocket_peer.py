"""Python's websockets and aiohttp as clients and servers of WebSocket; see python_websocket_test.cpp. What they find wrong they raise.

Usage: websocket_peer.py has websockets|aiohttp           exits 1 if it is not installed
       websocket_peer.py client websockets|aiohttp URL    of a server that sends back what it gets, and speaks "v2.echo"
       websocket_peer.py server websockets|aiohttp        such a server; prints its port first
"""

import asyncio
import importlib.util
import os
import sys

SIZES = (0, 1, 125, 126, 127, 1000, 65535, 65536, 300_000)
LARGEST = 4 * 1024 * 1024


def check(what, is_so):
    if not is_so:
        raise AssertionError(what)


async def client_of_websockets(url):
    import websockets

    for compression in (None, "deflate"):
        async with websockets.connect(url, subprotocols=["v1.echo", "v2.echo"], compression=compression, max_size=None) as socket:
            check("subprotocol", socket.subprotocol == "v2.echo")
            for size in SIZES:
                for message in ("\u00e4" * size, os.urandom(size), b"x" * size):
                    await socket.send(message)
                    check(f"echo of {size}", await socket.recv() == message)
            await socket.send(["in ", "three ", "fragments"])
            check("fragments", await socket.recv() == "in three fragments")
            await (await socket.ping())
            for nth in range(1000):
                await socket.send(f"message {nth}")
            for nth in range(1000):
                check("many", await socket.recv() == f"message {nth}")
            await socket.close(4000, "enough")
            check("close", socket.close_code == 4000)
        async with websockets.connect(url, compression=compression, max_size=None) as socket:
            await socket.send("x" * (LARGEST + 1))
            try:
                await socket.recv()
                check("too large", False)
            except websockets.ConnectionClosedError as closed:
                check("too large", closed.rcvd.code == 1009)
    try:
        async with websockets.connect(url, origin="https://evil.example"):
            check("origin", False)
    except websockets.InvalidStatusCode as refused:
        check("origin", refused.status_code == 403)


async def client_of_aiohttp(url):
    import aiohttp

    async with aiohttp.ClientSession() as session:
        for compress in (0, 15):
            async with session.ws_connect(url, protocols=("v1.echo", "v2.echo"), compress=compress) as socket:
                check("subprotocol", socket.protocol == "v2.echo")
                for size in SIZES:
                    await socket.send_str("\u00e4" * size)
                    check(f"echo of {size}", await socket.receive_str() == "\u00e4" * size)
                    await socket.send_bytes(b"\xff" * size)
                    check(f"echo of {size}", await socket.receive_bytes() == b"\xff" * size)
                await socket.ping(b"are you there")
                for nth in range(1000):
                    await socket.send_str(f"message {nth}")
                for nth in range(1000):
                    check("many", await socket.receive_str() == f"message {nth}")
                await socket.close(code=4000, message=b"enough")
                check("close", socket.close_code == 4000)


async def server_of_websockets():
    import websockets

    async def echo(socket):
        await (await socket.ping())
        async for message in socket:
            if message == "go away":
                await socket.close(4001, "gone")
            elif message == "in fragments":
                await socket.send(iter(["in ", "frag", "ments"]))
            else:
                await socket.send(message)

    async with websockets.serve(echo, "127.0.0.1", 0, subprotocols=["v2.echo"]) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


async def server_of_aiohttp():
    from aiohttp import WSMsgType, web

    async def echo(request):
        socket = web.WebSocketResponse(protocols=("v2.echo",))
        await socket.prepare(request)
        await socket.ping()
        async for message in socket:
            if message.type == WSMsgType.BINARY:
                await socket.send_bytes(message.data)
            elif message.data == "go away":
                await socket.close(code=4001, message=b"gone")
            elif message.data == "in fragments":
                await socket.send_str("in fragments")
            else:
                await socket.send_str(message.data)
        return socket

    app = web.Application()
    app.router.add_get("/", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Future()


def main():
    role, kind = sys.argv[1:3]
    if role == "has":
        sys.exit(0 if importlib.util.find_spec(kind) else 1)
    if role == "client":
        asyncio.run((client_of_websockets if kind == "websockets" else client_of_aiohttp)(sys.argv[3]))
    else:
        asyncio.run((server_of_websockets if kind == "websockets" else server_of_aiohttp)())


main()
