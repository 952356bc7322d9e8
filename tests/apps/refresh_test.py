#!/usr/bin/env python3
"""Runs `hocket crawl --refresh` against a site that changes, and compares what it leaves with a crawl that knows nothing of an earlier one.

Usage: refresh_test.py HOCKET [unittest options]
"""

import fcntl
import hashlib
import http.server
import json
import signal
import sys
import threading
import unittest

import program
import warc_reader
from program import BACKENDS, WAIT, AppTest, hocket, start, wait_until

FILES = ["links.tsv", "nofollow.tsv", "resources.tsv", "anchors.tsv", "fragments.tsv"]
MODIFIED = "Sun, 01 Nov 2026 10:00:00 GMT"


class Site(http.server.ThreadingHTTPServer):
    """Pages by path: a body, or a number and a place to be redirected to. Each has an entity tag, or all the same date."""

    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            site = self.server
            if site.gate is not None and self.path != "/robots.txt":
                site.waiting.set()
                site.gate.wait(WAIT)
            body = site.pages.get(self.path)
            if body is None:
                return self.answer(404, {"Content-Type": "text/plain"}, "not here")
            if isinstance(body, tuple):
                return self.answer(body[0], {"Location": body[1]}, "")
            tag = f'"{hashlib.sha1(body.encode()).hexdigest()}"'
            state = {"Last-Modified": MODIFIED} if site.by_date else {"ETag": tag}
            is_known = self.headers.get("If-Modified-Since") == MODIFIED if site.by_date else self.headers.get("If-None-Match") == tag
            if is_known:
                site.not_modified.append(self.path)
                self.send_response(304)
                self.send_header(*next(iter(state.items())))
                return self.end_headers()
            site.sent.append(self.path)
            kind = "image/png" if self.path.endswith(".png") else "text/html; charset=utf-8"
            self.answer(200, {"Content-Type": kind, **state}, body)

        def answer(self, status, fields, body):
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.pages = {}
        self.by_date = False
        self.gate = None
        self.waiting = threading.Event()
        self.forget()

    def forget(self):
        self.sent = []
        self.not_modified = []

    def handle_error(self, *_):
        pass

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"


def fill(pages):
    """Twenty pages with all that a page may have."""
    names = [f"p{n}" for n in range(20)]
    links = "".join(f'<a href="/{name}">x</a>' for name in names)
    pages["/"] = f'<title>Home</title>{links}<a href="/old">o</a><a href="/gone">g</a><a rel=nofollow href="/left">l</a>'
    for n, name in enumerate(names):
        pages["/" + name] = (
            f'<link rel=canonical href="/{name}"><h1 id="a%20b ü">{name}</h1><img src="/{name}.png" srcset="/a.png 2x">'
            f'<a href="/p{(n * 7 + 1) % 20}#top2">n</a><a href="/p{(n + 3) % 20}#a%2520b">n</a><a rel=nofollow href="/left">l</a>'
        )
    pages["/p3"] = '<meta name=robots content="nofollow,noindex"><a href="/hidden">h</a><a href="/p4">4</a>'
    pages["/p5"] = '<link rel=alternate hreflang=de href="/de"><a href="/image.png">i</a><base href="/sub/"><a href="x">x</a>'
    pages["/sub/x"] = "a leaf"
    pages["/image.png"] = "png"
    pages["/old"] = (301, "/p19")
    pages["/moved"] = (302, "/sub/y")
    pages["/sub/y"] = "another"
    pages["/p6"] = '<a href="/moved">m</a>'


def change(pages):
    pages["/p1"] += '<a href="/fresh">f</a>'
    pages["/fresh"] = '<a href="/">home</a>'
    pages["/p7"] = "nothing any more"
    del pages["/p8"]
    pages["/gone"] = "here again"
    pages["/old"] = (301, "/p18")
    pages["/image.png"] = "another png"


class RefreshTest(AppTest):
    OPTIONS = ["--elements", "all", "--check-fragments"]

    def setUp(self):
        super().setUp()
        self.site = Site()
        threading.Thread(target=self.site.serve_forever, args=(0.05,), daemon=True).start()
        self.addCleanup(self.site.server_close)
        self.addCleanup(self.site.shutdown)
        fill(self.site.pages)

    def crawl(self, *options, out=None, backend="epoll", code=0):
        self.site.forget()
        result = hocket("crawl", self.site.url, "--out", out or self.out, *options, backend=backend)
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def files(self, out=None):
        """What a crawl left, as far as it does not depend on when it was made."""
        folder = out or self.out
        found = {name: sorted((folder / name).read_text().splitlines()) for name in FILES if (folder / name).exists()}
        pages = [json.loads(line) for line in (folder / "pages.jsonl").read_text().splitlines()]
        for page in pages:
            del page["ms"]
            page.pop("archived", None)
        found["pages.jsonl"] = sorted(pages, key=lambda page: page["url"])
        summary = json.loads((folder / "summary.json").read_text())
        return found | {name: summary[name] for name in ("pages", "ok", "failed", "skipped", "links", "bytes")}

    def bytes(self):
        return {path.name: path.read_bytes() for path in self.out.iterdir()}

    def changes(self):
        header, *rows = (self.out / "changes.tsv").read_text().splitlines()
        self.assertEqual(header, "change\turl\tdetail")
        return sorted(row.replace(self.site.url, "/").replace("\t", " ") for row in rows)


class Result(RefreshTest):
    def test_is_that_of_a_crawl_of_the_site_as_it_is_now(self):
        for backend in BACKENDS:
            for options in ([], self.OPTIONS, ["--depth", 2], ["--ignore-robots"]):
                with self.subTest(backend=backend, options=options):
                    self.site.pages.clear()
                    fill(self.site.pages)
                    self.crawl(*options, backend=backend)
                    change(self.site.pages)
                    self.crawl("--refresh", *options, backend=backend)
                    self.assertGreater(len(self.site.not_modified), 10)
                    self.assertIn("/p1", self.site.sent)
                    self.crawl(*options, out=self.folder / "anew", backend=backend)
                    self.assertEqual(self.files(), self.files(self.folder / "anew"))
                    self.assertEqual([path.name for path in self.out.iterdir() if path.name.startswith(".")], [])

    def test_is_the_same_again_where_nothing_has_changed(self):
        self.crawl(*self.OPTIONS)
        before = self.files()
        for _ in range(2):
            result = self.crawl("--refresh", *self.OPTIONS)
            self.assertEqual(self.site.sent, [])
            self.assertEqual(self.files(), before)
            self.assertEqual(self.changes(), [])
            self.assertIn(f"\nnothing has changed; {len(self.site.not_modified)} pages were not sent again -> ", result.stdout)

    def test_comes_of_dates_where_there_are_no_tags(self):
        self.site.by_date = True
        self.crawl()
        before = self.files()
        self.crawl("--refresh")
        self.assertEqual((self.site.sent, self.files()), ([], before))

    def test_comes_of_a_server_of_ours(self):
        site = self.make_site()
        server = start("serve", site, "--port", 0)
        try:
            url = server.stdout.readline().split(" at ")[1].split()[0]
            run = lambda *options: self.assertEqual(hocket("crawl", url, "--out", self.out, *options).returncode, 0)
            run()
            before = self.files()
            run("--refresh")
            self.assertEqual(self.files(), before)
            changes = json.loads((self.out / "summary.json").read_text())["changes"]
            self.assertEqual((changes["not_modified"], changes["changed"]), (4, 0))
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=WAIT)


class Changes(RefreshTest):
    def test_are_listed_and_counted(self):
        self.crawl()
        change(self.site.pages)
        result = self.crawl("--refresh")
        self.assertEqual(
            self.changes(),
            [
                "broken /p8 404 Not Found",
                "changed /gone status 404 -> 200, type",
                "changed /image.png content",
                "changed /old redirected to /p18",
                "changed /p1 content",
                "changed /p7 content",
                "changed /p8 status 200 -> 404, type",
                "link_added /fresh /",
                "link_added /p1 /fresh",
                "link_gone /p7 /left",
                "link_gone /p7 /p10",
                "link_gone /p8 /left",
                "link_gone /p8 /p11",
                "link_gone /p8 /p17",
                "mended /gone 404 Not Found",
                "new /fresh 200",
            ],
        )
        told = json.loads((self.out / "summary.json").read_text())["changes"]
        self.assertEqual(
            told,
            {"new": 1, "gone": 0, "changed": 6, "not_modified": len(self.site.not_modified), "broken": 1, "mended": 1, "links_added": 2, "links_gone": 5},
        )
        self.assertTrue(
            result.stdout.endswith(
                "since then: 1 page new, 0 gone, 6 changed; 2 links added, 5 gone; 1 URL broken, 1 mended; "
                f"{len(self.site.not_modified)} pages were not sent again -> {self.out}/changes.tsv\n"
            ),
            result.stdout,
        )

    def test_stand_in_what_json_prints(self):
        self.crawl()
        result = self.crawl("--refresh", "--json")
        self.assertEqual(json.loads(result.stdout), json.loads((self.out / "summary.json").read_text()))
        self.assertEqual(json.loads(result.stdout)["changes"]["new"], 0)

    def test_go_with_the_next_crawl_that_is_none(self):
        self.crawl()
        self.crawl("--refresh")
        self.crawl()
        self.assertFalse((self.out / "changes.tsv").exists())

    def test_of_what_is_taken_from_pages(self):
        self.crawl()
        result = self.crawl("--refresh", *self.OPTIONS)
        self.assertIn("looked for less", result.stderr)
        self.assertEqual(self.site.not_modified, [])
        self.assertTrue((self.out / "resources.tsv").exists())
        self.crawl("--refresh", *self.OPTIONS)
        self.assertEqual(self.site.sent, [])
        self.crawl("--refresh")
        self.assertEqual(self.site.sent, [])
        self.assertFalse((self.out / "resources.tsv").exists())


class Interrupted(RefreshTest):
    def begin_and_stop(self, how):
        self.crawl(*self.OPTIONS)
        before = self.bytes()
        change(self.site.pages)
        self.site.gate = threading.Event()
        running = start("crawl", self.site.url, "--out", self.out, "--refresh", *self.OPTIONS)
        wait_until(self.site.waiting.is_set, "it asks")
        running.send_signal(how)
        self.site.gate.set()
        said = running.communicate(timeout=WAIT)
        self.site.gate = None
        return before, running.returncode, said

    def test_by_ctrl_c_it_leaves_the_earlier_files_as_they_were(self):
        before, code, said = self.begin_and_stop(signal.SIGINT)
        self.assertEqual(code, 130, said)
        self.assertEqual(self.bytes(), before)
        self.assertRegex(said[0], r"^interrupted: the files in '.*' are those of the earlier crawl\n$")

    def test_by_kill_9_it_leaves_them_too_and_may_be_begun_again(self):
        before, code, said = self.begin_and_stop(signal.SIGKILL)
        self.assertEqual(code, -9, said)
        aside = self.out / ".refresh"
        self.assertEqual({name: text for name, text in self.files().items()}, self.files())
        self.assertEqual({path.name: path.read_bytes() for path in self.out.iterdir() if path != aside}, before)
        self.crawl("--refresh", *self.OPTIONS)
        self.assertFalse(aside.exists())
        self.crawl(*self.OPTIONS, out=self.folder / "anew")
        self.assertEqual(self.files(), self.files(self.folder / "anew"))

    def test_within_the_exchange_of_files_it_is_completed_by_the_next_one(self):
        self.crawl(*self.OPTIONS)
        anew = self.folder / "anew"
        change(self.site.pages)
        self.crawl(out=anew)
        (anew / "resources.tsv.gone").touch()
        (self.out / "pages.jsonl").write_text("")  # as if it were of another moment
        anew.rename(self.out / ".refreshed")
        self.crawl("--refresh")
        self.assertGreater(len(self.site.not_modified), 10)
        self.assertFalse((self.out / "resources.tsv").exists())
        self.assertFalse((self.out / ".refreshed").exists())

    def test_by_a_site_that_is_down_it_leaves_the_earlier_files_as_they_were(self):
        self.crawl()
        before = self.bytes()
        self.site.shutdown()
        self.site.server_close()
        self.assert_one_line(self.crawl("--refresh", "--retries", 0, code=1), 1, "no page was fetched")
        self.assertEqual(self.bytes(), before)
        self.assertEqual(self.crawl("--refresh", "--retries", 0, "--check", "-q", code=1).returncode, 1)
        self.assertEqual(self.bytes(), before)


class Usage(RefreshTest):
    def test_nothing_to_refresh(self):
        self.assert_one_line(self.crawl("--refresh", code=2), 2, f"no crawl to refresh in '{self.out}'")
        self.assertFalse(self.out.exists())
        self.out.mkdir()
        self.assert_one_line(self.crawl("--refresh", code=2), 2, "no crawl to refresh")
        self.assertEqual(list(self.out.iterdir()), [])

    def test_what_it_does_not_go_with(self):
        self.crawl()
        before = self.bytes()
        for options in (["--frontier", self.folder / "f"], ["--max-duplicates", 3]):
            self.assert_one_line(self.crawl("--refresh", *options, code=2), 2, f"--refresh.*{options[0]}")
        self.assertEqual(self.bytes(), before)

    def test_files_that_are_being_written(self):
        self.crawl()
        with open(self.out / "links.tsv", "r+") as busy:
            fcntl.flock(busy, fcntl.LOCK_EX)
            self.assert_one_line(self.crawl("--refresh", code=1), 1, "is being written by another process")

    def test_files_that_are_broken(self):
        self.crawl()
        (self.out / "pages.jsonl").write_text("{}\n")
        self.assert_one_line(self.crawl("--refresh", code=1), 1, r"pages\.jsonl:1: ")
        self.assertEqual((self.out / "pages.jsonl").read_text(), "{}\n")

    def test_with_check_it_checks_the_site_as_it_is_now(self):
        self.site.pages |= {"/left": "a leaf", "/hidden": "another"}
        self.crawl("--check", code=1)
        self.site.pages["/gone"] = "here again"
        self.assertEqual(self.crawl("--refresh", "--check", "--no-external").returncode, 0)


class Archive(RefreshTest):
    """With --warc, too."""

    def not_sent(self, records):
        return [each for each in records if each.fields.get("WARC-Profile", "").endswith("/server-not-modified")]

    def archived(self):
        lines = (self.out / "pages.jsonl").read_text().splitlines()
        return {page["url"]: page["archived"] for page in map(json.loads, lines) if "archived" in page}

    def test_refers_to_the_answers_that_it_has(self):
        self.crawl("--warc")
        first = self.archived()
        for _ in range(2):
            change(self.site.pages) if "/fresh" not in self.site.pages else None
            self.crawl("--refresh", "--warc")
            self.assertGreater(len(self.site.not_modified), 10)
        revisits = self.not_sent(warc_reader.read_all(self.out))
        self.assertGreater(len(revisits), 30)
        for each in revisits:
            self.assertEqual(each.fields["WARC-Refers-To-Target-URI"], each.uri)
            self.assertEqual(each.status, 304)
        now = self.archived()
        self.assertEqual({url: now[url] for url in now if url.endswith("p2")}, {url: first[url] for url in first if url.endswith("p2")})
        self.crawl(out=self.folder / "anew")
        self.assertEqual(self.files(), self.files(self.folder / "anew"))

    def test_is_sent_again_what_no_archive_has(self):
        self.crawl()
        self.assertEqual(self.archived(), {})
        self.crawl("--refresh", "--warc")
        self.assertEqual(self.site.not_modified, [])
        self.crawl("--refresh", "--warc")
        self.assertEqual(self.site.sent, [])
        records = warc_reader.read_all(self.out)
        self.assertEqual(len(self.not_sent(records)), len(self.site.not_modified))

    def test_forgets_no_answer_in_a_refresh_without_one(self):
        self.crawl("--warc")
        before = self.archived()
        self.crawl("--refresh")
        self.assertEqual((self.site.sent, self.archived()), ([], before))
        self.crawl("--refresh", "--warc")
        self.assertEqual((self.site.sent, self.archived()), ([], before))

    def test_has_an_answer_like_another_sent_again(self):
        """What the archive has as the content of another page only."""
        self.site.pages.clear()
        self.site.pages |= {"/": '<a href="/a">a</a><a href="/b">b</a>', "/a": "the same", "/b": "the same"}
        self.crawl("--warc", "--concurrency", 1)
        self.crawl("--refresh", "--warc")
        self.assertEqual((self.site.not_modified, self.site.sent), (["/", "/a"], ["/b"]))
        warc_reader.read_all(self.out)


if __name__ == "__main__":
    sys.exit(program.main(__doc__))
