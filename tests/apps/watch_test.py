#!/usr/bin/env python3
"""Watches crawls as people and other programs do: the terminal, the log, the server of statistics.

Usage: watch_test.py HOCKET [unittest options]
"""

import collections
import contextlib
import fcntl
import http.client
import http.server
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import unittest

import program
from program import BACKENDS, WAIT, AppTest, hocket, start, wait_until

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
VALUE = r"(?:[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|\+Inf)"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'


def parse_metrics(text):
    """The samples of a page of metrics, as strictly as its format is described (0.0.4)."""
    assert text.endswith("\n"), "the last line has no end"
    kinds, samples, current, helped = {}, {}, None, set()
    for line in text.splitlines():
        if match := re.fullmatch(rf"# HELP ({NAME}) (.+)", line):
            assert match[1] not in helped, f"help twice: {line}"
            helped.add(match[1])
        elif match := re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge|histogram)", line):
            current = match[1]
            assert current in helped and current not in kinds, line
            kinds[current] = match[2]
        else:
            match = re.fullmatch(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? ({VALUE})", line)
            assert match, f"no sample: {line!r}"
            suffixes = ["_bucket", "_sum", "_count"] if kinds[current] == "histogram" else [""]
            assert match[1] in [current + suffix for suffix in suffixes], f"in another metric: {line}"
            assert kinds[current] != "counter" or current.endswith("_total"), line
            key = (match[1], match[2] or "")
            assert key not in samples, f"twice: {line}"
            samples[key] = float(match[3])
    for name, kind in kinds.items():
        if kind != "histogram":
            continue
        series = collections.defaultdict(list)  # of buckets, by their other labels
        for (each, labels), value in samples.items():
            if each == name + "_bucket":
                others, bound = re.fullmatch(r'(?:(.*),)?le="([^"]+)"', labels).groups(default="")
                series[others].append((float(bound), value))
        for others, buckets in series.items():
            bounds, values = zip(*buckets)
            assert list(bounds) == sorted(bounds) and bounds[-1] == float("inf"), bounds
            assert list(values) == sorted(values) and values[-1] == samples[name + "_count", others], values
    return samples


class Site(http.server.ThreadingHTTPServer):
    """Each page links to two more, until it is told to be over."""

    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.server.asked += 1
            self.server.go_on.wait(WAIT)
            status, fields, body = self.server.answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Type": "text/html", "Content-Length": str(len(body)), **fields}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    def __init__(self, answer=None):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.asked = 0
        self.answer = answer or (lambda path: (200, {}, f'<a href="{path}x">x</a><a href="{path}y">y</a>'.encode()))
        self.go_on = threading.Event()
        self.go_on.set()

    def handle_error(self, *_):
        pass

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.go_on.set()
        self.shutdown()
        self.server_close()


class Statistics(AppTest):
    @contextlib.contextmanager
    def crawl(self, site, *arguments, backend="epoll"):
        """A crawl under way; gives it and where its statistics are."""
        run = start("crawl", site.url, "--out", self.out, "--stats-port", 0, "--ignore-robots", *arguments, backend=backend)
        try:
            line = run.stderr.readline()
            self.assertRegex(line, r"^hocket crawl: statistics at http://127\.0\.0\.1:\d+/\n$")
            wait_until(lambda: site.asked > 20, "the crawl begins")
            yield run, int(re.search(r":(\d+)/", line)[1])
        finally:
            run.send_signal(signal.SIGINT)
            run.communicate(timeout=WAIT)

    def ask(self, port, path, method="GET", host=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
        with contextlib.closing(connection):
            connection.request(method, path, headers={"Host": host} if host else {})
            answer = connection.getresponse()
            return answer, answer.read().decode()

    def test_metrics_are_what_prometheus_reads(self):
        for backend in BACKENDS:
            with self.subTest(backend=backend), Site() as site, self.crawl(site, backend=backend) as (_, port):
                answer, text = self.ask(port, "/metrics")
                self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
                samples = parse_metrics(text)
                ok = samples["hocket_crawl_pages_total", 'result="ok"']
                self.assertGreater(ok, 0)
                self.assertEqual(samples["hocket_crawl_responses_total", 'status="200"'], ok)
                self.assertEqual(samples["hocket_crawl_page_duration_seconds_count", ""], ok)
                self.assertEqual(samples["hocket_crawl_hosts", ""], 1)
                self.assertGreater(samples["hocket_crawl_queued", ""], 0)
                self.assertGreater(samples["process_resident_memory_bytes", ""], 1e6)
                self.assertGreater(samples["hocket_loop_turns_total", 'loop="1"'], 0)
                self.assertGreater(samples["hocket_loop_tasks", 'loop="1",state="waiting"'], 0)

    def test_json_has_totals_and_hosts(self):
        with Site() as site, self.crawl(site) as (_, port):
            answer, text = self.ask(port, "/stats.json")
            self.assertEqual(answer.headers["Content-Type"].split(";")[0], "application/json")
            now = json.loads(text)
        self.assertEqual(now["pages"], now["ok"] + now["failed"])
        self.assertEqual(now["status"], {"200": now["pages"]})
        self.assertEqual([each["host"] for each in now["slowest"]], [f"127.0.0.1:{site.server_port}"])
        self.assertEqual(now["busiest"][0]["pages"], now["pages"])

    def test_the_page_is_complete_and_locked_down(self):
        with Site() as site, self.crawl(site) as (_, port):
            answer, page = self.ask(port, "/")
            self.assertIn("text/html", answer.headers["Content-Type"])
            self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
            parts = re.findall(r'(?:src|href)="([^"]+)"', page)
            self.assertGreaterEqual(set(parts), {"stats.js", "stats.css", "stats.json", "metrics"})
            for part in parts:
                self.assertEqual(self.ask(port, "/" + part)[0].status, 200, part)

    def test_other_hosts_methods_and_paths_are_refused(self):
        with Site() as site, self.crawl(site) as (_, port):
            for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "10.0.0.1"):
                self.assertEqual(self.ask(port, "/stats.json", host=host)[0].status, 421, host)
            for host in (f"localhost:{port}", "LOCALHOST", f"127.0.0.1:{port}"):
                self.assertEqual(self.ask(port, "/stats.json", host=host)[0].status, 200, host)
            self.assertEqual(self.ask(port, "/stats.json", method="POST")[0].status, 405)
            self.assertEqual(self.ask(port, "/etc/passwd")[0].status, 404)
            self.assertEqual(self.ask(port, "/metrics", method="HEAD")[1], "")

    def test_it_listens_on_this_machine_only_and_ends_with_the_crawl(self):
        with Site() as site, self.crawl(site, "--max-pages", 200) as (run, port):
            with contextlib.suppress(OSError):
                self.ask(port, "/")
            with contextlib.closing(socket.create_connection(("127.0.0.1", port))):  # who stays does not hold it up
                run.wait(timeout=WAIT)
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port))

    def test_a_port_that_is_taken_is_one_line(self):
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
            port = taken.getsockname()[1]
            result = hocket("crawl", "http://127.0.0.1:1/", "--out", self.out, "--stats-port", port)
        self.assert_one_line(result, 1, f"cannot serve statistics at 127.0.0.1:{port}: Address already in use")

    def test_what_is_no_port(self):
        for port in ("-1", "65536", "x", ""):
            self.assert_one_line(hocket("crawl", "http://127.0.0.1:1/", f"--stats-port={port}"), 2, "--stats-port")


class Log(AppTest):
    def answers(self, path):
        if path == "/busy" and not self.was_asked:
            self.was_asked = True
            return 503, {"Retry-After": "0"}, b"later"
        if path == "/hostile":
            return 302, {"Location": "gopher://x/\x9b31m\xc2\x9b31m%1b[2J"}, b""
        return {"/": (200, {}, b"<a href=busy>a</a><a href=gone>b</a><a href=hostile>c</a><a href='@at'>d</a>"), "/gone": (404, {}, b"")}.get(path, (200, {}, b"ok"))

    def crawl(self, *arguments, url=None):
        self.was_asked = False
        self.log = self.folder / "log"
        with Site(self.answers) as site:
            result = hocket("crawl", url(site) if url else site.url, "--out", self.out, "--ignore-robots", "--log", self.log, *arguments)
            self.assertEqual(result.returncode, 0, result.stderr)
        data = self.log.read_bytes()
        self.assertTrue(data.endswith(b"\n"))
        self.assertNotRegex(data, rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")
        data.decode()
        return site, data.decode().splitlines()

    def test_text_has_a_line_for_each_attempt(self):
        site, lines = self.crawl()
        fields = [re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (\d+) \d+ (\d+) (\d+) (\S+) (.+)", line) for line in lines]
        self.assertTrue(all(fields), lines)
        found = sorted((match[4].removeprefix(site.url), match[1], match[3], match[5]) for match in fields)
        self.assertEqual(found[0], ("", "200", "1", "-"))
        self.assertEqual(found[1], ("@at", "200", "1", "-"))
        self.assertEqual(found[2:4], [("busy", "200", "2", "-"), ("busy", "503", "1", "503 Service Unavailable")])
        self.assertEqual(found[4], ("gone", "404", "1", "404 Not Found"))
        self.assertEqual(found[5][:3], ("hostile", "302", "1"))
        self.assertIn("redirected to 'gopher://x/", found[5][3])
        self.assertEqual(len(found), 6)

    def test_json_has_an_object_a_line(self):
        site, lines = self.crawl("--log-format", "json")
        found = {(each["url"], each["attempt"]): each for each in map(json.loads, lines)}
        self.assertEqual(len(found), 6)
        busy = found[site.url + "busy", 1]
        self.assertEqual((busy["status"], busy["retry"], busy["error"]), (503, True, "503 Service Unavailable"))
        self.assertIsNone(found[site.url, 1]["error"])
        self.assertEqual(found[site.url + "busy", 2]["bytes"], 2)
        self.assertTrue(all(line.isascii() for line in lines))

    def test_it_is_appended_to(self):
        self.crawl()
        self.assertEqual(len(self.crawl()[1]), 12)

    def test_passwords_are_left_out(self):
        _, lines = self.crawl(url=lambda site: site.url.replace("http://", "http://me:secret@"))
        self.assertNotIn("secret", "".join(lines))

    def test_one_that_cannot_be_written_is_one_line(self):
        result = hocket("crawl", "http://127.0.0.1:1/", "--out", self.out, "--log", "/nowhere/log")
        self.assert_one_line(result, 1, "cannot write the log '/nowhere/log': No such file or directory")

    def test_its_format_needs_it(self):
        self.assert_one_line(hocket("crawl", "http://127.0.0.1:1/", "--log-format", "json"), 2, "--log")
        self.assert_one_line(hocket("crawl", "http://127.0.0.1:1/", "--log", self.folder / "l", "--log-format", "xml"), 2, "--log-format")

    def test_a_terminal_gets_no_commands_of_servers(self):
        self.was_asked = False
        with Site(self.answers) as site:
            result = subprocess.run(
                [program.path, "crawl", site.url, "-v", "--out", self.out, "--ignore-robots"], capture_output=True, timeout=WAIT, env=program.environment("epoll")
            )
        self.assertIn(b"gopher", result.stderr)
        self.assertNotRegex(result.stderr + result.stdout, rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")
        result.stderr.decode()


class Terminal(AppTest):
    """What a terminal of a size shows."""

    def show(self, columns, *arguments, rows=24, narrower=None):
        master, slave = pty.openpty()
        resize = lambda width: fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, width, 0, 0))
        resize(columns)
        shown = bytearray()

        def read():
            with contextlib.suppress(OSError):  # EIO: the other side has closed
                while piece := os.read(master, 65536):
                    shown.extend(piece)

        reader = threading.Thread(target=read)
        reader.start()
        with Site() as site:
            run = start("crawl", site.url, "--max-pages", 3000, "--concurrency", 4, "--out", self.out, "--ignore-robots", *arguments, stderr=slave)
            wait_until(lambda: shown.count(b" pages") > 3 or run.poll() is not None, "it is shown")
            if narrower:
                resize(narrower)
                before = len(shown)
                wait_until(lambda: shown[before:].count(b" pages") > 3 or run.poll() is not None, "it is shown narrower")
            run.send_signal(signal.SIGINT)
            run.communicate(timeout=WAIT)
        os.close(slave)
        reader.join(timeout=WAIT)
        os.close(master)
        return shown.decode()

    def live(self, shown):
        """The lines that are replaced in place."""
        return [line for line in re.split(r"\r\n|\r|\x1b\[\d*[AJK]", shown) if re.search(r" pages  |slowest hosts|^  127|^  \.\.", line)]

    def test_one_line_fits_whatever_the_width(self):
        for columns in (120, 80, 40, 20):
            with self.subTest(columns=columns):
                lines = self.live(self.show(columns))
                self.assertTrue(lines)
                self.assertLess(max(map(len, lines)), columns)
                self.assertFalse([line for line in lines if "slowest" in line])
                if columns >= 40:
                    self.assertRegex(lines[-1], r"^  [\d,]+ pages  [\d,]+/s  (.*  )?errors 0")

    def test_verbose_has_the_slowest_hosts_below(self):
        for columns in (80, 40):
            with self.subTest(columns=columns):
                shown = self.show(columns, "-v")
                lines = self.live(shown)
                self.assertLess(max(map(len, lines)), columns)
                heads = [line for line in lines if line.startswith("  slowest hosts")]
                self.assertTrue(heads)
                self.assertEqual(columns >= 60, "failed" in heads[0] and heads[0].endswith("MB"))
                self.assertTrue([line for line in lines if re.match(r"  127\.0\.0\.1:\d+ ", line)])
                self.assertRegex(shown, r"\x1b\[2A")

    def test_a_low_window_has_one_line(self):
        self.assertNotIn("slowest", self.show(80, "-v", rows=5))

    def test_a_window_that_becomes_narrower_is_cleared_as_it_shows_the_lines(self):
        six_rows = r"\x1b\[5A"  # that are three lines of 79 columns now
        for _ in range(5):  # it may become so just as the lines are not there, for others are written
            shown = self.show(80, "-v", narrower=40)
            if re.search(six_rows, shown):
                break
        self.assertRegex(shown, six_rows)
        self.assertTrue([line for line in self.live(shown) if len(line) < 40 and "slowest" in line])

    def test_a_pipe_has_plain_lines_only(self):
        with Site() as site:
            result = hocket("crawl", site.url, "--max-pages", 50, "--out", self.out, "--ignore-robots", "-v")
        self.assertNotIn("\x1b", result.stderr)
        self.assertNotIn("slowest", result.stderr)

    def test_the_time_left_is_told_on_the_last_level(self):
        first = b"".join(b"<a href=/%d>x</a>" % n for n in range(400))
        seen = threading.Event()

        def answer(path):
            if path != "/":
                seen.wait(WAIT)
            return 200, {}, first if path == "/" else b"x"

        with Site(answer) as site:
            master, slave = pty.openpty()
            run = start("crawl", site.url, "--depth", 1, "--concurrency", 2, "--out", self.out, "--ignore-robots", stderr=slave)
            os.close(slave)
            shown = b""
            with contextlib.suppress(OSError):  # EIO: the other side has closed
                while piece := os.read(master, 65536):
                    shown += piece
                    if b"ETA" in shown:
                        seen.set()
            seen.set()
            run.communicate(timeout=WAIT)
            os.close(master)
        self.assertRegex(shown, rb"  1 pages  .*  ETA \d+:\d\d")


if __name__ == "__main__":
    sys.exit(program.main(__doc__))
