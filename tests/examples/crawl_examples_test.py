"""Runs the examples that are crawlers of one's own, on small sites.

Usage: crawl_examples_test.py DIRECTORY_OF_EXAMPLES [unittest's arguments]
"""

import http.server
import json
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse

EXAMPLES = pathlib.Path(sys.argv[1]).resolve()
PATIENCE_SECONDS = 60


class Visit(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(None)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(dict(urllib.parse.parse_qsl(body, keep_blank_values=True)))

    def answer(self, form):
        status, fields, body = self.server.answer(self.path, self.headers, form)
        body = body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **fields, "Content-Length": len(body)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Site(http.server.ThreadingHTTPServer):
    """Pages by their paths; keeps in order what was asked for."""

    def __init__(self, pages=()):
        self.pages, self.asked = dict(pages), []
        super().__init__(("127.0.0.1", 0), Visit)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def answer(self, path, headers, form):
        self.asked.append(path)
        return (200, {}, self.pages[path]) if path in self.pages else (404, {}, "not here")

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.server_port}{path}"

    def __exit__(self, *_):
        self.shutdown()
        super().__exit__()


class Club(Site):
    """Shows its pages to who is logged in. Its form has a token, good for one use with the cookie that came with it."""

    def __init__(self, action="/login"):
        super().__init__({"/": '<a href="/minutes">minutes</a> <a href="/logout">leave</a>', "/minutes": "what was said"})
        self.action, self.tokens, self.members = action, {}, set()

    def answer(self, path, headers, form):
        self.asked.append(path)
        cookies = dict(pair.split("=", 1) for pair in headers.get("Cookie", "").split("; ") if "=" in pair)
        visitor = cookies.get("visitor")
        if path == "/login" and form is None:
            visitor = secrets.token_hex(8)
            self.tokens[visitor] = secrets.token_hex(8)
            return 200, {"Set-Cookie": f"visitor={visitor}; HttpOnly"}, self.form(self.tokens[visitor])
        if path == "/login":
            if form == {"token": self.tokens.pop(visitor, None), "name": "ada", "word": "l&ve=lace", "stay": "1"}:
                self.members.add(visitor)
                return 303, {"Location": "/"}, ""
            return 200, {}, self.form("another")
        if path == "/logout":
            self.members.discard(visitor)
        if path != "/robots.txt" and visitor not in self.members:
            return 303, {"Location": "/login"}, ""
        return (200, {}, self.pages[path]) if path in self.pages else (404, {}, "not here")

    def form(self, token):
        return (f'<form action=/search><input name=q></form><form method=post action="{self.action}"><input type=hidden name=token value="{token}">'
                '<input name=name><input type=password name=word><input type=hidden name=stay value=1>'
                '<input type=submit name=go value=Go></form>')


class CrawlExample(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_it(self, program, *arguments, code=0, environment=None):
        ended = subprocess.run([EXAMPLES / program, *map(str, arguments)], env={**os.environ, **(environment or {})}, text=True,
                               capture_output=True, timeout=PATIENCE_SECONDS)
        self.assertEqual(ended.returncode, code, ended.stderr)
        return ended

    def lines_of(self, name):
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]


class ExtractRecords(CrawlExample):
    SHOP = {
        "/": '<a href="/lamps?page=1">lamps</a> <a href="/about">about</a>',
        "/about": "<p>nothing for sale</p>",
        "/lamps?page=1": '<ul><li class=ware><h2> A  lamp &amp;\nmore </h2><b>12 €</b><li class=ware><h2>"Two"</h2></ul><a href="/lamps?page=2">',
        "/lamps?page=2": "<li class=ware><h2>The last<b>9 €",
    }

    def test_takes_each_record_of_each_page_as_a_line_of_json(self):
        with Site(self.SHOP) as site:
            ended = self.run_it("extract_records", site.url(), self.folder, "--each", "//li[@class='ware']", "--field", "name=.//h2/text()",
                                "--field", "price=number(translate(.//b, '€', ''))")
            self.assertEqual(ended.stdout, f"3 records on 4 pages -> {self.folder}/items.jsonl\n")
            self.assertEqual(self.lines_of("items.jsonl"), [
                {"page": site.url("/lamps?page=1"), "item": {"name": "A lamp & more", "price": "12"}},
                {"page": site.url("/lamps?page=1"), "item": {"name": '"Two"', "price": "NaN"}},
                {"page": site.url("/lamps?page=2"), "item": {"name": "The last", "price": "9"}},
            ])

    def test_reads_no_more_pages_than_it_may(self):
        with Site(self.SHOP) as site:
            ended = self.run_it("extract_records", site.url(), self.folder, "--each", "//li", "--field", "a=.", "--max-pages", "1")
            self.assertEqual(ended.stdout.split(" -> ")[0], "0 records on 1 pages")

    def test_says_what_is_wrong_with_an_expression_in_one_line(self):
        for arguments in (("--each", "//[", "--field", "a=."), ("--each", "//a", "--field", "a=b["), ("--each", "//a", "--field", "a")):
            ended = self.run_it("extract_records", "http://127.0.0.1/", self.folder, *arguments, code=2)
            self.assertRegex(ended.stderr, r"\Aextract_records: --\w+: '.*' is (no XPath|not NAME=XPATH) \(see extract_records --help\)\n\Z")


class NextPages(CrawlExample):
    LIST = {f"/list/{n}": f"<h2>Entry {n}</h2><h2>&#27;[31mand {n}</h2><a href=/elsewhere>x</a><a rel=next href={n + 1}>next</a>" for n in range(1, 30)}

    def test_goes_from_page_to_page_in_order_and_nowhere_else(self):
        with Site({**self.LIST, "/list/4": "<h2>The end</h2>"}) as site:
            ended = self.run_it("next_pages", site.url("/list/1"), "--show", "//h2")
            self.assertEqual(ended.stdout, "Entry 1\n[31mand 1\nEntry 2\n[31mand 2\nEntry 3\n[31mand 3\nThe end\n")
            self.assertEqual(site.asked, ["/robots.txt", "/list/1", "/list/2", "/list/3", "/list/4"])

    def test_stops_at_its_limit_and_says_that_there_is_more(self):
        with Site(self.LIST) as site:
            ended = self.run_it("next_pages", site.url("/list/1"), "--show", "//h2[1]", "--limit", "3")
            self.assertEqual(ended.stdout, "Entry 1\nEntry 2\nEntry 3\n")
            self.assertEqual(ended.stderr, "next_pages: there is more behind 3 pages (--limit)\n")

    def test_comes_to_an_end_where_the_list_leads_back(self):
        with Site({"/a": "<h2>A</h2><a rel=next href=/b>", "/b": "<h2>B</h2><a rel=next href=/a>"}) as site:
            self.assertEqual(self.run_it("next_pages", site.url("/a"), "--show", "//h2").stdout, "A\nB\n")

    def test_fails_where_a_page_is_missing(self):
        with Site({"/a": "<h2>A</h2><a rel=next href=/gone>"}) as site:
            ended = self.run_it("next_pages", site.url("/a"), "--show", "//h2", code=1)
            self.assertEqual(ended.stderr, f"next_pages: {site.url('/gone')}: 404 Not Found\nnext_pages: the list breaks off\n")


class BehindLogin(CrawlExample):
    def crawl(self, site, password, **options):
        return self.run_it("behind_login", site.url(), self.folder, "--login", site.url("/login"), "--user", "ada", **options,
                           environment={"PASSWORD": password})

    def test_sees_what_members_see_and_does_not_log_out(self):
        with Club() as site:
            ended = self.crawl(site, "l&ve=lace")
            self.assertEqual(ended.stdout, f"2 pages, 0 failed -> {self.folder}/pages.jsonl\n")
            self.assertEqual([(page["url"], page["status"]) for page in self.lines_of("pages.jsonl")], [(site.url(), 200), (site.url("/minutes"), 200)])
            self.assertNotIn("/logout", site.asked)

    def test_says_when_it_is_not_let_in(self):
        with Club() as site:
            ended = self.crawl(site, "lovelace", code=1)
            self.assertEqual(ended.stderr, f"behind_login: {site.url('/login')} does not let 'ada' in\n")

    def test_sends_the_password_to_no_other_site(self):
        with Club(action="http://127.0.0.2:9/steal") as site:
            ended = self.crawl(site, "l&ve=lace", code=1)
            self.assertEqual(ended.stderr, "behind_login: its form would send the password to http://127.0.0.2:9\n")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=1)
