"""aiohttp and requests as clients of an HTTP server of ours, whose routes are those of python_http_test.cpp. What they find wrong they raise.

Usage: http_client_peer.py aiohttp|requests URL
       http_client_peer.py has aiohttp|requests      exits 1 if it is not installed
"""

import asyncio
import hashlib
import importlib.util
import io
import json
import sys

UPLOAD = bytes(range(256)) * 4096  # 1 MiB
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
UPLOADED = {"fields": {"who": "\u00e4 b&c=d"}, "files": {"one": ["a.bin", len(UPLOAD), "application/octet-stream"],
                                                       "two": ["b.txt", 5, "text/plain"]}}
LARGE = 4 * 1024 * 1024


def check(what, is_so):
    if not is_so:
        raise AssertionError(what)


async def by_aiohttp(site):
    import aiohttp

    async with aiohttp.ClientSession(site, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        for method in METHODS:
            async with session.request(method, "/echo", data=b"" if method == "GET" else b"body") as answer:
                check(method, await answer.json() == {"method": method, "body": "" if method == "GET" else "body"})
        async with session.head("/echo") as answer:
            check("HEAD", (answer.status, await answer.read()) == (200, b""))
        async with session.options("/echo") as answer:
            check("OPTIONS", answer.status == 204 and "PATCH" in answer.headers["Allow"])
        async with session.post("/json", json={"a": [1, "\u20ac", None]}) as answer:
            check("JSON", await answer.json() == {"a": [1, "\u20ac", None]})
        async with session.post("/json", data="{", headers={"Content-Type": "application/json"}) as answer:
            check("broken JSON", answer.status == 400)
        async with session.post("/form", data={"who": UPLOADED["fields"]["who"]}) as answer:
            check("form", await answer.json() == {"fields": UPLOADED["fields"], "files": {}})
        form = aiohttp.FormData()
        form.add_field("who", UPLOADED["fields"]["who"])
        form.add_field("one", io.BytesIO(UPLOAD), filename="a.bin", content_type="application/octet-stream")
        form.add_field("two", b"small", filename="b.txt", content_type="text/plain")
        async with session.post("/form", data=form) as answer:
            check("multipart", await answer.json() == UPLOADED)

        async def pieces():
            for start in range(0, len(UPLOAD), 100_000):
                yield UPLOAD[start:start + 100_000]

        async with session.put("/digest", data=pieces(), expect100=True) as answer:
            check("chunks", await answer.text() == hashlib.sha256(UPLOAD).hexdigest())
        async with session.get("/stream") as answer:
            size = 0
            async for piece in answer.content.iter_any():
                size += len(piece)
            check("stream", (size, answer.headers["Transfer-Encoding"]) == (LARGE, "chunked"))
        for coding in ("gzip", "deflate"):
            async with session.get("/text", headers={"Accept-Encoding": coding}) as answer:
                check(coding, await answer.text() == "all work and no play " * 1000)
                check(coding, answer.headers.get("Content-Encoding", "") == ("gzip" if coding == "gzip" else ""))
        async with session.get("/login") as answer:
            check("redirect", (answer.status, len(answer.history)) == (200, 1))
            check("cookie", await answer.text() == "you are somebody")
        async with session.get("/fail") as answer:
            check("error", answer.status == 500)
        async with session.get("/port") as answer:
            first = await answer.text()
        for _ in range(20):
            async with session.get("/port") as answer:
                check("kept connection", await answer.text() == first)
        results = await asyncio.gather(*(read(session, f"/slow?{n}") for n in range(50)))
        check("at once", results == [str(n) for n in range(50)])


async def read(session, path):
    async with session.get(path) as answer:
        return await answer.text()


def by_requests(site):
    import requests

    with requests.Session() as session:
        session.trust_env = False
        for method in METHODS:
            answer = session.request(method, site + "/echo", data=b"" if method == "GET" else b"body")
            check(method, answer.json() == {"method": method, "body": "" if method == "GET" else "body"})
        answer = session.head(site + "/echo")
        check("HEAD", (answer.status_code, answer.content) == (200, b""))
        check("OPTIONS", "PATCH" in session.options(site + "/echo").headers["Allow"])
        check("JSON", session.post(site + "/json", json={"a": "\u20ac"}).json() == {"a": "\u20ac"})
        answer = session.post(site + "/form", data={"who": UPLOADED["fields"]["who"]})
        check("form", answer.json() == {"fields": UPLOADED["fields"], "files": {}})
        files = {"one": ("a.bin", io.BytesIO(UPLOAD), "application/octet-stream"), "two": ("b.txt", b"small", "text/plain")}
        answer = session.post(site + "/form", data={"who": UPLOADED["fields"]["who"]}, files=files)
        check("multipart", answer.json() == UPLOADED)
        pieces = (UPLOAD[start:start + 100_000] for start in range(0, len(UPLOAD), 100_000))
        check("chunks", session.put(site + "/digest", data=pieces).text == hashlib.sha256(UPLOAD).hexdigest())
        with session.get(site + "/stream", stream=True) as answer:
            check("stream", sum(map(len, answer.iter_content(None))) == LARGE)
        answer = session.get(site + "/text", headers={"Accept-Encoding": "gzip, deflate"})
        check("gzip", (answer.text, answer.headers["Content-Encoding"]) == ("all work and no play " * 1000, "gzip"))
        answer = session.get(site + "/login")
        check("redirect", (answer.status_code, [each.status_code for each in answer.history]) == (200, [303]))
        check("cookie", answer.text == "you are somebody")
        check("error", session.get(site + "/fail").status_code == 500)
        check("kept connection", len({session.get(site + "/port").text for _ in range(20)}) == 1)


def main():
    if sys.argv[1] == "has":
        sys.exit(0 if importlib.util.find_spec(sys.argv[2]) else 1)
    _, kind, site = sys.argv
    if kind == "aiohttp":
        asyncio.run(by_aiohttp(site))
    else:
        by_requests(site)


main()
