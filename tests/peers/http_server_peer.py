"""aiohttp.web as a server for an HTTP session of ours; see python_http_test.cpp. Prints its port first.

Usage: http_server_peer.py FOLDER       whose files are below /files
"""

import asyncio
import hashlib
import sys

from aiohttp import web

TEXT = "all work and no play " * 1000


async def echo(request):
    return web.json_response({"method": request.method, "body": await request.text(),
                              "type": request.headers.get("Content-Type"), "query": request.query_string})


async def form(request):
    sent = await request.post()
    shown = {}
    for name, value in sent.items():
        shown[name] = [value.filename, value.content_type, len(value.file.read())] if isinstance(value, web.FileField) else value
    return web.json_response(shown)


async def digest(request):
    state = hashlib.sha256()
    async for piece in request.content.iter_any():
        state.update(piece)
    return web.Response(text=state.hexdigest())


async def stream(request):
    answer = web.StreamResponse()
    await answer.prepare(request)
    for n in range(1000):
        await answer.write(b"%d\n" % n)
    await answer.write_eof()
    return answer


async def text(request):
    answer = web.Response(text=TEXT)
    answer.enable_compression()
    return answer


async def japanese(request):
    return web.Response(body="\u65e5\u672c".encode("shift_jis"), headers={"Content-Type": "text/plain; charset=Shift_JIS"})


async def login(request):
    answer = web.Response(status=303, headers={"Location": "/who"})
    answer.set_cookie("user", "somebody")
    return answer


async def who(request):
    return web.Response(text=request.cookies.get("user", "nobody"))


async def port(request):
    return web.Response(text=str(request.transport.get_extra_info("peername")[1]))


async def busy(request):
    request.app["asked"] += 1
    if request.app["asked"] < 3:
        return web.Response(status=503, headers={"Retry-After": "0"})
    return web.Response(text="done")


async def main():
    app = web.Application(client_max_size=2**24)
    app["asked"] = 0
    app.router.add_route("*", "/echo", echo)
    app.add_routes([web.post("/form", form), web.put("/digest", digest), web.get("/stream", stream), web.get("/text", text),
                    web.get("/japanese", japanese), web.get("/login", login), web.get("/who", who), web.get("/port", port),
                    web.get("/busy", busy), web.static("/files", sys.argv[1])])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
