#!/usr/bin/env python3
"""Runs the hocket program as a user does and looks at what it says, writes and returns.

Usage: apps_test.py HOCKET [unittest options]
"""

import contextlib
import http.server
import json
import os
import pathlib
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import unicodedata
import unittest

import program
from program import BACKENDS, LINKS, WAIT, AppTest, environment, free_port, hocket, start, wait_until

ORACLE = pathlib.Path(__file__).resolve().parent.parent / "oracle"
REAL_SITE = pathlib.Path("/usr/share/doc/postgresql-doc-15/html")
PROGRESS = r"  [\d,]+ pages  [\d,]+/s  \d+ MB/s  in flight \d+  queued [\d,]+  errors \d+  \d+:\d\d\.\d"


@contextlib.contextmanager
def served(folder, backend="epoll"):
    """`hocket serve` for the folder; gives its URL."""
    server = start("serve", folder, "--port", 0, backend=backend)
    try:
        line = server.stdout.readline()
        yield re.search(r"http://\S+/", line).group()
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=WAIT)


class EndlessSite(http.server.ThreadingHTTPServer):
    """Each page links to two more, and takes its time."""

    daemon_threads = True
    delay = 0.02

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.server.asked += 1
            time.sleep(self.server.delay)
            body = f'<a href="{self.path}x">x</a><a href="{self.path}y">y</a>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    def __init__(self, delay=0.02):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.asked = 0
        self.delay = delay

    def handle_error(self, *_):
        pass

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self


class Usage(AppTest):
    def test_no_subcommand(self):
        self.assert_one_line(hocket(), 2, "subcommand", who="hocket")

    def test_unknown_subcommand(self):
        self.assert_one_line(hocket("crwal"), 2, "crwal", who="hocket")

    def test_version_and_help(self):
        self.assertRegex(hocket("--version").stdout, r"^hocket \d+\.\d+\.\d+\n$")
        for arguments in (["--help"], ["crawl", "--help"], ["serve", "--help"]):
            result = hocket(*arguments)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertGreater(len(result.stdout), 100)

    def test_nothing_to_crawl(self):
        self.assert_one_line(hocket("crawl"), 2, "nothing to crawl")

    def test_what_is_not_a_url(self):
        for text in ("nonsense", "htp://example.org/", "ftp://example.org/", "file:///etc/passwd", ""):
            self.assert_one_line(hocket("crawl", text), 2, "not an http")
        for text in ("http://", "http://[", "http://a b/", "http://example.org:99999/"):
            self.assert_one_line(hocket("crawl", text), 2, "not a valid URL")

    def test_unknown_flag(self):
        self.assert_one_line(hocket("crawl", "http://127.0.0.1/", "--wibble"), 2, "--wibble")

    def test_bad_numbers(self):
        bad = {
            "--depth": ["-1", "x", "1.5", "4294967296", ""],
            "--max-pages": ["0", "-1", "x", "1e3", "99999999999999999999"],
            "--concurrency": ["0", "-1", "10001", "x"],
            "--per-host": ["0", "-1", "10001"],
            "--per-address": ["0", "-1", "10001", ""],
            "--timeout": ["0", "-1", "nan", "-nan", "inf", "1e9", "x", ""],
            "--max-body": ["-5", "-5MiB", "x", "5XB", "99999999999999999999", "99999999999TiB"],
            "--retries": ["-1", "101", "1.5", "x"],
            "--scope": ["planet", "0", "3", ""],
            "--progress": ["maybe", "1"],
        }
        for flag, values in bad.items():
            for value in values:
                with self.subTest(flag=flag, value=value):
                    result = hocket("crawl", "http://127.0.0.1:1/", "--out", self.out, f"{flag}={value}")
                    self.assert_one_line(result, 2, re.escape(flag))
                    self.assertFalse(self.out.exists())

    def test_a_flag_without_its_value(self):
        self.assert_one_line(hocket("crawl", "http://127.0.0.1/", "--depth"), 2, "--depth")

    def test_quiet_and_verbose_exclude_each_other(self):
        self.assert_one_line(hocket("crawl", "http://127.0.0.1/", "-q", "-v"), 2, "excludes")

    def test_a_user_agent_that_would_be_two_fields(self):
        result = hocket("crawl", "http://127.0.0.1:1/", "--out", self.out, "--user-agent", "a\r\nX-B: c")
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def test_an_unknown_backend(self):
        result = hocket("crawl", "http://127.0.0.1:1/", "--out", self.out, backend="abacus")
        self.assert_one_line(result, 1, "abacus")


class Seeds(AppTest):
    def seeds(self, text):
        path = self.folder / "urls.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def crawl(self, seeds):
        return hocket("crawl", "--seeds", seeds, "--out", self.out)

    def test_missing(self):
        path = self.folder / "urls.txt"
        self.assert_one_line(self.crawl(path), 2, f"cannot open seeds file '{path}': No such file or directory")

    def test_a_directory(self):
        self.assert_one_line(self.crawl(self.folder), 2, f"cannot (open|read) seeds file '{self.folder}': Is a directory")

    def test_unreadable(self):
        path = self.seeds("http://127.0.0.1/")
        path.chmod(0)
        self.folder.chmod(0o755)
        demote = {"user": 65534} if os.geteuid() == 0 else {}
        result = hocket("crawl", "--seeds", path, "--out", self.out, **demote)
        self.assert_one_line(result, 2, f"cannot open seeds file '{path}': Permission denied")

    def test_empty(self):
        for text in ("", "\n\n", "# only a comment\n   \n"):
            self.assert_one_line(self.crawl(self.seeds(text)), 2, "holds no URL")

    def test_a_bad_url_is_told_with_its_line(self):
        path = self.seeds("# seeds\nhttp://127.0.0.1/\nhtp://example.org/\nhttp://[\n")
        self.assert_one_line(self.crawl(path), 2, re.escape(f"{path}:3: not an http(s) URL: 'htp://example.org/'"))

    def test_binary_bytes(self):
        result = hocket("crawl", "--seeds", self.seeds(b"\xff\xfe\x00\x01\n"), "--out", self.out, errors="replace")
        self.assert_one_line(result, 2, "urls.txt:1: not an http")

    def test_blanks_comments_and_crlf_are_passed_over(self):
        with served(self.make_site()) as url:
            path = self.seeds(f"# seeds\r\n\r\n  {url}index.html  \r\n{url}a.html")
            result = hocket("crawl", "--seeds", path, "--depth", 0, "--out", self.out)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(len(self.read_out()[1]), 2)

    def test_come_with_urls_of_the_command_line(self):
        with served(self.make_site()) as url:
            result = hocket("crawl", url + "a.html", "--seeds", self.seeds(url), "--depth", 0, "--out", self.out)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(len(self.read_out()[1]), 2)


class Output(AppTest):
    def test_a_directory_that_cannot_be_made(self):
        (self.folder / "file").write_text("")
        out = self.folder / "file" / "sub"
        self.assert_one_line(hocket("crawl", "http://127.0.0.1:1/", "--out", out), 1, f"cannot make '{out}': Not a directory")

    def test_a_file_in_its_place(self):
        self.out.write_text("")
        result = hocket("crawl", "http://127.0.0.1:1/", "--out", self.out)
        self.assert_one_line(result, 1, f"cannot make '{self.out}': Not a directory")

    def test_a_directory_that_may_not_be_written(self):
        self.out.mkdir(mode=0o555)
        self.folder.chmod(0o755)
        demote = {"user": 65534} if os.geteuid() == 0 else {}
        result = hocket("crawl", "http://127.0.0.1:1/", "--out", self.out, **demote)
        self.assert_one_line(result, 1, f"cannot write '{self.out}/links.tsv': Permission denied")

    def test_a_full_disk(self):
        self.out.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "hocket-test", self.out], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"NOT TESTED: a full disk, for no file system may be mounted here ({mounted.stderr.strip()})")
        self.addCleanup(subprocess.run, ["umount", self.out], check=True)
        for backend in BACKENDS:
            with self.subTest(backend=backend), EndlessSite(delay=0) as site:
                result = hocket("crawl", site.url, "--out", self.out, "-q", "--max-pages", 20000, backend=backend)
                self.assert_one_line(result, 1, rf"cannot write '{self.out}/\w+\.\w+': No space left on device")
                self.read_out()

    def test_a_directory_that_another_crawl_is_writing(self):
        with EndlessSite() as site:
            first = start("crawl", site.url, "--out", self.out)
            wait_until(lambda: site.asked > 5, "the crawl begins")
            second = hocket("crawl", site.url, "--out", self.out)
            first.kill()
            first.communicate()
        self.assert_one_line(second, 1, "is being written by another process")

    def test_an_earlier_crawl_is_replaced(self):
        with served(self.make_site()) as url:
            for _ in range(2):
                self.assertEqual(hocket("crawl", url + "index.html", "--out", self.out).returncode, 0)
        self.assertEqual(len(self.read_out()[0]), LINKS)

    def test_standard_output_that_is_full_is_no_crash(self):
        with served(self.make_site()) as url, open("/dev/full", "w") as full:
            result = subprocess.run(
                [program.path, "crawl", url, "--out", self.out], env=environment("epoll"), stdout=full, stderr=subprocess.PIPE, timeout=WAIT
            )
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr.decode(), r"^hocket crawl: cannot write to standard output: No space left on device\n$")


class Crawl(AppTest):
    def test_a_site(self):
        site = self.make_site()
        for backend in BACKENDS:
            with self.subTest(backend=backend), served(site, backend) as url:
                out = self.folder / backend
                result = hocket("crawl", url + "index.html", "--out", out, backend=backend)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertRegex(
                    result.stdout,
                    rf"^4 pages \(3 ok, 1 failed\), {LINKS} links in \d+\.\d\d s -> {out}/links\.tsv, {out}/pages\.jsonl\n$",
                )
                rows, pages = self.read_out(out)
                self.assertEqual(len(rows), LINKS)
                self.assertEqual({page["url"].removeprefix(url) for page in pages}, {"index.html", "a.html", "sub/", "missing.html"})
                summary = json.loads((out / "summary.json").read_text())
                self.assertEqual(summary["pages"], 4)
                self.assertEqual(summary["skipped"], {"nofollow": 1, "scope": 1})
                self.assertGreater(summary["max_rss_bytes"], 1_000_000)

    def test_depth_0_is_the_seeds_only(self):
        with served(self.make_site()) as url:
            result = hocket("crawl", url + "index.html", url + "a.html", "--depth", 0, "--out", self.out)
        self.assertRegex(result.stdout, "^2 pages ")

    def test_json(self):
        with served(self.make_site()) as url:
            result = hocket("crawl", url + "index.html", "--json", "--out", self.out)
        self.assertEqual(json.loads(result.stdout)["pages"], 4)
        self.assertEqual(result.stderr, "")

    def test_quiet_says_nothing(self):
        with served(self.make_site()) as url:
            result = hocket("crawl", url + "index.html", "-q", "--out", self.out)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))

    def test_verbose_names_each_page_and_each_reason(self):
        with served(self.make_site()) as url:
            result = hocket("crawl", url + "index.html", "-v", "--out", self.out)
        self.assertRegex(result.stderr, rf"(?m)^200 {url}a\.html \(2 links, \d+ ms\)$")
        self.assertRegex(result.stderr, rf"(?m)^failed {url}missing\.html: 404 Not Found$")
        self.assertRegex(result.stderr, rf"(?m)^skipped {url}sub/b\.html: nofollow$")
        self.assertRegex(result.stderr, r"(?m)^skipped http://elsewhere\.invalid/: scope$")
        self.assertRegex(result.stdout, "^4 pages ")

    def test_shows_no_control_characters_of_a_server(self):
        answer = ("HTTP/1.1 302 Found\r\nLocation: mailto:\x9b31m\u202ex\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").encode()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                with contextlib.suppress(OSError):
                    while True:
                        with listener.accept()[0] as peer:
                            peer.recv(4096)
                            peer.sendall(answer)
            threading.Thread(target=serve, daemon=True).start()
            result = hocket("crawl", f"http://127.0.0.1:{listener.getsockname()[1]}/", "--out", self.out, "-v", "--ignore-robots")
        self.assertEqual(result.returncode, 1)
        self.assertIn("mailto:%C2%9B31m%E2%80%AEx", result.stderr)  # as a URL is written
        for character in (result.stdout + result.stderr).replace("\n", ""):
            self.assertNotIn(unicodedata.category(character), ("Cc", "Cf"))

    def test_a_password_stands_in_no_file_and_on_no_terminal(self):
        with served(self.make_site()) as url:
            seed = url.replace("http://", "http://me:secret@") + "nothing.html"
            result = hocket("crawl", seed, url, "-v", "--out", self.out, "--frontier", self.folder / "f", "--report", "--graph", "dot")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("secret", result.stdout + result.stderr)
        for path in [*self.out.rglob("*"), *(self.folder / "f").rglob("*")]:
            self.assertNotIn(b"secret", path.read_bytes(), path)

    def test_the_default_directory_is_out(self):
        with served(self.make_site()) as url:
            self.assertEqual(hocket("crawl", url, cwd=self.folder).returncode, 0)
        self.read_out(self.folder / "out")

    def test_a_dead_server(self):
        result = hocket("crawl", f"http://127.0.0.1:{free_port()}/", "--retries", 0, "--out", self.out)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stdout, r"\(0 ok, 1 failed\)")
        self.assertRegex(result.stderr, r"^hocket crawl: no page was fetched; .*Connection refused\n$")
        self.assertIn("Connection refused", self.read_out()[1][0]["error"])

    def test_a_seed_that_robots_txt_disallows(self):
        site = self.make_site()
        (site / "robots.txt").write_text("User-agent: *\nDisallow: /\n")
        with served(site) as url:
            reason = f"{url} is disallowed by robots.txt; --ignore-robots fetches it"
            result = hocket("crawl", url, "--out", self.out)
            self.assertEqual((result.returncode, result.stderr), (1, f"hocket crawl: {reason}\nhocket crawl: no page was fetched\n"))
            result = hocket("crawl", url, "--out", self.out, "-q")
            self.assertEqual((result.returncode, result.stderr), (1, f"hocket crawl: no page was fetched; {reason}\n"))

    def test_pages_that_are_all_missing(self):
        with served(self.make_site()) as url:
            self.assertEqual(hocket("crawl", url + "nothing.html", "--out", self.out).returncode, 1)

    def test_progress_in_plain_lines_without_a_terminal(self):
        with EndlessSite(delay=0.5) as site:
            crawl = start("crawl", site.url, "--out", self.out)
            line = crawl.stderr.readline()
            crawl.kill()
            crawl.communicate()
        self.assertRegex(line, rf"^{PROGRESS}\n$")

    def watch(self, how):
        """What a terminal shows while a site is crawled."""
        master, slave = pty.openpty()
        with EndlessSite() as site:
            crawl = start("crawl", site.url, "--max-pages", 200, "--out", self.out, "--progress", how, stderr=slave)
            os.close(slave)
            crawl.communicate(timeout=WAIT)
        shown = b""
        with contextlib.suppress(OSError):  # EIO: the other side has closed
            while piece := os.read(master, 65536):
                shown += piece
        os.close(master)
        return shown.decode()

    def test_progress_in_one_live_line_on_a_terminal(self):
        shown = self.watch("auto")
        self.assertRegex(shown, rf"\r{PROGRESS}  ETA \d+:\d\d\.\d\x1b\[K")
        self.assertNotIn("\n", shown)
        self.assertTrue(shown.endswith("\r\x1b[K"), "the live line stays")

    def test_progress_never(self):
        self.assertEqual(self.watch("never"), "")

    def test_progress_always(self):
        with EndlessSite() as site:
            result = hocket("crawl", site.url, "--max-pages", 200, "--out", self.out, "--progress", "always")
        self.assertRegex(result.stderr, PROGRESS)


class Interrupted(AppTest):
    def begin(self, site, backend, *arguments):
        crawl = start("crawl", site.url, "--out", self.out, *arguments, backend=backend)
        wait_until(lambda: site.asked > 20, "the crawl begins")
        return crawl

    def test_once_finishes_what_is_under_way(self):
        for backend in BACKENDS:
            with self.subTest(backend=backend), EndlessSite() as site:
                crawl = self.begin(site, backend)
                crawl.send_signal(signal.SIGINT)
                out, error = crawl.communicate(timeout=WAIT)
                self.assertEqual(crawl.returncode, 130, error)
                self.assertRegex(out, r"(?m)^interrupted: [\d,]+ known URLs were not fetched")
                rows, pages = self.read_out()
                summary = json.loads((self.out / "summary.json").read_text())
                self.assertEqual(summary["links"], len(rows))
                self.assertEqual(summary["pages"], len(pages))
                self.assertEqual(summary["failed"], 0)
                self.assertGreater(summary["skipped"]["interrupted"], 0)
                listed = {page["final_url"] for page in pages}
                self.assertTrue({row.partition("\t")[0] for row in rows} <= listed)

    def test_twice_stops_at_once(self):
        for backend in BACKENDS:
            with self.subTest(backend=backend), EndlessSite() as site:
                crawl = self.begin(site, backend)
                site.delay = 1000
                time.sleep(0.1)
                crawl.send_signal(signal.SIGINT)
                time.sleep(0.2)
                self.assertIsNone(crawl.poll())
                crawl.send_signal(signal.SIGINT)
                crawl.communicate(timeout=10)
                self.assertIn(crawl.returncode, (-signal.SIGINT, 130))
                self.read_out()

    def test_killed_it_leaves_complete_lines(self):
        for backend in BACKENDS:
            for delay in (0.3, 0.7, 1.1, 1.5, 2.3):
                with self.subTest(backend=backend, delay=delay), EndlessSite(delay=0) as site:
                    crawl = self.begin(site, backend, "-q", "--per-host", "16")
                    time.sleep(delay)
                    crawl.kill()
                    crawl.communicate(timeout=WAIT)
                    self.assertEqual(crawl.returncode, -signal.SIGKILL)
                    rows, pages = self.read_out()
                    if delay > 2:
                        self.assertGreater(len(rows), 0)
                        self.assertGreater(len(pages), 0)


class Serve(AppTest):
    def test_prints_where_it_serves(self):
        server = start("serve", self.make_site(), "--port", 0)
        line = server.stdout.readline()
        self.assertRegex(line, rf"^serving {self.folder}/site at http://127\.0\.0\.1:[1-9]\d*/ \(Ctrl-C stops\)\n$")
        server.terminate()
        server.communicate(timeout=WAIT)

    def test_a_directory_that_is_not_there(self):
        result = hocket("serve", self.folder / "nothing")
        self.assert_one_line(result, 1, f"cannot serve '{self.folder}/nothing': No such file or directory", who="hocket serve")

    def test_a_file_is_no_directory(self):
        (self.folder / "file").write_text("")
        self.assert_one_line(hocket("serve", self.folder / "file"), 1, "Not a directory", who="hocket serve")

    def test_no_directory_given(self):
        self.assert_one_line(hocket("serve"), 2, "DIR", who="hocket serve")

    def test_bad_ports(self):
        for port in ("-1", "65536", "x", ""):
            self.assert_one_line(hocket("serve", self.folder, f"--port={port}"), 2, "--port", who="hocket serve")

    def test_a_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            result = hocket("serve", self.folder, "--port", port)
        self.assert_one_line(result, 1, f"cannot listen at 127.0.0.1:{port}: Address already in use", who="hocket serve")

    def test_an_address_that_is_not_ours(self):
        result = hocket("serve", self.folder, "--host", "192.0.2.1")
        self.assert_one_line(result, 1, "cannot listen at 192.0.2.1:8000", who="hocket serve")

    def test_bad_numbers_of_loops(self):
        for number in ("0", "-1", "257", "x", "1.5", ""):
            self.assert_one_line(hocket("serve", self.folder, f"--loops={number}"), 2, "--loops", who="hocket serve")

    def test_errors_of_all_loops_are_one_line(self):
        result = hocket("serve", self.folder / "nothing", "--loops", 4)
        self.assert_one_line(result, 1, f"cannot serve '{self.folder}/nothing': No such file or directory", who="hocket serve")
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # would share
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            result = hocket("serve", self.folder, "--port", port, "--loops", 4)
        self.assert_one_line(result, 1, f"cannot listen at 127.0.0.1:{port}: Address already in use", who="hocket serve")

    def test_serves_on_several_loops_and_counts_the_requests_of_all(self):
        for backend in BACKENDS:
            for number, code in ((signal.SIGTERM, 0), (signal.SIGINT, 130)):
                with self.subTest(backend=backend, signal=number):
                    server = start("serve", self.make_site(), "--port", 0, "--loops", 3, backend=backend)
                    port = int(re.search(r":(\d+)/ ", server.stdout.readline()).group(1))
                    with contextlib.ExitStack() as idle:
                        for _ in range(60):
                            client = idle.enter_context(socket.create_connection(("127.0.0.1", port), timeout=WAIT))
                            client.sendall(b"GET /a.html HTTP/1.1\r\nHost: x\r\n\r\n")
                            self.assertIn(b"200 OK", client.recv(65536))
                        threads = pathlib.Path(f"/proc/{server.pid}/task").glob("*/comm")
                        names = {thread.read_text().strip() for thread in threads}
                        self.assertLessEqual({"serve-0", "serve-1", "serve-2"}, names)
                        server.send_signal(number)
                        out, error = server.communicate(timeout=WAIT)
                    self.assertEqual((out, error, server.returncode), ("stopped after 60 requests\n", "", code))

    def end_by(self, number, backend):
        server = start("serve", self.make_site(), "--port", 0, backend=backend)
        url = server.stdout.readline()
        port = int(re.search(r":(\d+)/ ", url).group(1))
        with socket.create_connection(("127.0.0.1", port), timeout=WAIT) as idle:
            idle.sendall(b"GET /a.html HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b"200 OK", idle.recv(65536))
            server.send_signal(number)
            out, error = server.communicate(timeout=WAIT)  # an idle connection is no reason to wait
        self.assertEqual(error, "")
        self.assertEqual(out, "stopped after 1 requests\n")
        return server.returncode

    def test_sigterm_ends_it_in_order(self):
        for backend in BACKENDS:
            with self.subTest(backend=backend):
                self.assertEqual(self.end_by(signal.SIGTERM, backend), 0)

    def test_sigint_ends_it_in_order(self):
        for backend in BACKENDS:
            with self.subTest(backend=backend):
                self.assertEqual(self.end_by(signal.SIGINT, backend), 130)

    def test_sigterm_works_where_sigint_is_ignored(self):
        server = start("serve", self.make_site(), "--port", 0, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
        server.stdout.readline()
        server.terminate()
        server.communicate(timeout=WAIT)
        self.assertEqual(server.returncode, 0)


@unittest.skipUnless(REAL_SITE.is_dir(), f"NOT TESTED: a real site, for '{REAL_SITE}' is missing (Debian's postgresql-doc-15)")
class RealSite(AppTest):
    def test_the_crawl_finds_what_the_oracle_does(self):
        for backend in BACKENDS:
            with self.subTest(backend=backend), served(REAL_SITE, backend) as url:
                expected = self.folder / f"expected-{backend}"
                found = self.folder / f"found-{backend}"
                oracle = [sys.executable, ORACLE / "crawl_oracle.py", REAL_SITE, url, expected]
                subprocess.run(oracle, check=True, capture_output=True, timeout=WAIT * 5)
                result = hocket("crawl", url + "index.html", "--out", found, backend=backend)
                self.assertEqual(result.returncode, 0, result.stderr)
                verdict = subprocess.run([sys.executable, ORACLE / "compare.py", expected, found], capture_output=True, text=True)
                self.assertEqual(verdict.returncode, 0, verdict.stdout + verdict.stderr)


if __name__ == "__main__":
    sys.exit(program.main(__doc__))
