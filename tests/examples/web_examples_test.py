"""Runs the example programs for the web as a user does: with curl, and with Python's http.client.

Usage: web_examples_test.py DIRECTORY_OF_EXAMPLES [unittest's arguments]
"""

import filecmp
import http.client
import json
import os
import pathlib
import queue
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

EXAMPLES = pathlib.Path(sys.argv[1]).resolve()
PATIENCE_SECONDS = 60
BIG = os.urandom(1 << 16) * 96 + b"the end"  # 6 MiB and a bit


class Server:
    """An example that serves at a port of its choice until it is told to end."""

    def __init__(self, program, *arguments, backend):
        self.process = subprocess.Popen([EXAMPLES / program, *map(str, arguments), "--port", "0"], text=True,
                                        env={**os.environ, "HOCKET_BACKEND": backend},
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.port = int(re.search(r":(\d+)/", self.process.stdout.readline()).group(1))

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.out, self.error = self.process.communicate(timeout=PATIENCE_SECONDS)


def curl(*arguments):
    return subprocess.run(["curl", "-sS", "--max-time", str(PATIENCE_SECONDS), *arguments], capture_output=True,
                          check=True).stdout


class Peer:
    """A server that takes one connection, and answers all that comes with the same bytes."""

    def __init__(self, answer):
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(PATIENCE_SECONDS)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.received = queue.Queue()
        self.serving = threading.Thread(target=self.serve)

    def serve(self):
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(PATIENCE_SECONDS)
        asked = b""
        while not re.search(rb"\r\n\r\n(body)?$", asked) or (b"Content-Length: 4" in asked and asked[-4:] != b"body"):
            asked += self.connection.recv(1 << 16)
        self.connection.sendall(self.answer)
        self.received.put(asked)

    def request(self):
        return self.received.get(timeout=PATIENCE_SECONDS)

    def __enter__(self):
        self.serving.start()
        return self

    def __exit__(self, *_):
        self.serving.join()
        self.connection.close()
        self.listener.close()


def on_each_backend(case):
    for backend in ("epoll", "io_uring"):
        name = f"{case.__name__}_on_{backend}"
        globals()[name] = type(name, (case, unittest.TestCase), {"backend": backend, "__doc__": case.__doc__})
    return case


@on_each_backend
class JsonApi:
    def ask(self, server, method, path, value=None, **fields):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
        body = None if value is None else value if isinstance(value, str) else json.dumps(value)
        fields = {"Accept": "application/json", **({"Content-Type": "application/json"} if body else {}), **fields}
        connection.request(method, path, body, fields)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text else None

    def test_keeps_notes(self):
        with Server("json_api", backend=self.backend) as server:
            self.assertEqual(self.ask(server, "GET", "/notes"), (200, []))
            self.assertEqual(self.ask(server, "POST", "/notes", {"text": "milk"}), (201, {"id": 1, "text": "milk"}))
            self.assertEqual(self.ask(server, "POST", "/notes", {"text": "\u00e4"}), (201, {"id": 2, "text": "\u00e4"}))
            self.assertEqual(self.ask(server, "GET", "/notes/2"), (200, {"id": 2, "text": "\u00e4"}))
            self.assertEqual(self.ask(server, "DELETE", "/notes/1"), (204, None))
            self.assertEqual(self.ask(server, "GET", "/notes"), (200, [{"id": 2, "text": "\u00e4"}]))
        self.assertEqual(server.process.returncode, 0)
        self.assertEqual(len(server.out.splitlines()), 6)
        self.assertEqual(server.error, "")

    def test_refuses_what_is_no_note(self):
        with Server("json_api", backend=self.backend) as server:
            for value, status in (("{", 400), ([], 400), ({"text": 1}, 400), ("[" * 100, 400), ({"text": "x" * 70000}, 413)):
                self.assertEqual(self.ask(server, "POST", "/notes", value)[0], status, str(value)[:40])
            self.assertEqual(self.ask(server, "POST", "/notes", "text", **{"Content-Type": "text/plain"})[0], 415)
            self.assertEqual(self.ask(server, "GET", "/notes/7")[0], 404)
            self.assertEqual(self.ask(server, "GET", "/notes/99999999999")[0], 404)
            self.assertEqual(self.ask(server, "PUT", "/notes", {"text": "x"})[0], 405)


@on_each_backend
class FileUpload:
    def test_takes_files_of_any_size_and_shows_them(self):
        with tempfile.TemporaryDirectory() as folder, Server("file_upload", folder, backend=self.backend) as server:
            big = pathlib.Path(folder, "source")
            big.write_bytes(BIG)
            self.assertIn(b"<form", curl(server.url()))
            curl("-F", f"file=@{big};filename=big.bin", "-F", "file=@-;filename=../../sm\u00e4ll", server.url())
            self.assertEqual(pathlib.Path(folder, "big.bin").read_bytes(), BIG)
            self.assertEqual(curl(server.url("/files/big.bin")), BIG)
            self.assertEqual(sorted(os.listdir(folder)), ["big.bin", "sm\u00e4ll", "source"])

    def test_leaves_nothing_of_a_broken_upload(self):
        with tempfile.TemporaryDirectory() as folder, Server("file_upload", folder, backend=self.backend) as server:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
            connection.putrequest("POST", "/")
            connection.putheader("Content-Type", "multipart/form-data; boundary=x")
            connection.putheader("Content-Length", "1000000")
            connection.endheaders(b"--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n" + b"x" * 100000)
            self.wait_until(lambda: os.listdir(folder))
            connection.close()
            self.wait_until(lambda: not os.listdir(folder))

    def wait_until(self, holds):
        end = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)


@on_each_backend
class SseClock:
    def test_sends_the_time_again_and_again(self):
        with Server("sse_clock", "--every", "0.01", backend=self.backend) as server:
            self.assertIn(b"EventSource", curl(server.url()))
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
            connection.request("GET", "/time")
            answer = connection.getresponse()
            self.assertEqual(answer.getheader("Content-Type"), "text/event-stream")
            seen = 0
            while seen < 5:
                if re.fullmatch(rb"data: ?\d\d:\d\d:\d\d\n", answer.readline()):
                    seen += 1
            connection.close()
        self.assertEqual(server.process.returncode, 0)


@on_each_backend
class ReverseProxy:
    """In front of file_upload, with 100 MiB in either direction."""

    size = 100 << 20

    def proxy(self, upstream, *arguments):
        return Server("reverse_proxy", upstream, *arguments, backend=self.backend)

    def peak_kilobytes(self, server):
        status = pathlib.Path("/proc", str(server.process.pid), "status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1))

    def test_passes_on_bodies_of_any_size_in_little_memory(self):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "source")
            source.write_bytes(os.urandom(1 << 20) * (self.size >> 20))
            taken = pathlib.Path(folder, "taken")
            taken.mkdir()
            with (Server("file_upload", taken, backend=self.backend) as behind,
                  self.proxy(behind.url()) as server):
                self.assertIn(b"<form", curl(server.url()))
                before = self.peak_kilobytes(server)
                curl("-F", f"file=@{source};filename=big", server.url())
                self.assertTrue(filecmp.cmp(source, taken / "big", shallow=False))
                curl("-o", str(taken / "back"), server.url("/files/big"))
                self.assertTrue(filecmp.cmp(source, taken / "back", shallow=False))
                self.assertLess(self.peak_kilobytes(server) - before, 10 << 10)
                self.assertEqual(curl("-r", "5-9", server.url("/files/big")), source.read_bytes()[5:10])
                self.assertIn(b"Content-Length: %d" % self.size, curl("-I", server.url("/files/big")))
            self.assertEqual(server.process.returncode, 0)
            self.assertEqual(server.error, "")

    def test_says_for_whom_it_asks_and_keeps_to_itself_what_is_between_two(self):
        with Peer(b"HTTP/1.1 200 OK\r\nConnection: X-Secret\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\nX-Open: 2\r\n"
                  b"Content-Length: 0\r\n\r\n") as peer, self.proxy(peer.url) as server:
            fields = curl("-i", "-H", "Connection: close, X-Hop", "-H", "X-Hop: 1", "-H", "TE: trailers",
                          "-H", "X-Forwarded-For: 192.0.2.1", "-H", "Forwarded: for=192.0.2.1", "-H", "X-End: 1",
                          server.url("/a?b")).decode()
            asked = peer.request().decode()
        self.assertTrue(asked.startswith("GET /a?b HTTP/1.1\r\n"), asked)
        self.assertIn("\r\nX-End: 1\r\n", asked)
        self.assertIn("\r\nX-Forwarded-For: 127.0.0.1\r\n", asked)
        self.assertIn(f'\r\nForwarded: for=127.0.0.1;proto=http;host="127.0.0.1:{server.port}"\r\n', asked)
        self.assertIn(f"\r\nX-Forwarded-Host: 127.0.0.1:{server.port}\r\n", asked)
        for gone in ("X-Hop", "TE:", "192.0.2.1", "Connection"):
            self.assertNotIn(gone, asked)
        self.assertIn("X-Open: 2", fields)
        self.assertNotIn("X-Secret", fields)
        self.assertNotIn("Keep-Alive", fields)

    def test_tells_why_there_is_no_answer(self):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            with self.proxy(f"http://127.0.0.1:{nobody.getsockname()[1]}") as server:
                self.assertIn(b"refused", self.failure(server, b"502"))
        with Peer(b"") as peer, self.proxy(peer.url, "--timeout", "0.2") as server:
            self.assertIn(b"the server sends nothing", self.failure(server, b"504"))
        with Peer(b"220 smtp.example.org\r\n") as peer, self.proxy(peer.url) as server:
            self.failure(server, b"502")
        with self.proxy("http://127.0.0.1:1") as server:  # its target is a path there, and no other server
            self.failure(server, b"502", "--path-as-is", server.url("//elsewhere.invalid/"))

    def failure(self, server, status, *arguments):
        answer = curl("-w", "%{http_code}", *(arguments or (server.url(),)))
        self.assertTrue(answer.endswith(status), answer)
        return answer

    def test_hangs_up_when_the_client_does(self):
        with Peer(b"") as peer, self.proxy(peer.url) as server:
            with socket.create_connection(("127.0.0.1", server.port)) as client:
                client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody")
                self.assertTrue(peer.request().endswith(b"\r\n\r\nbody"))
            self.assertEqual(peer.connection.recv(1), b"")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
