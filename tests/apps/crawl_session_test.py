#!/usr/bin/env python3
"""Runs crawls that say who asks, and by which way: fields, credentials, cookies, proxies.

Usage: crawl_session_test.py HOCKET [unittest options]
"""

import base64
import http.server
import json
import os
import sys
import threading
import unittest

import program
from program import AppTest, hocket

CREDENTIALS = "Basic " + base64.b64encode(b"me:secret").decode()


class Server(http.server.ThreadingHTTPServer):
    """A page for every path, with a link to another server; notes the target and the fields of each request."""

    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.server.asked[self.path] = self.headers
            is_known = not self.server.credentials or self.headers["Authorization"] == self.server.credentials
            body = f'<a href="/a">a</a><a href="{self.server.link}">b</a>'.encode()
            self.send_response(200 if is_known else 401)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Set-Cookie", "given=1")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    def __init__(self, link="/a", credentials=None):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.asked, self.link, self.credentials = {}, link, credentials
        self.url = f"http://127.0.0.1:{self.server_port}/"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class CrawlSession(AppTest):
    def crawl(self, *arguments, code=0):
        result = hocket("crawl", *arguments, "--out", self.out, "--json")
        self.assertEqual(result.returncode, code, result.stderr)
        return json.loads(result.stdout) if code == 0 else result

    def test_fields_go_to_all_hosts_and_credentials_to_those_of_the_seeds(self):
        with Server() as other, Server(link=other.url, credentials=CREDENTIALS) as seed:
            for how in (["--user", "me:secret"], ["-H", f"authorization: {CREDENTIALS}"]):
                summary = self.crawl(seed.url, "--scope", "any", "-H", "X-Test: 1", "-H", "Accept: text/*", "-H", "Cookie: a=b", *how)
                self.assertEqual(summary["failed"], 0)
                for path in ("/robots.txt", "/", "/a"):
                    self.assertEqual(seed.asked[path]["Authorization"], CREDENTIALS)
                    self.assertEqual(seed.asked[path]["Cookie"], "a=b")
                    self.assertEqual(other.asked[path]["X-Test"], "1")
                    self.assertEqual(other.asked[path].get_all("Accept"), ["text/*"])
                    self.assertNotIn("Authorization", other.asked[path])
                    self.assertNotIn("Cookie", other.asked[path])

    def test_without_credentials_there_is_no_page(self):
        with Server(credentials=CREDENTIALS) as seed:
            result = self.crawl(seed.url, code=1)
            self.assertIn("401", result.stderr)

    def test_cookies_come_from_a_file_and_from_servers(self):
        cookies = self.folder / "cookies.txt"
        cookies.write_text("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tname\tvalue\n")
        with Server() as seed:
            self.crawl(seed.url, "--ignore-robots", "--cookies", cookies)
            self.assertEqual(seed.asked["/"]["Cookie"], "name=value")
            self.assertEqual(seed.asked["/a"]["Cookie"], "name=value; given=1")
            self.crawl(seed.url, "--ignore-robots")
            self.assertNotIn("Cookie", seed.asked["/a"])

    def test_goes_through_a_proxy(self):
        with Server() as proxy:
            self.crawl("http://nowhere.invalid/", "--delay", 0, "--proxy", proxy.url)
            self.assertEqual(set(proxy.asked), {f"http://nowhere.invalid/{path}" for path in ("robots.txt", "", "a")})
            proxy.asked.clear()
            os.environ["http_proxy"] = proxy.url
            self.addCleanup(os.environ.pop, "http_proxy")
            self.crawl("http://nowhere.invalid/", "--delay", 0, "--depth", 0)
            self.assertIn("http://nowhere.invalid/", proxy.asked)
            proxy.asked.clear()
            self.crawl(proxy.url, "--depth", 0, "--proxy", "")
            self.assertEqual(set(proxy.asked), {"/robots.txt", "/"})

    def test_misuse_is_told_in_one_line(self):
        broken = self.folder / "broken.txt"
        broken.write_text("no cookie\n")
        for arguments, line in [
            (["-H", "nonsense"], "--header 'nonsense' has no name and ':'"),
            (["-H", "a b: c"], "a header name is empty or has a character"),
            (["-H", "Host: x"], "--header 'Host': that follows from what is asked"),
            (["-H", "User-Agent: x"], "that is --user-agent"),
            (["--cookies", "/nowhere"], "cannot read '/nowhere': No such file or directory"),
            (["--cookies", broken], "1 lines that are no cookies"),
            (["--proxy", "ftp://x"], "ftp"),
        ]:
            with self.subTest(arguments=arguments):
                result = hocket("crawl", "http://127.0.0.1:9/", "--out", self.out, *arguments)
                self.assert_one_line(result, 2, line)


if __name__ == "__main__":
    sys.exit(program.main(__doc__))
