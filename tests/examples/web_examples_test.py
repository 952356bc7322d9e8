"""Runs the example programs for the web as a user does: with curl, and with Python's http.client.

Usage: web_examples_test.py DIRECTORY_OF_EXAMPLES [unittest's arguments]
"""

import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
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


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
