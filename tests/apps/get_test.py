#!/usr/bin/env python3
"""Runs hocket get as a user does, against a server that says what it was asked.

Usage: get_test.py HOCKET [unittest options]
"""

import contextlib
import fcntl
import gzip
import http.server
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import termios
import threading
import time
import unittest

import program
from program import BACKENDS, WAIT, AppTest, free_port, hocket, start, wait_until

PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin"
CONTENT = bytes(range(256)) * 1000


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length) if length else self.chunks() if "Transfer-Encoding" in self.headers else b""
            self.server.seen.append((self.command, self.path, dict(self.headers), body))
            name = self.path.strip("/").split("/")[0]
            getattr(self, "answer_" + name, self.answer_echo)(body)

        do_GET = do_POST = do_PUT = do_HEAD = answer

        def chunks(self):
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def say(self, status, body=b"", **fields):
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def answer_echo(self, body):
            self.say(200, body or b"hello\n", X_Kind="test")

        def answer_missing(self, _):
            self.say(404, b"nothing here\n")

        def answer_moved(self, _):
            self.say(302, b"moved\n", Location="/echo")

        def answer_packed(self, _):
            accepts = "gzip" in self.headers.get("Accept-Encoding", "")
            self.say(200, gzip.compress(b"unpacked\n"), Content_Encoding="gzip") if accepts else self.say(200, b"plain\n")

        def answer_large(self, _):
            begin = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            first = int(begin[1]) if begin else 0
            if first >= len(CONTENT):
                self.say(416, Content_Range=f"bytes */{len(CONTENT)}")
            elif begin:
                self.say(206, CONTENT[first:], Content_Range=f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}")
            else:
                self.say(200, CONTENT)

        def answer_breaking(self, _):
            """Of CONTENT, or of what is asked for, 100,000 bytes; then nothing more comes, or, if told to break off, the end."""
            begin = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")) if self.server.knows_ranges else None
            first = int(begin[1]) if begin else 0
            self.send_response(206 if begin else 200)
            self.send_header("Content-Length", str(len(CONTENT) - first))
            if begin:
                self.send_header("Content-Range", f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}")
            self.end_headers()
            self.wfile.write(CONTENT[first:first + 100_000])
            self.wfile.flush()
            if self.server.stands_still:
                time.sleep(30)
            self.close_connection = True

        def answer_odd(self, _):
            self.wfile.write(b"HTTP/1.1 302 Found \x9b31m\r\nLocation: http://[\x9b31m\xc2\x9b\xc3\xa4/\r\nContent-Length: 0\r\n\r\n")

        def answer_part(self, _):
            self.say(206, b"0123", Content_Range="bytes 0-3/10")

        def answer_slow(self, _):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"begun")
            self.wfile.flush()
            time.sleep(30)

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.seen = []
        self.knows_ranges = True
        self.stands_still = False

    def handle_error(self, *_):
        pass

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.server_port}{path}"

    @property
    def last(self):
        return self.seen[-1]


@contextlib.contextmanager
def name_server(*records):
    """dnsmasq, which knows these records and asks nobody; gives its address and port."""
    port = free_port()
    command = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file", "--log-facility=-"]
    command += ["--listen-address=127.0.0.2", "--bind-interfaces", "--user=root", f"--port={port}", *records]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PATH": PATH}) as server:
        try:
            while "started" not in (line := server.stderr.readline()):
                assert line, "dnsmasq did not start"
            yield f"127.0.0.2:{port}"
        finally:
            server.terminate()


@contextlib.contextmanager
def served():
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class Get(AppTest):
    def get(self, *arguments, **options):
        return hocket("get", *arguments, **options)

    def refused(self, result, code, line):
        self.assert_one_line(result, code, line, who="hocket get")

    def test_writes_the_body_to_standard_output(self):
        for backend in BACKENDS:
            with self.subTest(backend=backend), served() as server:
                result = self.get(server.url(), backend=backend)
                self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "hello\n", ""))
                self.assertRegex(server.last[2]["User-Agent"], r"^hocket/\d")

    def test_takes_several_urls_over_one_connection(self):
        with served() as server:
            result = self.get(server.url("/a"), server.url("/b"))
            self.assertEqual(result.stdout, "hello\nhello\n")
            self.assertEqual([seen[1] for seen in server.seen], ["/a", "/b"])

    def test_sends_fields_methods_and_who_one_is(self):
        with served() as server:
            self.get(server.url(), "-H", "X-One: 1", "--header", "X-Two:2", "-X", "PUT", "-u", "Aladdin:open sesame")
            method, _, fields, _ = server.last
            self.assertEqual((method, fields["X-One"], fields["X-Two"]), ("PUT", "1", "2"))
            self.assertEqual(fields["Authorization"], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")

    def test_sends_forms_and_json(self):
        text = self.folder / "text"
        text.write_text("c=3")
        with served() as server:
            self.assertEqual(self.get(server.url(), "-d", "a=1", "-d", "b=2", "--data", f"@{text}").stdout, "a=1&b=2&c=3")
            self.assertEqual(server.last[0], "POST")
            self.assertEqual(server.last[2]["Content-Type"], "application/x-www-form-urlencoded")
            self.assertEqual(self.get(server.url(), "--json", '{"a": 1}').stdout, '{"a": 1}')
            self.assertEqual(server.last[2]["Content-Type"], "application/json")
            self.assertEqual(self.get(server.url(), "--json", "").returncode, 0)
            method, _, fields, body = server.last
            self.assertEqual((method, fields["Content-Type"], fields["Content-Length"], body), ("POST", "application/json", "0", b""))

    def test_sends_files_of_a_form(self):
        report = self.folder / "report.txt"
        report.write_text("the report")
        with served() as server:
            self.get(server.url(), "-F", "title=Report", "-F", f"file=@{report}")
            method, _, fields, body = server.last
            self.assertEqual(method, "POST")
            self.assertIn("multipart/form-data; boundary=", fields["Content-Type"])
            self.assertEqual(int(fields["Content-Length"]), len(body))
            self.assertIn(b'name="title"\r\n\r\nReport\r\n', body)
            self.assertIn(b'filename="report.txt"', body)
            self.assertIn(b"\r\n\r\nthe report\r\n", body)

    def test_shows_status_and_fields_if_asked(self):
        with served() as server:
            with_head = self.get(server.url(), "-i").stdout
            self.assertRegex(with_head, r"^HTTP/1.1 200 OK\n(.*\n)*X-Kind: test\n(.*\n)*\nhello\n$")

    def test_follows_redirects_only_if_asked(self):
        with served() as server:
            self.assertEqual(self.get(server.url("/moved")).stdout, "moved\n")
            self.assertEqual(self.get(server.url("/moved"), "-L").stdout, "hello\n")

    def test_unpacks_if_asked(self):
        with served() as server:
            self.assertEqual(self.get(server.url("/packed")).stdout, "plain\n")
            self.assertEqual(self.get(server.url("/packed"), "--compressed").stdout, "unpacked\n")

    def test_an_error_of_the_server_is_the_exit_code_and_a_line(self):
        with served() as server:
            result = self.get(server.url("/missing"))
            self.assertEqual((result.returncode, result.stdout), (1, "nothing here\n"))
            self.assertEqual(result.stderr, f"hocket get: {server.url('/missing')}: 404 Not Found\n")

    def test_writes_to_files(self):
        with served() as server:
            self.assertEqual(self.get(server.url("/large"), "-o", self.out).returncode, 0)
            self.assertEqual(self.out.read_bytes(), CONTENT)
            self.assertEqual(self.get(server.url("/large/b%20c?d"), "-O", cwd=self.folder).returncode, 0)
            self.assertEqual((self.folder / "b c").read_bytes(), CONTENT)

    def test_leaves_the_file_alone_if_it_fails(self):
        self.out.write_text("old")
        with served() as server:
            self.assertEqual(self.get(server.url("/missing"), "-o", self.out).returncode, 1)
            self.assertEqual(self.get(server.url("/slow"), "-o", self.out, "--timeout", "0.3").returncode, 1)
        self.assertEqual(self.out.read_text(), "old")
        self.assertEqual(os.listdir(self.folder), ["out"])

    def test_does_not_go_on_where_a_file_is_longer_than_what_there_is(self):
        with served() as server, open(self.out, "wb") as out:
            out.write(CONTENT + b"more")
            out.flush()
            self.refused(self.get(server.url("/large"), "-C", "-o", self.out), 1, "has 256004 bytes, and there are fewer")

    def test_goes_on_where_a_file_ends(self):
        with served() as server:
            self.out.write_bytes(CONTENT[:1000])
            self.assertEqual(self.get(server.url("/large"), "-o", self.out, "-C").returncode, 0)
            self.assertEqual(self.out.read_bytes(), CONTENT)
            self.assertEqual(server.last[2]["Range"], "bytes=1000-")
            self.assertEqual(self.get(server.url("/large"), "-o", self.out, "-C").returncode, 0)
            self.assertEqual(self.out.read_bytes(), CONTENT)

    def test_goes_on_with_what_it_has_begun_itself(self):
        for backend in BACKENDS:
            with self.subTest(backend=backend), served() as server:
                out = self.folder / backend
                for size, code in ((100_000, 1), (200_000, 1), (256_000, 0)):
                    result = self.get(server.url("/breaking"), "-C", "-o", out, backend=backend)
                    self.assertEqual((result.returncode, out.read_bytes()), (code, CONTENT[:size]), result.stderr)
                self.assertEqual([seen[2].get("Range") for seen in server.seen], [None, "bytes=100000-", "bytes=200000-"])
                self.assertEqual(self.get(server.url("/breaking"), "-o", out, backend=backend).returncode, 1)
                self.assertEqual(out.read_bytes(), CONTENT, "without --continue the old one stays")

    def test_goes_on_after_an_interruption_or_a_time_out(self):
        for number in (signal.SIGINT, signal.SIGTERM, None):
            with self.subTest(signal=number), served() as server:
                out = self.folder / f"of {number}"
                server.stands_still = True
                if number is None:
                    self.assertEqual(self.get(server.url("/breaking"), "-C", "-o", out, "--timeout", "2").returncode, 1)
                else:
                    running = start("get", server.url("/breaking"), "-C", "-o", out)
                    wait_until(lambda: out.exists() and out.stat().st_size == 100_000, "the first bytes")
                    running.send_signal(number)
                    running.communicate(timeout=WAIT)
                    self.assertEqual(running.returncode, 130)
                self.assertEqual(out.read_bytes(), CONTENT[:100_000])
                self.assertEqual(self.get(server.url("/large"), "-C", "-o", out).returncode, 0)
                self.assertEqual(out.read_bytes(), CONTENT)

    def test_keeps_what_it_cannot_go_on_with_until_all_has_come(self):
        with served() as server:
            server.knows_ranges = False
            self.out.write_text("old")
            self.assertEqual(self.get(server.url("/breaking"), "-C", "-o", self.out).returncode, 1)
            self.assertEqual(self.out.read_text(), "old")
            self.assertEqual(os.listdir(self.folder), ["out"])

    def test_saves_no_part_that_it_has_not_asked_for(self):
        with served() as server:
            for options in ((), ("-C",)):
                self.refused(self.get(server.url("/part"), "-o", self.out, *options), 1, "a part, and nobody has asked")
                self.assertFalse(self.out.exists())
            self.assertEqual(self.get(server.url("/part"), "-o", self.out, "-H", "Range: bytes=0-3").returncode, 0)
            self.assertEqual(self.out.read_bytes(), b"0123")

    def test_keeps_the_mode_of_a_file_and_links_to_it(self):
        there = self.folder / "there"
        there.write_text("old")
        there.chmod(0o640)
        self.out.symlink_to("there")
        with served() as server:
            self.assertEqual(self.get(server.url(), "-o", self.out).returncode, 0)
        self.assertTrue(self.out.is_symlink())
        self.assertEqual((there.read_text(), there.stat().st_mode & 0o7777), ("hello\n", 0o640))

    def test_refuses_names_that_lead_elsewhere(self):
        with served() as server:
            for path in ("/", "/a/", "/..%2f..%2fetc%2fpasswd", "/%2e%2E", "/a%00b"):
                self.refused(self.get(server.url(path), "-O", cwd=self.folder), 2, "names no file|not a valid URL")
            self.assertEqual(os.listdir(self.folder), [])

    def test_tells_where_the_time_goes(self):
        with served() as server:
            result = self.get(server.url(), "--timing")
            self.assertRegex(result.stderr, r"^HTTP/1.1, connect [\d.]+ ms, wait [\d.]+ ms, body [\d.]+ ms, total [\d.]+ ms\n$")

    def test_shows_a_bar_if_asked(self):
        with served() as server:
            result = self.get(server.url("/large"), "-o", self.out, "--progress", "always")
            self.assertRegex(result.stderr, r" +\d+ % \[#* *\]")
            self.assertTrue(result.stderr.endswith("\x1b[K"))
            self.assertEqual(self.get(server.url("/large"), "-o", self.out).stderr, "")

    def test_goes_through_a_proxy(self):
        with served() as server:
            self.assertEqual(self.get("http://nowhere.invalid/a", "--proxy", server.url()).stdout, "hello\n")
            self.assertEqual(server.last[1], "http://nowhere.invalid/a")
            os.environ["http_proxy"] = server.url()
            self.addCleanup(os.environ.pop, "http_proxy")
            self.assertEqual(self.get("http://nowhere.invalid/b").stdout, "hello\n")
            self.assertEqual(server.last[1], "http://nowhere.invalid/b")
            self.assertEqual(self.get(server.url("/c"), "--proxy", "").stdout, "hello\n")
            self.assertEqual(server.last[1], "/c")

    def test_says_that_it_is_the_proxy_that_it_cannot_reach(self):
        dead = f"127.0.0.1:{free_port()}"
        for scheme in ("http", "https", "socks5"):
            for target in ("http://example.invalid/", "https://example.invalid/"):
                self.refused(self.get(target, "--proxy", f"{scheme}://{dead}"), 1,
                             f": cannot connect to the proxy {scheme}://{dead}: Connection refused")

    def test_shows_nothing_that_a_terminal_would_obey(self):
        with served() as server:
            self.refused(self.get(server.url("/odd"), "-L"), 1, "redirected to 'http://\\[\ufffd31m\ufffdä/'")
            terminal, its_end = pty.openpty()
            subprocess.run([program.path, "get", "-i", server.url("/odd")], stdout=its_end, timeout=WAIT, check=True)
            os.close(its_end)
            with open(terminal, "rb", buffering=0) as screen:
                head = screen.read(4096).decode()
            self.assertIn("302 Found \ufffd31m", head)
            self.assertIn("Location: http://[\ufffd31m\ufffdä/", head)
            head = subprocess.run([program.path, "get", "-i", server.url("/odd")], stdout=subprocess.PIPE, timeout=WAIT, check=True).stdout
            self.assertIn(b"Location: http://[\x9b31m\xc2\x9b\xc3\xa4/", head, "to a program as it came")

    def test_errors_are_one_line(self):
        port = program.free_port()
        self.refused(self.get(f"http://127.0.0.1:{port}/"), 1, "Connection refused")
        self.refused(self.get("ftp://127.0.0.1/"), 2, "not an http")
        self.refused(self.get("example"), 2, "not an http")
        self.refused(self.get(), 2, "required")
        self.refused(self.get("http://127.0.0.1/", "-H", "no colon"), 2, "has no name")
        self.refused(self.get("http://127.0.0.1/", "-H", "a: b\nc: d"), 2, "control character")
        self.refused(self.get("http://127.0.0.1/", "-d", "@/nowhere"), 1, "/nowhere")
        self.refused(self.get("http://127.0.0.1/", "-d", "a", "--json", "b"), 2, "exclude")
        self.refused(self.get("http://127.0.0.1/", "-C"), 2, "needs --output")
        self.refused(self.get("http://127.0.0.1/", "--proxy", "ftp://x"), 2, "proxy")
        self.refused(self.get("http://127.0.0.1/", "http://127.0.0.1/", "-o", "x"), 2, "several")
        self.refused(self.get("http://127.0.0.1/", "--cafile", "/nowhere"), 2, "/nowhere")
        self.refused(self.get("http://127.0.0.1/", "-o", ""), 2, "a file without a name")
        self.refused(self.get("http://127.0.0.1/", "-X", "A B"), 2, "'A B' is no method")
        self.refused(self.get("http://127.0.0.1/", "-X", ""), 2, "'' is no method")
        self.refused(self.get("http://127.0.0.1/", "-X", "CONNECT"), 2, "see --proxy")
        self.refused(self.get("http://127.0.0.1/", "-H", "content-length: 3"), 2, "'Content-Length': that follows from what is sent")
        self.refused(self.get("http://127.0.0.1/", "-H", "Transfer-Encoding: chunked"), 2, "follows from what is sent")

    def test_errors_tell_no_password(self):
        port = program.free_port()
        for arguments, code, line in (
            ((f"http://user:secret@127.0.0.1:{port}/",), 1, f"http://127.0.0.1:{port}/: "),
            ((f"http://user:secret@127.0.0.1:{port}/", "-O"), 2, f"'http://127.0.0.1:{port}/' names no file"),
            (("http://user:secret@127.0.0.1:99999/",), 2, "not a valid URL: 'http://[*]{3}@127.0.0.1:99999/'"),
            (("user:secret@127.0.0.1",), 2, "not an http.s. URL: '[*]{3}@127.0.0.1'"),
            (("ftp://user:secret@127.0.0.1/",), 2, "not an http.s. URL: 'ftp://127.0.0.1/'"),
        ):
            ended = self.get(*arguments)
            self.refused(ended, code, line)
            self.assertNotIn("secret", ended.stderr)

    def test_sends_standard_input_and_pipes(self):
        with served() as server:
            for option in ("-d", "--json"):
                self.assertEqual(self.get(server.url("/echo"), option, "@-", input="what comes").stdout, "what comes")
            sent = self.get(server.url("/echo"), "-F", "file=@/dev/stdin", input="what comes").stdout
            self.assertIn("\n\nwhat comes\n", sent)
        self.refused(self.get("http://127.0.0.1/", "http://127.0.0.1/", "-d", "@-"), 2, "one URL only")

    def test_prints_to_nothing_but_standard_output(self):
        with served() as server:
            for redirection, why in ((">&-", "Bad file descriptor"), (">/dev/full", "No space left on device")):
                ended = subprocess.run(["sh", "-c", f'"$0" "$@" {redirection}', program.path, "get", server.url("/echo")],
                                       text=True, capture_output=True, timeout=WAIT)
                self.refused(ended, 1, "cannot write to standard output: " + why)

    def filling_a_pipe(self, server, *arguments, backend):
        """Asks for more than a pipe takes, of which nobody reads."""
        running = start("get", server.url("/large"), *arguments, backend=backend)
        room = fcntl.fcntl(running.stdout, fcntl.F_GETPIPE_SZ)
        waiting = lambda: int.from_bytes(fcntl.ioctl(running.stdout, termios.FIONREAD, b"    "), sys.byteorder)
        wait_until(lambda: waiting() > room // 2, "a full pipe")
        return running

    def ends(self, running, code):
        self.assertEqual(running.wait(WAIT), code)
        with running.stdout, running.stderr:
            return running.stderr.read()

    def test_waits_for_standard_output_no_longer_than_it_may_take(self):
        for backend in BACKENDS:
            with self.subTest(backend=backend), served() as server:
                errors = self.ends(self.filling_a_pipe(server, "--timeout", "2", backend=backend), 1)
                self.assertEqual(errors, f"hocket get: {server.url('/large')}: standard output takes no more, and time is up\n")

    def test_is_interrupted_while_standard_output_takes_nothing(self):
        for backend in BACKENDS:
            for number in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(backend=backend, number=number), served() as server:
                    running = self.filling_a_pipe(server, backend=backend)
                    running.send_signal(number)
                    self.assertEqual(self.ends(running, 130), "")

    def test_is_interrupted_in_order(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with served() as server:
                running = start("get", server.url("/slow"), "-o", self.out)
                wait_until(lambda: server.seen, "the request")
                running.send_signal(number)
                _, errors = running.communicate(timeout=program.WAIT)
                self.assertEqual((running.returncode, errors), (130, ""))
                self.assertEqual(os.listdir(self.folder), [])


@unittest.skipUnless(shutil.which("dnsmasq", path=PATH), "NOT TESTED: dnsmasq is not installed (scripts/setup peers)")
class NameServer(AppTest):
    def test_finds_hosts_that_the_system_does_not_know(self):
        with served() as server, name_server("--host-record=web.example,127.0.0.1") as names:
            url = f"http://web.example:{server.server_port}/"
            for backend in BACKENDS:
                with self.subTest(backend=backend):
                    got = hocket("get", url + "echo", "--dns-server", names, backend=backend)
                    self.assertEqual((got.returncode, got.stdout, got.stderr), (0, "hello\n", ""))
                    self.assertEqual(server.last[2]["Host"], f"web.example:{server.server_port}")
                    crawled = hocket("crawl", url, "--depth", 0, "--quiet", "--out", self.out, "--dns-server", names, backend=backend)
                    self.assertEqual((crawled.returncode, crawled.stderr), (0, ""))
                    self.assertEqual([page["url"] for page in self.read_out()[1]], [url])

    def test_tells_which_names_there_are_not_and_who_said_so(self):
        with name_server("--host-record=web.example,127.0.0.1", "--local=/example/") as names:
            got = hocket("get", "http://other.example/", "--dns-server", names)
            self.assert_one_line(got, 1, rf"other\.example: there is no such name \(asked {re.escape(names)}\)", who="hocket get")
            began = time.monotonic()
            crawled = hocket("crawl", "http://other.example/", "--out", self.out, "--quiet", "--dns-server", names)
            self.assert_one_line(crawled, 1, "no such name")
            self.assertLess(time.monotonic() - began, WAIT / 2)

    def test_that_is_none_is_refused(self):
        for wrong in ["web.example", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "[::1", ""]:
            with self.subTest(server=wrong):
                for command in ["get", "crawl"]:
                    result = hocket(command, "http://127.0.0.1/", f"--dns-server={wrong}")
                    self.assertEqual((result.returncode, result.stdout), (2, ""))
                    self.assertEqual(result.stderr.count("\n"), 1, result.stderr)


if __name__ == "__main__":
    sys.exit(program.main(__doc__))
