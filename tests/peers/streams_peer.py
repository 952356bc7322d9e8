"""Python's asyncio streams as the other side of ours. What it finds wrong it raises.

Usage: streams_peer.py client|upgrading_client PORT [CAFILE]
       streams_peer.py server [CERTIFICATE KEY]
       streams_peer.py upgrading_server CERTIFICATE KEY

A server prints its port first. Both sides speak the protocol that `converse` has, and with "upgrading" first the line "STARTTLS\n".
"""

import asyncio
import ssl
import sys

PIECE = bytes(range(256)) * 8192  # 2 MiB


async def converse(reader, writer):
    """The client's side: lines, a known number of bytes, a separator, bytes in bulk both ways at once, the end."""
    writer.write(b"hello\n")
    assert await reader.readline() == b"hello to you\n"
    writer.write(b"five!")
    assert await reader.readexactly(5) == b"!evif"
    writer.write(b"up to here;rest")
    assert await reader.readuntil(b";") == b"up to there;"
    writer.write(PIECE)
    assert await reader.readexactly(len(PIECE)) == PIECE
    await writer.drain()
    writer.write(b"the end\n")
    if writer.can_write_eof():
        writer.write_eof()
        assert await reader.read() == b"rest"
        assert reader.at_eof()
    else:  # over TLS asyncio cannot
        assert await reader.readexactly(4) == b"rest"
    writer.close()
    await writer.wait_closed()


async def answer(reader, writer):
    """The server's side."""
    assert await reader.readline() == b"hello\n"
    writer.write(b"hello to you\n")
    assert await reader.readexactly(5) == b"five!"
    writer.write(b"!evif")
    assert await reader.readuntil(b";") == b"up to here;"
    assert await reader.readexactly(4) == b"rest"
    writer.write(b"up to there;")
    writer.write(PIECE)
    assert await reader.readexactly(len(PIECE)) == PIECE
    await writer.drain()
    assert await reader.readline() == b"the end\n"
    writer.write(b"rest")
    if writer.can_write_eof():
        assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


def server_context(certificate, key):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


async def client(port, cafile=None):
    options = {"ssl": ssl.create_default_context(cafile=cafile), "server_hostname": "localhost"} if cafile else {}
    await converse(*await asyncio.open_connection("127.0.0.1", int(port), **options))


async def upgrading_client(port, cafile):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    writer.write(b"STARTTLS\n")
    assert await reader.readline() == b"go ahead\n"
    await writer.start_tls(ssl.create_default_context(cafile=cafile), server_hostname="localhost")
    await converse(reader, writer)


async def serve_one(handler, context=None):
    outcome = asyncio.get_running_loop().create_future()

    async def handle(reader, writer):
        try:
            await handler(reader, writer)
        except BaseException as problem:
            outcome.set_exception(problem)
        else:
            outcome.set_result(None)

    listening = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await outcome


async def server(*identity):
    await serve_one(answer, server_context(*identity) if identity else None)


async def upgrading_server(*identity):
    async def upgrade(reader, writer):
        assert await reader.readline() == b"STARTTLS\n"
        writer.write(b"go ahead\n")
        await writer.drain()
        await writer.start_tls(server_context(*identity))
        await answer(reader, writer)

    await serve_one(upgrade)


asyncio.run(globals()[sys.argv[1]](*sys.argv[2:]))
