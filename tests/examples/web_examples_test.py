"""Runs the example programs for the web as a user does: with curl, and with Python's http.client.

Usage: web_examples_test.py DIRECTORY_OF_EXAMPLES HOCKET [unittest's arguments]
"""

import collections
import contextlib
import filecmp
import http.client
import http.server
import json
import os
import pathlib
import pty
import queue
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import lessons_page

EXAMPLES, HOCKET = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
PATIENCE_SECONDS = 60
BIG = os.urandom(1 << 16) * 96 + b"the end"  # 6 MiB and a bit


class Server:
    """An example that serves at a port of its choice until it is told to end."""

    def __init__(self, program, *arguments, backend, environment=None):
        self.process = subprocess.Popen([EXAMPLES / program, *map(str, arguments), "--port", "0"], text=True,
                                        env={**os.environ, "HOCKET_BACKEND": backend, **(environment or {})},
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.port = int(re.search(r":(\d+)/", self.process.stdout.readline()).group(1))

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.out, self.error = self.process.communicate(timeout=PATIENCE_SECONDS)


def keep_no_freed_memory():
    """The address sanitizer would keep hundreds of megabytes, to see who uses them."""
    options = [os.environ.get("ASAN_OPTIONS", ""), "quarantine_size_mb=0", "thread_local_quarantine_size_kb=0"]
    return {"ASAN_OPTIONS": ":".join(filter(None, options))}


def curl(*arguments):
    return subprocess.run(["curl", "-sS", "--max-time", str(PATIENCE_SECONDS), *arguments], capture_output=True,
                          check=True).stdout


def run(program, *arguments, backend="epoll", **options):
    return subprocess.run([EXAMPLES / program, *map(str, arguments)], env={**os.environ, "HOCKET_BACKEND": backend}, text=True,
                          capture_output=True, timeout=PATIENCE_SECONDS, **options)


class Site(http.server.ThreadingHTTPServer):
    """Pages by their paths: (status, fields, body). Counts how often each is asked for, and how many at a time."""

    def __init__(self, pages, pause_seconds=0):
        self.pages, self.pause_seconds = pages, pause_seconds
        self.asked, self.now, self.most = collections.Counter(), 0, 0
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), Visit)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.server_port}{path}"

    def __exit__(self, *_):
        self.shutdown()
        super().__exit__()


class Visit(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        site = self.server
        with site.lock:
            site.asked[self.path] += 1
            site.now += 1
            site.most = max(site.most, site.now)
        time.sleep(site.pause_seconds)
        page = site.pages.get(self.path, (404, {}, b"not here"))
        status, fields, body = page(site.asked[self.path]) if callable(page) else page
        with site.lock:
            site.now -= 1
        self.send_response(status)
        for name, value in {**fields, "Content-Length": len(body)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def html(body):
    return 200, {"Content-Type": "text/html"}, body


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
        self.assertRegex(server.out, r'\[\d\d/[A-Z][a-z]{2}/\d{4}:[\d:]{8} \+0000\] "GET /notes HTTP/1.1" 200')
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

    def test_gives_another_name_to_what_is_called_like_something_there(self):
        with tempfile.TemporaryDirectory() as folder, Server("file_upload", folder, backend=self.backend) as server:
            for content in ("one", "two", "three"):
                curl("-F", f"file={content};filename=cat.jpg", server.url())
            curl("-F", "file=a;filename=.hidden", "-F", "file=b;filename=.hidden", server.url())
            found = {each.name: each.read_text() for each in pathlib.Path(folder).iterdir()}
        self.assertEqual(found, {"cat.jpg": "one", "cat (2).jpg": "two", "cat (3).jpg": "three",
                                 ".hidden": "a", ".hidden (2)": "b"})

    def test_refuses_a_name_that_is_too_long(self):
        with tempfile.TemporaryDirectory() as folder, Server("file_upload", folder, backend=self.backend) as server:
            status = curl("-o", os.devnull, "-w", "%{http_code}", "-F", f"file=a;filename={'n' * 300}", server.url())
            self.assertEqual((status, os.listdir(folder)), (b"400", []))

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
class Dashboard:
    def test_tells_numbers_to_who_listens_again_and_again(self):
        with Server("dashboard", "--every", "0.01", backend=self.backend) as server:
            self.assertIn(b"EventSource", curl(server.url()))
            listener = subprocess.Popen([EXAMPLES / "dashboard", "--listen", server.url("/numbers")], text=True,
                                        stdout=subprocess.PIPE, env={**os.environ, "HOCKET_BACKEND": self.backend})
            for nth in range(1, 6):
                number, _, told = listener.stdout.readline().partition(" ")
                self.assertEqual(int(number), nth)
                self.assertEqual(json.loads(told)["connections"], 1)
            listener.terminate()
            listener.communicate(timeout=PATIENCE_SECONDS)
            self.assertEqual(listener.returncode, 0)
        self.assertEqual(server.process.returncode, 0)


class WebSocket:
    """A client whose messages are short, or of 64 KiB and more."""

    def __init__(self, port, path="/"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
        self.stream = self.socket.makefile("rb")
        while self.stream.readline() != b"\r\n":
            pass

    def send(self, text, kind=1):
        size = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xff" + struct.pack(">Q", len(text))
        self.socket.sendall(bytes([0x80 | kind]) + size + bytes(4) + text)

    def receive(self):
        kind, message, is_last = 0, b"", False
        while not is_last:
            head, size = self.stream.read(2)
            if size >= 126:
                size = int.from_bytes(self.stream.read(2 if size == 126 else 8))
            kind, message, is_last = kind or head & 15, message + self.stream.read(size), head >= 128
        return kind, message

    def close(self):
        self.stream.close()
        self.socket.close()


@on_each_backend
class WebSocketEcho:
    def test_its_client_gets_back_what_it_sends(self):
        with Server("websocket_echo", backend=self.backend) as server:
            url = f"ws://127.0.0.1:{server.port}/"
            ended = run("websocket_echo", "--connect", url, "Hello", "world", backend=self.backend)
            self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, "Hello\nworld\n", ""))
            self.assertIn(b"426", curl("-i", server.url()).splitlines()[0])
        self.assertEqual(server.process.returncode, 0)

    def test_tells_its_clients_that_it_stops(self):
        with Server("websocket_echo", backend=self.backend) as server:
            client = WebSocket(server.port)
            client.send(b"Hello")
            self.assertEqual(client.receive(), (1, b"Hello"))
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(client.receive(), (8, b"\x03\xe9"))
            client.send(b"\x03\xe9", kind=8)
            client.close()
            server.process.wait(PATIENCE_SECONDS)
        self.assertEqual(server.process.returncode, 0)


@on_each_backend
class WebSocketChat:
    def test_all_see_what_one_says(self):
        with Server("websocket_chat", backend=self.backend) as server:
            self.assertIn(b"WebSocket", curl(server.url()))
            first = WebSocket(server.port, "/room")
            self.assertEqual(first.receive(), (1, b"guest 1 is here"))
            second = WebSocket(server.port, "/room")
            for each in (first, second):
                self.assertEqual(each.receive(), (1, b"guest 2 is here"))
            second.send(b"Hello")
            for each in (first, second):
                self.assertEqual(each.receive(), (1, b"guest 2: Hello"))
            second.send(b"\x03\xe8", kind=8)
            self.assertEqual(first.receive(), (1, b"guest 2 has left"))
            first.close()
            second.close()
        self.assertEqual(server.process.returncode, 0)

    def speak(self, speaker, line):
        """Says it, and gives what came before that came back."""
        speaker.send(line)
        before = []
        while (got := speaker.receive()) != (1, b"guest 1: " + line):
            before.append(got)
        return before

    def test_who_does_not_keep_up_is_shown_out_and_disturbs_nobody(self):
        with Server("websocket_chat", backend=self.backend) as server:
            speaker = WebSocket(server.port, "/room")
            slow = WebSocket(server.port, "/room")
            slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
            seen = [speaker.receive() for _ in range(2)]
            for _ in range(300):
                seen += self.speak(speaker, b"x" * (1 << 16))
            while (got := slow.receive())[0] == 1:
                seen += self.speak(speaker, b"catch up")
            self.assertEqual(got, (8, b"\x03\xf0too slow"))
            slow.send(b"\x03\xf0", kind=8)
            self.assertEqual(slow.stream.read(), b"")
            seen.append(speaker.receive())
            self.assertEqual(seen, [(1, b"guest 1 is here"), (1, b"guest 2 is here"), (1, b"guest 2 has left")])
            self.assertEqual(self.speak(speaker, b"alone"), [])
            slow.close()
            speaker.close()
        self.assertEqual((server.process.returncode, server.error), (0, ""))

    def test_who_takes_nothing_is_given_up(self):
        with Server("websocket_chat", "--patience", "0.2", backend=self.backend) as server:
            speaker = WebSocket(server.port, "/room")
            silent = WebSocket(server.port, "/room")
            seen = [speaker.receive() for _ in range(2)]
            while (1, b"guest 2 has left") not in seen:
                seen += self.speak(speaker, b"x" * (1 << 16))
            self.assertEqual(len(seen), 3)
            silent.close()
            third = WebSocket(server.port, "/room")
            self.assertEqual(third.receive(), (1, b"guest 3 is here"))
            third.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            third.close()  # without a word
            for said in (b"guest 3 is here", b"guest 3 has left"):
                self.assertEqual(speaker.receive(), (1, said))
            speaker.close()
        self.assertEqual((server.process.returncode, server.error), (0, ""))


@on_each_backend
class FetchMany:
    def fetch(self, *arguments, **options):
        return run("fetch_many", *arguments, backend=self.backend, **options)

    def test_fetches_what_a_file_and_the_command_line_list(self):
        with Site({"/a": html(b"12345"), "/b": html(b"")}) as site, tempfile.NamedTemporaryFile("w") as listed:
            listed.write(f"{site.url('/a')}\n\n  {site.url('/b')}\n")
            listed.flush()
            ended = self.fetch(site.url("/a"), "--from", listed.name, "--rate", 1000)
            expected = [f"200 0 {site.url('/b')}", f"200 5 {site.url('/a')}", f"200 5 {site.url('/a')}"]
        self.assertEqual((sorted(ended.stdout.splitlines()), ended.stderr, ended.returncode), (expected, "", 0))

    def test_tells_what_failed_and_fetches_the_rest(self):
        with Site({"/a": html(b"12345")}) as site:
            ended = self.fetch(site.url("/missing"), site.url("/a"), "http://127.0.0.1:1/", "nonsense", "--rate", 1000)
            self.assertEqual(ended.stdout, f"200 5 {site.url('/a')}\n")
            self.assertIn(f"fetch_many: {site.url('/missing')}: 404 Not Found\n", ended.stderr)
        self.assertRegex(ended.stderr, r"fetch_many: http://127\.0\.0\.1:1/: .*Connection refused")
        self.assertIn("fetch_many: nonsense: ", ended.stderr)
        self.assertTrue(ended.stderr.endswith("fetch_many: 3 of 4 failed\n"), ended.stderr)
        self.assertEqual(ended.returncode, 1)

    def test_asks_a_busy_server_again(self):
        busy = lambda nth: html(b"done") if nth > 2 else (503, {"Retry-After": "0"}, b"")
        with Site({"/busy": busy}) as site:
            self.assertEqual(self.fetch(site.url("/busy")).stdout, f"200 4 {site.url('/busy')}\n")

    def test_keeps_to_its_rate(self):
        with Site({"/a": html(b"")}) as site:
            begun = time.monotonic()
            self.assertEqual(self.fetch(*[site.url("/a")] * 11, "--rate", 20).returncode, 0)
            self.assertGreaterEqual(time.monotonic() - begun, 0.5)

    def test_keeps_to_its_rate_where_redirects_lead_it_on(self):
        hops = {f"/{n}": (302, {"Location": f"/{n + 1}"}, b"") for n in range(9)}
        with Site({**hops, "/9": html(b"there")}) as site:
            begun = time.monotonic()
            self.assertEqual(self.fetch(site.url("/0"), "--rate", 20).stdout, f"200 5 {site.url('/0')}\n")
            self.assertGreaterEqual(time.monotonic() - begun, 0.45)

    def test_keeps_to_its_rate_where_it_asks_again(self):
        busy = lambda nth: html(b"done") if nth > 2 else (503, {"Retry-After": "0"}, b"")
        with Site({"/busy": busy}) as site:
            begun = time.monotonic()
            self.assertEqual(self.fetch(site.url("/busy"), "--rate", 0.5).returncode, 0)
            self.assertGreaterEqual(time.monotonic() - begun, 4)

    def test_asks_for_no_more_than_so_many_at_a_time(self):
        with Site({"/a": html(b"")}, pause_seconds=0.05) as site:
            self.assertEqual(self.fetch(*[site.url("/a")] * 12, "--rate", 1000, "--concurrency", 3).returncode, 0)
            self.assertEqual(site.most, 3)

    def test_shows_progress_at_a_terminal(self):
        terminal, ours = pty.openpty()
        with Site({"/a": html(b"x" * 1_500_000)}) as site:
            subprocess.run([EXAMPLES / "fetch_many", *[site.url("/a")] * 2], env={**os.environ, "HOCKET_BACKEND": self.backend},
                           stdout=subprocess.DEVNULL, stderr=ours, timeout=PATIENCE_SECONDS)
        os.close(ours)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            while piece := os.read(terminal, 4096):
                shown += piece
        os.close(terminal)
        self.assertIn(b"\r2 of 2, 0 failed, 3.0 MB", shown)

    def test_refuses_a_wrong_command_line(self):
        for wrong in (["--rate", "0"], ["--rate", "fast"], ["--concurrency", "0"], ["--timeout", "-1"]):
            ended = self.fetch("http://127.0.0.1:1/", *wrong)
            self.assertEqual((ended.returncode, ended.stderr.count("\n")), (2, 1), wrong)
        self.assertEqual(self.fetch("--from", "/nowhere").stderr, "fetch_many: cannot open '/nowhere'\n")


@on_each_backend
@unittest.skipUnless(shutil.which("openssl"), "NOT TESTED: openssl is not installed")
class DownloadManyOverHttp2:
    """From `hocket serve` over TLS, where HTTP/2 is offered."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.certificate, key = self.folder / "certificate.pem", self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", key, "-out", self.certificate],
                       check=True, capture_output=True, timeout=PATIENCE_SECONDS)
        self.files = {f"{n}.bin": os.urandom(n * 50_000) for n in range(30)}
        (self.folder / "site").mkdir()
        for name, content in self.files.items():
            (self.folder / "site" / name).write_bytes(content)
        serving = subprocess.Popen([HOCKET, "serve", self.folder / "site", "--port", "0", "--cert", self.certificate, "--key", key],
                                   text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(serving.communicate, timeout=PATIENCE_SECONDS)
        self.addCleanup(serving.terminate)
        self.url = re.search(r"https://[^/]+/", serving.stdout.readline()).group()

    def download(self, *urls):
        return run("download_many", *urls, "--to", self.folder / "got", "--cafile", self.certificate, backend=self.backend)

    def taken(self):
        return {path.name: path.read_bytes() for path in (self.folder / "got").iterdir()}

    def test_takes_all_over_one_connection(self):
        ended = self.download(*(self.url + name for name in self.files))
        self.assertEqual((ended.stdout, ended.stderr, ended.returncode), ("30 of 30 files, 21.8 MB, 1 connection\n", "", 0))
        self.assertEqual(self.taken(), self.files)

    def test_tells_what_failed_in_a_line_each_and_takes_the_rest(self):
        ended = self.download(self.url + "missing", self.url + "2.bin", "nonsense", self.url + "x/2.bin", self.url + "1.bin")
        self.assertEqual(ended.stdout, "2 of 5 files, 0.1 MB, 1 connection\n")
        self.assertEqual(sorted(ended.stderr.splitlines()), sorted([
            f"download_many: {self.url}missing: 404 Not Found", "download_many: nonsense: no URL",
            f"download_many: {self.url}x/2.bin: another one is called 2.bin", "download_many: 3 of 5 failed"]))
        self.assertEqual(ended.returncode, 1)
        self.assertEqual(self.taken(), {name: self.files[name] for name in ("1.bin", "2.bin")})

    def test_trusts_only_whom_it_is_told_to(self):
        ended = run("download_many", self.url + "1.bin", "--to", self.folder / "got", backend=self.backend)
        self.assertIn("certificate", ended.stderr)
        self.assertEqual((ended.returncode, self.taken()), (1, {}))


@on_each_backend
class DownloadMany:
    def test_takes_no_more_than_so_many_at_a_time(self):
        pages = {f"/{n}": html(b"x") for n in range(12)}
        with Site(pages, pause_seconds=0.05) as site, tempfile.TemporaryDirectory() as folder:
            ended = run("download_many", *map(site.url, pages), "--to", folder, "--concurrency", 3, backend=self.backend)
        self.assertEqual((ended.stdout, ended.returncode), ("12 of 12 files, 0.0 MB, 3 connections\n", 0))
        self.assertEqual(site.most, 3)

    def test_shows_progress_and_leaves_nothing_of_a_file_that_it_was_told_to_give_up(self):
        terminal, ours = pty.openpty()
        part = b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + bytes(1_500_000)
        with Peer(part) as peer, tempfile.TemporaryDirectory() as folder:
            program = subprocess.Popen([EXAMPLES / "download_many", f"{peer.url}/big", "--to", folder], stderr=ours,
                                       stdout=subprocess.DEVNULL, env={**os.environ, "HOCKET_BACKEND": self.backend})
            os.close(ours)
            shown = b""
            while b"\r0 of 1 files, 1.5 MB" not in shown:
                shown += os.read(terminal, 4096)
            self.assertNotIn("big", os.listdir(folder))
            program.terminate()
            self.assertEqual(program.wait(timeout=PATIENCE_SECONDS), 0)
            self.assertEqual(os.listdir(folder), [])
        os.close(terminal)

    def test_refuses_a_wrong_command_line(self):
        for wrong in (["--concurrency", "0"], ["--concurrency", "many"], ["--nonsense"]):
            ended = run("download_many", "http://127.0.0.1:1/", *wrong, backend=self.backend)
            self.assertEqual((ended.returncode, ended.stderr.count("\n")), (2, 1), wrong)
        self.assertEqual(run("download_many", "--from", "/nowhere").stderr, "download_many: cannot open '/nowhere'\n")


@on_each_backend
class SiteMirror:
    PAGES = {
        "/": html(b"<a href=a.html#x>a</a> <a href=/sub/>sub</a> <a href=data.bin>data</a> <a href=old>old</a>"
                  b"<a href='http://other.invalid/'>other</a> <a href='a.html?x'>query</a>"
                  b"<a href='../../../../%2e%2e/up.html'>up</a>"),
        "/a.html": html(b"<a href=/>home</a>"),
        "/sub/": html("<a href='d\u00e9ep/er.html'>deeper</a>".encode()),
        "/sub/d%C3%A9ep/er.html": html(b"<a href=/sub/deepest.html>deepest</a>"),
        "/sub/deepest.html": html(b"the end"),
        "/data.bin": (200, {"Content-Type": "application/octet-stream"}, BIG),
        "/old": (301, {"Location": "/new.html"}, b""),
        "/new.html": html(b"new"),
        "/up.html": html(b"up"),
    }

    def mirror(self, *arguments):
        return run("site_mirror", *arguments, backend=self.backend)

    def files_of(self, folder):
        return {str(path.relative_to(folder)): path.read_bytes() for path in pathlib.Path(folder).rglob("*") if path.is_file()}

    def test_copies_what_links_lead_to(self):
        with Site(self.PAGES) as site, tempfile.TemporaryDirectory() as folder:
            ended = self.mirror(site.url(), f"{folder}/copy")
            copied = self.files_of(folder)
            self.assertEqual(max(site.asked.values()), 1)
        self.assertEqual((ended.stdout, ended.stderr, ended.returncode), ("8 copied, 0 failed\n", "", 0))
        names = {"/": "index.html", "/sub/": "sub/index.html", "/sub/d%C3%A9ep/er.html": "sub/d\u00e9ep/er.html"}
        self.assertEqual(copied, {"copy/" + names.get(path, path[1:]): page[2] for path, page in self.PAGES.items() if path != "/old"})

    def test_goes_no_deeper_than_told(self):
        with Site(self.PAGES) as site, tempfile.TemporaryDirectory() as folder:
            self.mirror(site.url(), folder, "--depth", 1)
            self.assertEqual(sorted(self.files_of(folder)), ["a.html", "data.bin", "index.html", "sub/index.html", "up.html"])

    def test_makes_a_page_that_others_stand_below_the_index_of_its_folder(self):
        links = b"<a href=/blog>blog</a>", b"<a href=/blog/post>post</a>", b"<a href=/blog/post/1>1</a>"
        for order in (links, links[::-1]):
            pages = {"/": html(b"".join(order)), "/blog": html(b"blog"), "/blog/post": html(b"post"), "/blog/post/1": html(b"1")}
            with Site(pages) as site, tempfile.TemporaryDirectory() as folder:
                ended = self.mirror(site.url(), folder, "--concurrency", 1)
                self.assertEqual((ended.stdout, ended.stderr), ("4 copied, 0 failed\n", ""))
                self.assertEqual(self.files_of(folder), {"index.html": pages["/"][2], "blog/index.html": b"blog",
                                                         "blog/post/index.html": b"post", "blog/post/1": b"1"})

    def test_keeps_of_two_pages_for_one_file_that_with_the_slash(self):
        links = b"<a href=/a>a</a>", b"<a href=/a/>a/</a>", b"<a href=/a/index.html>index</a>", b"<a href=/A>A</a>"
        for order in (links, links[::-1], links[2:] + links[:2]):
            pages = {"/": html(b"".join(order)), "/a": html(b"bare"), "/a/": html(b"folder"), "/a/index.html": html(b"folder"), "/A": html(b"A")}
            with Site(pages) as site, tempfile.TemporaryDirectory() as folder:
                ended = self.mirror(site.url(), folder, "--concurrency", 1)
                self.assertEqual(self.files_of(folder), {"index.html": pages["/"][2], "a/index.html": b"folder", "A": b"A"})
                self.assertRegex(ended.stderr, f"\\Asite_mirror: {site.url('/a')}: {site.url('/a/')}(index.html)? has its place\nsite_mirror: 1 could not be copied\n\\Z")
                self.assertEqual((ended.stdout, ended.returncode), ("4 copied, 1 failed\n", 1))

    def test_writes_nothing_outside_of_its_folder_and_tells_what_it_cannot_copy(self):
        evil = ["/..%2f..%2fevil.html", "/..%5cevil.html", "/a%00b.html", "/missing.html"]
        pages = {path: html(b"evil") for path in evil[:-1]}
        pages["/"] = html("".join(f"<a href='{path}'>" for path in evil).encode())
        with Site(pages) as site, tempfile.TemporaryDirectory() as folder:
            ended = self.mirror(site.url(), f"{folder}/some/copy")
            self.assertEqual(self.files_of(folder), {"some/copy/index.html": pages["/"][2]})
            for path, why in zip(evil, ["its path is no name for a file"] * 3 + ["404 Not Found"]):
                self.assertIn(f"site_mirror: {site.url(path)}: {why}\n", ended.stderr)
        self.assertEqual((ended.stdout, ended.returncode), ("1 copied, 4 failed\n", 1))

    def test_refuses_what_is_no_site(self):
        for url, shown in (("nonsense", "nonsense"), ("http://user:secret@a b/", "http://***@a b/")):
            ended = self.mirror(url, "/nowhere")
            self.assertEqual((ended.stderr, ended.returncode), (f"site_mirror: '{shown}' is no URL of a site\n", 1))


class HttpBlocking(unittest.TestCase):
    def test_waits_for_one_page_after_the_other(self):
        with Site({"/a": html(b"a"), "/b": html(b"b"), "/c": html(b"c")}, pause_seconds=0.2) as site:
            urls = [site.url(path) for path in ("/a", "/b", "/c")]
            ended = run("http_blocking", *urls)
        lines = []
        for name, url in zip(("One", "Two", "One"), urls):
            lines += [f"Task {name} getting URL: {url}", f"Task {name} got URL: {url}", f"Task {name} total elapsed time: 0.2"]
        *before, empty, total = ended.stdout.splitlines()
        before = [re.sub(r"time: \d+\.\d$", "time: 0.2", line) for line in before]
        self.assertEqual((before, empty, ended.stderr, ended.returncode), (lines, "", "", 0))
        self.assertGreaterEqual(float(total.removeprefix("Total elapsed time: ")), 0.6)
        self.assertEqual(site.most, 1)

    def test_says_what_it_cannot_fetch(self):
        ended = run("http_blocking", "http://127.0.0.1:1/")
        self.assertEqual((ended.stderr, ended.returncode), ("http_blocking: connect: Connection refused\n", 1))

    def test_says_how_it_is_used(self):
        for arguments in ((), ("--help",), ("http://127.0.0.1:1/", "nonsense"), ("https://127.0.0.1/",)):
            ended = run("http_blocking", *arguments)
            self.assertEqual((ended.stdout, ended.stderr, ended.returncode),
                             ("", "usage: http_blocking http://HOST[:PORT]/PATH ...\n", 2))


class HttpSideBySide:
    """Two tasks that drain a queue of pages: one fetches while the other does."""

    def test_fetches_two_pages_at_a_time(self):
        with Site({path: html(b"x") for path in ("/a", "/b", "/c", "/d")}, pause_seconds=0.5) as site:
            urls = [site.url(path) for path in ("/a", "/b", "/c", "/d")]
            ended = run(self.program, *urls)
        *before, empty, total = ended.stdout.splitlines()
        self.assertEqual((empty, ended.stderr, ended.returncode), ("", "", 0))
        self.assertRegex(total, r"^Total elapsed time: \d+\.\d$")
        self.assertEqual(before[:2], [f"Task One getting URL: {urls[0]}", f"Task Two getting URL: {urls[1]}"])
        self.assertEqual(sorted(re.findall(r"got URL: (\S+)", ended.stdout)), urls)
        self.assertEqual(site.most, 2)

    def test_says_what_it_cannot_fetch(self):
        ended = run(self.program, "http://127.0.0.1:1/")
        self.assertIn("Connection refused", ended.stderr + ended.stdout)

    def test_says_how_it_is_used(self):
        for arguments in ((), ("http://127.0.0.1:1/", "nonsense")):
            ended = run(self.program, *arguments)
            self.assertEqual((ended.stdout, ended.stderr, ended.returncode),
                             ("", f"usage: {self.program} http://HOST[:PORT]/PATH ...\n", 2))


class HttpGreen(HttpSideBySide, unittest.TestCase):
    program = "http_green"


class HttpDeferredInline(HttpSideBySide, unittest.TestCase):
    program = "http_deferred_inline"


class HttpDeferredCallbacks(HttpSideBySide, unittest.TestCase):
    program = "http_deferred_callbacks"


class LessonsPage(unittest.TestCase):
    def test_each_program_takes_what_the_page_says(self):
        heading = "Pages from the network"
        for program in lessons_page.tables()[heading]:
            with self.subTest(program), Site({f"/{n}": html(b"x") for n in range(6)}, pause_seconds=0.5) as site:
                ended = run(program, *(site.url(f"/{n}") for n in range(6)))
                told = float(ended.stdout.splitlines()[-1].removeprefix("Total elapsed time: "))
                lessons_page.check(self, heading, program, told)


@on_each_backend
class OpenTelemetry:
    TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"

    def spans(self, parent=None):
        environment = {**os.environ, "HOCKET_BACKEND": self.backend, **({"TRACEPARENT": parent} if parent else {})}
        result = subprocess.run([EXAMPLES / "open_telemetry"], env=environment, text=True, capture_output=True, timeout=PATIENCE_SECONDS)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return [json.loads(line) for line in result.stdout.splitlines()]

    def test_carries_its_trace_over_tasks_requests_threads_and_processes(self):
        spans = self.spans(f"00-{self.TRACE}-{self.PARENT}-01")
        self.assertEqual({span["traceId"] for span in spans}, {self.TRACE})
        by_id = {span["spanId"]: span for span in spans}
        self.assertEqual(len(by_id), len(spans))

        def way(span):
            parent = by_id.get(span["parentSpanId"])
            return [(span["name"], span["kind"])] + (way(parent) if parent else [span["parentSpanId"]])

        ways = {span["name"]: way(span) for span in spans if span["kind"] == 1}
        server = [("GET /answer", 2), ("GET /answer", 3), ("ask", 1), ("program", 1), self.PARENT]
        self.assertEqual(ways["compute"], [("compute", 1), *server])
        self.assertEqual(ways["another process"], [("another process", 1), ("ask another process", 1), *server])
        self.assertEqual(ways["http connection"][1:], [("serve", 1), ("program", 1), self.PARENT])
        for span in spans:
            self.assertRegex(span["spanId"], r"^[0-9a-f]{16}$")
            self.assertLessEqual(int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"]))
            if span["name"] == "ask":
                (steps,) = span["attributes"]
                self.assertEqual(steps["key"], "hocket.steps")
                self.assertGreater(int(steps["value"]["stringValue"]), 1)

    def test_begins_a_new_trace_where_there_is_none_that_makes_sense(self):
        for parent in (None, "00-" + "0" * 32 + f"-{self.PARENT}-01", f"00-{self.TRACE.upper()}-{self.PARENT}-01", f"00-{self.TRACE}-01"):
            (root,) = [span for span in self.spans(parent) if "parentSpanId" not in span]
            self.assertEqual(root["name"], "program")
            self.assertRegex(root["traceId"], r"^[0-9a-f]{32}$")
            self.assertNotEqual(root["traceId"], self.TRACE)


class ReverseProxyUsage(unittest.TestCase):
    def test_refuses_what_is_no_web_server(self):
        for upstream in ("httpx://a", "ftp://a/", "nonsense"):
            ended = run("reverse_proxy", upstream)
            self.assertIn(f"'{upstream}' is not http://HOST:PORT", ended.stderr)
            self.assertEqual((ended.stdout, ended.returncode), ("", 2))


@on_each_backend
class ReverseProxy:
    """In front of file_upload, with 100 MiB in either direction."""

    size = 100 << 20

    def proxy(self, upstream, *arguments, **options):
        return Server("reverse_proxy", upstream, *arguments, backend=self.backend, **options)

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
                  self.proxy(behind.url(), environment=keep_no_freed_memory()) as server):
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
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
