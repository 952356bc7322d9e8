#!/usr/bin/env python3
"""Crawls sites into WARC files and reads those with a reader of its own.

Usage: warc_test.py HOCKET [unittest options]
"""

import os
import re
import signal
import socketserver
import subprocess
import sys
import threading
import unittest
import zlib

import program
import warc_reader
from program import BACKENDS, AppTest, hocket, start, wait_until


class RawSite(socketserver.ThreadingTCPServer):
    """Answers each path with the bytes it was given, and keeps what it was asked. A path ends in "!": the connection ends behind it;
    in "...": it stays open and silent."""

    daemon_threads = True
    allow_reuse_address = True

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            while True:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    line = self.rfile.readline()
                    if not line:
                        return
                    head += line
                path = head.split(b" ")[1].decode()
                self.server.asked[path] = head
                self.wfile.write(self.server.answers.get(path, self.server.missing))
                if path.endswith("!"):
                    return
                if path.endswith("..."):
                    self.server.released.wait(program.WAIT)
                    return

    def __init__(self, answers):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.answers = answers
        self.asked = {}
        self.missing = answer(b"nothing", status="404 Not Found", content_type="text/plain")
        self.released = threading.Event()

    def handle_error(self, *_):
        pass

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.shutdown()
        self.server_close()


def answer(body, status="200 OK", content_type="text/html", fields=b"", length=None):
    length = len(body) if length is None else length
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n".encode() + fields + b"\r\n" + body
    )


def page(*links, rest=""):
    return ("".join(f'<a href="{link}">x</a>' for link in links) + rest).encode()


def chunked(*pieces):
    body = b"".join(b"%x;why=not\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return b"HTTP/1.1 200 Fine\r\ncontent-TYPE:text/html\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"


class Warc(AppTest):
    def crawl(self, site, *arguments, code=0, backend="epoll"):
        result = hocket("crawl", site.url(), "--out", self.out, "--warc", *arguments, backend=backend)
        self.assertEqual(result.returncode, code, result.stderr)
        records = warc_reader.read_all(self.out)
        self.assertEqual([], list(self.out.glob("*.open")))
        return records

    def of(self, records, kind, uri):
        found = [each for each in records if each.type == kind and each.uri == uri]
        self.assertEqual(len(found), 1, f"{kind} of {uri}")
        return found[0]

    def test_every_exchange_is_there_byte_for_byte(self):
        noise = os.urandom(700_000)
        answers = {
            "/": answer(page("chunked", "moved", "gone", "large", "early", "packed", "empty"), fields=b"Set-Cookie:   a=b  \r\nX-A: 1\r\nx-a: 2\r\n"),
            "/robots.txt": answer(b"User-agent: *\nDisallow: /private\n", content_type="text/plain"),
            "/chunked": chunked(page("a"), b"x" * 5000, b"end"),
            "/moved": answer(b"over there", status="302 Found", fields=b"Location: /there\r\n"),
            "/there": answer(b"here"),
            "/a": answer(b"a page", content_type="text/html; charset=utf-8"),
            "/large": answer(noise, content_type="application/octet-stream"),
            "/early": answer(b"later"),
            "/packed": answer(zlib.compress(page("a"), wbits=31), fields=b"Content-Encoding: gzip\r\n"),
            "/empty": answer(b""),
        }
        hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
        for backend in BACKENDS:
            with self.subTest(backend=backend), RawSite({**answers, "/early": hints + answers["/early"]}) as site:
                self.out = self.folder / backend
                records = self.crawl(site, backend=backend)
                for path in site.asked:
                    uri = site.url(path)
                    response = self.of(records, "response", uri)
                    self.assertEqual(response.block, answers.get(path, site.missing), path)
                    self.assertNotIn("WARC-Truncated", response.fields)
                    self.assertEqual(response.fields["WARC-IP-Address"], "127.0.0.1")
                    self.assertEqual(self.of(records, "request", uri).block, site.asked[path], path)
                    self.assertRegex(self.of(records, "metadata", uri).block, rb"\AfetchTimeMs: \d+\r\n\Z")
                self.assertEqual(len(records), 3 * len(site.asked))
                self.assertGreaterEqual(site.asked.keys(), answers.keys() | {"/gone"})

    def test_the_file_says_what_wrote_it(self):
        with RawSite({"/": answer(b"hello")}) as site:
            self.crawl(site, "--user-agent", "probe/1.0")
            about = warc_reader.read(self.out / "crawl-00000.warc.gz")[0].block.decode()
        self.assertRegex(about, r"(?m)^software: hocket \d+\.\d+\.\d+\r$")
        self.assertIn("http-header-user-agent: probe/1.0\r\n", about)
        self.assertIn("robots: obey\r\n", about)

    def test_the_same_content_again_is_a_revisit(self):
        same = page(rest="the same")
        with RawSite({"/": answer(page("one", "two")), "/one": answer(same), "/two": chunked(same)}) as site:
            records = self.crawl(site, "--concurrency", 1)
            first = self.of(records, "response", site.url("/one"))
            again = self.of(records, "revisit", site.url("/two"))
        self.assertEqual(again.fields["WARC-Refers-To"], first.id)
        self.assertTrue(again.fields["WARC-Profile"].endswith("/identical-payload-digest"))
        self.assertEqual(again.fields["WARC-Truncated"], "length")
        self.assertTrue(again.block.startswith(b"HTTP/1.1 200 Fine\r\n"))

    def test_not_modified_is_a_revisit(self):
        with RawSite({"/": b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'}) as site:
            records = self.crawl(site, "--ignore-robots")
            again = self.of(records, "revisit", site.url())
        self.assertTrue(again.fields["WARC-Profile"].endswith("/server-not-modified"))
        self.assertEqual(again.status, 304)

    def test_what_was_cut_off_says_why(self):
        long = page("a", rest="x" * 100_000)
        picture = os.urandom(100_000)
        with RawSite({
            "/": answer(page("long", "picture", "broken!", "slow...")),
            "/long": answer(long),
            "/picture": answer(picture, content_type="image/png"),
            "/broken!": answer(b"begun", length=100),
            "/slow...": answer(b"begun slowly", length=100),
        }) as site:
            records = self.crawl(site, "--ignore-robots", "--max-body", 50_000, "--retries", 0, "--timeout", 2)
            for path, why in (("/long", "length"), ("/picture", "length"), ("/broken!", "disconnect"), ("/slow...", "time")):
                cut = self.of(records, "response", site.url(path))
                self.assertEqual(cut.fields["WARC-Truncated"], why, path)
                self.assertTrue(site.answers[path].startswith(cut.block))
            self.assertGreaterEqual(len(self.of(records, "response", site.url("/picture")).content), 50_000)
            self.assertEqual(self.of(records, "response", site.url("/broken!")).content, b"begun")

    def test_files_are_begun_anew_when_they_are_large(self):
        pages = {f"/{n}": answer(os.urandom(20_000), content_type="image/png") for n in range(20)}
        with RawSite({"/": answer(page(*(f"/{n}" for n in range(20)))), **pages}) as site:
            records = self.crawl(site, "--ignore-robots", "--warc-size", 30_000, "--concurrency", 1)
        self.assertEqual(len(records), 3 * 21)
        self.assertGreater(len(list(self.out.glob("crawl-*.warc.gz"))), 1)

    def test_archives_of_earlier_crawls_stay(self):
        with RawSite({"/": answer(b"hello")}) as site:
            self.crawl(site)
            before = (self.out / "crawl-00000.warc.gz").read_bytes()
            self.crawl(site)
        self.assertEqual((self.out / "crawl-00000.warc.gz").read_bytes(), before)
        self.assertTrue((self.out / "crawl-00001.warc.gz").exists())

    def test_a_torn_file_is_cut_to_its_last_whole_record(self):
        with RawSite({"/": answer(page("a")), "/a": answer(b"a")}) as site:
            self.crawl(site, "--ignore-robots")
            closed = self.out / "crawl-00000.warc.gz"
            whole = closed.read_bytes()
            count = len(warc_reader.read(closed))
            member = zlib.decompressobj(wbits=31)
            member.decompress(whole)
            first = len(whole) - len(member.unused_data)
            for kept, records in ((len(whole), count), (len(whole) - 1, count - 1), (len(whole) - 9, count - 1), (first + 9, 1), (20, 0), (0, 0)):
                with self.subTest(kept=kept):
                    for path in self.out.glob("crawl-*"):
                        path.unlink()
                    (self.out / "crawl-00007.warc.gz.open").write_bytes(whole[:kept].replace(b"crawl-00000", b"crawl-00007"))
                    self.crawl_only(site)
                    left = self.out / "crawl-00007.warc.gz"
                    self.assertEqual(left.exists(), records > 0)
                    if records > 0:
                        self.assertEqual(self.count(left), records)
                    self.assertTrue((self.out / "crawl-00008.warc.gz").exists())

    def crawl_only(self, site):
        result = hocket("crawl", site.url(), "--out", self.out, "--warc", "--ignore-robots")
        self.assertEqual(result.returncode, 0, result.stderr)

    def count(self, path):
        rest, count = path.read_bytes(), 0
        while rest:
            member = zlib.decompressobj(wbits=31)
            warc_reader.Record(member.decompress(rest))
            self.assertTrue(member.eof)
            rest, count = member.unused_data, count + 1
        return count

    def test_without_it_no_archive_is_written(self):
        with RawSite({"/": answer(b"hello")}) as site:
            self.assertEqual(hocket("crawl", site.url(), "--out", self.out).returncode, 0)
        self.assertEqual([], list(self.out.glob("crawl-*")))

    def test_a_size_needs_an_archive(self):
        self.assert_one_line(hocket("crawl", "http://127.0.0.1/", "--warc-size", "1GB"), 2, "--warc")
        self.assert_one_line(hocket("crawl", "http://127.0.0.1/", "--warc", "--warc-size", "0"), 2, "--warc-size")

    def test_a_check_that_keeps_nothing_keeps_no_archive(self):
        self.assert_one_line(hocket("crawl", "http://127.0.0.1/", "--warc", "--check"), 2, "--out")

    def test_the_pages_are_the_same_with_it(self):
        with RawSite({"/": answer(page("a", "b.png")), "/a": chunked(page("/")), "/b.png": answer(b"x" * 70_000, content_type="image/png")}) as site:
            self.assertEqual(hocket("crawl", site.url(), "--out", self.out).returncode, 0)
            links, pages = self.read_out()
            self.crawl(site)
            archived_links, archived_pages = self.read_out()
        self.assertEqual(sorted(links), sorted(archived_links))
        what = lambda each: (each["url"], each["status"], each["error"], each["links"])
        self.assertEqual(sorted(map(what, pages)), sorted(map(what, archived_pages)))


class Killed(AppTest):
    def test_what_counts_as_fetched_is_in_the_archive(self):
        """Killed at any moment, and resumed, each page that pages.jsonl has is in the archive whole."""
        pages = {f"/{n}": answer(page(*(f"/{(n * 7 + k) % 400}" for k in range(4)), rest=f"<!-- {n} -->")) for n in range(400)}
        with RawSite({"/": answer(page(*(f"/{n}" for n in range(10)))), **pages}) as site:
            common = ["--out", self.out, "--warc", "--frontier", self.folder / "state", "--ignore-robots", "-q"]
            for n in range(4):
                run = start("crawl", *([] if n else [site.url()]), *(["--resume"] if n else []), *common)
                asked = len(site.asked)
                wait_until(lambda: len(site.asked) > asked + 60 or run.poll() is not None, "more pages are asked for")
                run.kill()
                run.communicate(timeout=program.WAIT)
            result = hocket("crawl", "--resume", *common)
            if "without RocksDB" in result.stderr:
                self.skipTest("built without RocksDB")
            self.assertEqual(result.returncode, 0, result.stderr)
        records = warc_reader.read_all(self.out)
        archived = {each.uri for each in records if each.type in ("response", "revisit")}
        listed = {each["url"] for each in self.read_out()[1]}
        self.assertEqual(len(listed), 401)
        self.assertEqual(listed - archived, set())


if __name__ == "__main__":
    sys.exit(program.main(__doc__))
