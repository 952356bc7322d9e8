#!/usr/bin/env python3
"""Runs `hocket crawl --check` against real servers that are broken in many ways, and looks at what it lists and returns.

Usage: check_test.py HOCKET [unittest options]
"""

import http.server
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest
import xml.etree.ElementTree

import program
from program import BACKENDS, WAIT, AppTest, free_port, hocket, start, wait_until

HTML = {"Content-Type": "text/html"}


class Site(http.server.ThreadingHTTPServer):
    """Answers by path: (status, fields, body), or what a function makes of the handler. What it has not is 404."""

    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.server.asked.append(f"{self.command} {self.path}")
            answer = self.server.pages.get(self.path, (404, {}, "not here"))
            if callable(answer):
                answer = answer(self)
            if answer is None:  # hang up
                self.close_connection = True
                return
            status, fields, body = answer
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body.encode())

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    def __init__(self, pages=None):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.pages = dict(pages or {})
        self.asked = []

    def handle_error(self, *_):
        pass

    def page(self, path, *links):
        self.pages[path] = (200, HTML, "".join(f'<a href="{link}">x</a>' for link in links))
        return self

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self


class CheckTest(AppTest):
    def setUp(self):
        super().setUp()
        self.site = self.enter(Site())
        self.elsewhere = self.enter(Site())

    def enter(self, server):
        server.__enter__()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def check(self, *options, backend="epoll"):
        return hocket("crawl", "--check", self.site.url, *options, backend=backend, cwd=self.folder)

    def broken(self, *options, code=1, **more):
        """What is broken, by URL, as JSON has it."""
        result = self.check("--format", "json", "-q", *options, **more)
        self.assertEqual((result.returncode, result.stderr), (code, ""))
        return {each["url"]: each for each in json.loads(result.stdout)["broken"]}

    def assert_error(self, link, error, *options):
        """The one link that is broken, and why."""
        found = self.broken(*options)
        self.assertEqual(list(found), [link])
        self.assertRegex(found[link]["error"], error)


class Links(CheckTest):
    def test_all_fine(self):
        self.elsewhere.page("/")
        for backend in BACKENDS:
            self.site.page("/", "a", self.elsewhere.url).page("/a", "/")
            result = self.check(backend=backend)
            self.assertEqual((result.returncode, result.stderr), (0, "hocket crawl: asking for 1 more URLs\n"))
            self.assertRegex(result.stdout, r"^3 URLs checked, none broken; 2 crawled, 1 asked for; \d+\.\d s\n$")
            self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_page_that_is_missing_is_listed_with_those_that_link_to_it(self):
        self.site.page("/", "b", "a", "gone").page("/a", "gone").page("/b", "a")
        for backend in BACKENDS:
            result = self.check(backend=backend)
            self.assertEqual((result.returncode, result.stderr), (1, ""))
            url = self.site.url
            listed, summary = result.stdout.rsplit("\n", 2)[:2]
            self.assertEqual(listed, f"{url}gone: 404 Not Found\n  on {url}\n  on {url}a")
            self.assertTrue(summary.startswith("4 URLs checked, 1 broken; "), summary)

    def test_links_elsewhere(self):
        away = self.elsewhere
        away.pages["/refuses-head"] = lambda asked: (405, {}, "") if asked.command == "HEAD" else (200, {}, "fine")
        away.pages["/breaks-head"] = lambda asked: None if asked.command == "HEAD" else (200, {}, "fine")
        away.pages["/moved"] = (301, {"Location": "/moved-to"}, "")
        away.pages["/moved-to"] = (200, {}, "fine")
        away.pages["/moved-to-nothing"] = (302, {"Location": "/nothing"}, "")
        away.pages["/circle"] = (302, {"Location": "/circle"}, "")
        away.pages["/fails"] = (500, {}, "")
        dead = f"http://127.0.0.1:{free_port()}/"
        names = ["refuses-head", "breaks-head", "moved", "moved-to-nothing", "circle", "fails", "gone"]
        self.site.page("/", dead, "http://nowhere.invalid/", *(away.url + name for name in names))
        for backend in BACKENDS:
            found = {url: (each["status"], each["error"]) for url, each in self.broken(backend=backend).items()}
            self.assertRegex(found.pop(dead)[1], "(?i)refused")
            self.assertEqual(found.pop("http://nowhere.invalid/")[0], 0)
            self.assertEqual(
                found,
                {
                    away.url + "moved-to-nothing": (404, "404 Not Found"),
                    away.url + "circle": (302, "more than 10 redirects"),
                    away.url + "fails": (500, "500 Internal Server Error"),
                    away.url + "gone": (404, "404 Not Found"),
                },
            )

    def test_one_that_does_not_answer(self):
        silent = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.addCleanup(silent.close)
        link = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        self.site.page("/", link)
        self.assert_error(link, "(?i)tim", "--timeout", 0.3, "--ignore-robots")

    @unittest.skipUnless(shutil.which("openssl"), "NOT TESTED: openssl is not installed")
    def test_one_whose_certificate_nobody_knows(self):
        key, certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
        subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=WAIT)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        secure = Site().page("/")
        secure.socket = context.wrap_socket(secure.socket, server_side=True)
        self.enter(secure)
        link = f"https://127.0.0.1:{secure.server_port}/"
        self.site.page("/", link)
        self.assert_error(link, "(?i)certificate")
        self.assertEqual(self.broken("--insecure", code=0), {})

    def test_each_link_elsewhere_is_asked_for_once(self):
        self.elsewhere.page("/a")
        link = self.elsewhere.url + "a"
        self.site.page("/", "b", link, link + "#x").page("/b", link)
        self.assertEqual(self.broken(code=0), {})
        self.assertEqual([line for line in self.elsewhere.asked if line.endswith("/a")], ["HEAD /a"])

    def test_a_page_that_is_redirected_elsewhere_is_what_is_there(self):
        self.site.page("/", "to-good", "to-gone")
        self.elsewhere.page("/good")
        for name in ("good", "gone"):
            self.site.pages[f"/to-{name}"] = (302, {"Location": self.elsewhere.url + name}, "")
        self.assert_error(self.site.url + "to-gone", "404 Not Found")

    def test_links_that_the_crawl_does_not_follow_are_checked(self):
        self.site.page("/", "a").page("/a", "b", "gone").page("/b", "never")
        self.assert_error(self.site.url + "gone", "404", "--depth", 1)

    def test_what_robots_txt_disallows_is_not_asked_for_and_counted(self):
        self.site.page("/", "private/a", self.elsewhere.url + "a")
        rules = (200, {"Content-Type": "text/plain"}, "User-agent: *\nDisallow: /private/\nDisallow: /a\n")
        self.site.pages["/robots.txt"] = self.elsewhere.pages["/robots.txt"] = rules
        result = self.check()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("; 2 not checked: robots;", result.stdout)
        self.assertEqual(len(self.broken("--ignore-robots")), 2)

    def test_private_addresses_that_no_seed_names_are_no_place_for_a_link_to_lead_to(self):
        self.site.page("/", f"http://127.0.0.2:{self.elsewhere.server_port}/")
        self.assert_error(f"http://127.0.0.2:{self.elsewhere.server_port}/", "private address")

    def test_what_is_excluded_is_not_asked_for(self):
        self.site.page("/", "gone", self.elsewhere.url + "gone", self.elsewhere.url + "lost")
        self.assertEqual(list(self.broken("--exclude", "/gone$")), [self.elsewhere.url + "lost"])
        self.assertNotIn("HEAD /gone", self.elsewhere.asked)

    def test_spaces_without_end_are_not_asked_for(self):
        self.site.page("/", "x/x/x/x/x/x")
        result = self.check()
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("; 1 not checked: repeated_segments;", result.stdout)

    def test_links_that_lead_out_of_scope_may_be_left_out(self):
        self.site.page("/", "gone", self.elsewhere.url + "gone")
        self.assertEqual(list(self.broken("--no-external")), [self.site.url + "gone"])
        self.assertEqual(self.elsewhere.asked, [])

    def test_links_that_are_redirected_out_of_scope_may_be_left_out(self):
        """As a page, and as what is asked for behind the crawl's depth."""
        for name in ("page", "deep"):
            self.site.pages["/" + name] = (302, {"Location": self.elsewhere.url + "gone"}, "")
        self.site.page("/", "page", "inner").page("/inner", "deep")
        result = self.check("--no-external", "--depth", "1")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("; 2 not checked: external;", result.stdout)
        self.assertEqual(self.elsewhere.asked, [])
        self.assertEqual(set(self.broken("--depth", "1")), {self.site.url + "page", self.site.url + "deep"})

    def test_a_host_that_the_crawl_was_told_to_leave_alone_is_not_asked(self):
        self.site.pages["/"] = (200, HTML, '<a href="/x">x</a><img src="/1.png"><img src="/2.png">')
        self.site.pages["/x"] = (429, {"Retry-After": "3600"}, "")
        result = self.check("--elements", "all")
        self.assertIn("; 2 not checked: host_rests;", result.stdout)
        self.assertEqual([each for each in self.site.asked if "png" in each], [])

    def test_a_seed_that_is_broken_is_listed(self):
        result = self.check()
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"{self.site.url}: 404 Not Found\n  given on the command line\n", result.stdout)

    def test_many_pages_that_hold_a_link_are_not_all_listed(self):
        names = [f"p{n:02}" for n in range(20)]
        self.site.page("/", *names)
        for name in names:
            self.site.page("/" + name, "gone")
        self.assertIn("  on " + self.site.url + "p04\n  and 15 more\n", self.check().stdout)
        found = self.broken()[self.site.url + "gone"]
        self.assertEqual((found["references"], len(found["pages"])), (20, 10))


class Elements(CheckTest):
    def test_images_and_the_like_are_checked_with_elements_all(self):
        away = self.elsewhere.url
        body = f'<img src="here.png"><img src="gone.png"><script src="{away}gone.js"></script><form action="gone-form"></form>'
        self.site.pages["/"] = (200, HTML, body + '<img src="gone.png"><a href="/">home</a>')
        self.site.pages["/here.png"] = (200, {"Content-Type": "image/png"}, "png")
        self.assertEqual(self.broken(code=0), {})
        found = self.broken("--elements", "all")
        self.assertEqual(set(found), {self.site.url + "gone.png", away + "gone.js"})
        self.assertEqual(found[away + "gone.js"]["pages"], [self.site.url])
        self.assertIn("HEAD /here.png", self.site.asked)

    def test_places_on_pages_are_checked_with_check_fragments(self):
        self.site.pages["/"] = (200, HTML, '<p id="here"></p><a href="a#there">a</a><a href="#here">b</a><a href="a#lost">c</a>')
        self.site.pages["/a"] = (200, HTML, '<p id="there"></p>')
        self.assertEqual(self.broken(code=0), {})
        self.assert_error(self.site.url + "a#lost", "no such place on the page", "--check-fragments")


class Baseline(CheckTest):
    def setUp(self):
        super().setUp()
        self.site.page("/", "gone", "lost")
        self.file = self.folder / "accepted.txt"

    def test_what_is_accepted_does_not_fail(self):
        self.file.write_text(f"# known\n\n{self.site.url}gone\n{self.site.url}lost")
        result = self.check("--baseline", self.file)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertTrue(result.stdout.startswith("3 URLs checked, 2 broken (2 accepted); "), result.stdout)

    def test_what_is_new_does(self):
        self.file.write_text(f"{self.site.url}gone\n")
        result = self.check("--baseline", self.file)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(re.findall("^http.*", result.stdout, re.M), [f"{self.site.url}lost: 404 Not Found"])

    def test_what_was_written_is_accepted(self):
        written = self.check("--baseline", self.file, "--write-baseline")
        self.assertEqual((written.returncode, written.stderr), (0, ""))
        self.assertEqual(self.file.read_text().splitlines()[1:], [self.site.url + "gone", self.site.url + "lost"])
        self.assertEqual(self.check("--baseline", self.file).returncode, 0)

    def test_lines_that_are_not_broken_any_more_are_told(self):
        self.file.write_text(f"{self.site.url}gone\n{self.site.url}lost\n{self.site.url}mended\n")
        result = self.check("--baseline", self.file)
        self.assertEqual(result.returncode, 0)
        self.assertIn("1 of the URLs in", result.stderr)

    def test_one_that_cannot_be_read_is_told_before_anything_is_asked(self):
        self.assert_one_line(self.check("--baseline", self.file), 2, f"cannot open '{self.file}': No such file")
        self.file.write_text("http://a/\nnonsense\n")
        self.assert_one_line(self.check("--baseline", self.file), 2, re.escape(f"{self.file}:2: is no http(s) URL"))
        self.assertEqual(self.site.asked, [])


class Cache(CheckTest):
    def setUp(self):
        super().setUp()
        self.elsewhere.page("/good")
        self.site.page("/", self.elsewhere.url + "good", self.elsewhere.url + "gone")
        self.file = self.folder / "cache.tsv"

    def times_asked(self, path):
        return sum(line.endswith(" " + path) for line in self.elsewhere.asked)

    def test_good_links_elsewhere_are_not_asked_for_again(self):
        for _ in range(2):
            self.assertEqual(list(self.broken("--cache", self.file)), [self.elsewhere.url + "gone"])
        self.assertEqual(self.times_asked("/good"), 1)
        self.assertEqual(self.times_asked("/gone"), 4)
        self.assertRegex(self.file.read_text(), rf"(?m)^{re.escape(self.elsewhere.url)}good\t\d+$")

    def test_old_ones_are(self):
        before = int(time.time()) - 3600
        self.file.write_text(f"{self.elsewhere.url}good\t{before}\nhttp://forgotten.invalid/\t1\n")
        self.broken("--cache", self.file, "--cache-age", "2h")
        self.assertEqual(self.times_asked("/good"), 0)
        self.broken("--cache", self.file, "--cache-age", "30m")
        self.assertEqual(self.times_asked("/good"), 1)
        self.assertNotIn("forgotten", self.file.read_text())

    def test_what_was_asked_for_before_ctrl_c_is_not_asked_for_again(self):
        began = threading.Event()

        def hold(_):
            began.set()
            time.sleep(WAIT)

        self.elsewhere.pages["/slow"] = hold
        self.site.page("/", self.elsewhere.url + "good", self.elsewhere.url + "slow")
        running = start("crawl", "--check", self.site.url, "--cache", self.file, "-v")
        for line in running.stderr:
            if line.startswith(f"checked {self.elsewhere.url}good"):
                break
        wait_until(began.is_set, "it asks")
        running.send_signal(2)
        said = running.communicate(timeout=WAIT)
        self.assertEqual(running.returncode, 130, said)
        self.assertRegex(self.file.read_text(), rf"(?m)^{re.escape(self.elsewhere.url)}good\t\d+$")
        self.assertNotIn("slow", self.file.read_text())

    def test_another_file_is_no_cache(self):
        for text in ("http://a/\n", "http://a/\tyesterday\n", "a\tb\tc\n"):
            self.file.write_text(text)
            self.assert_one_line(self.check("--cache", self.file), 2, re.escape(f"{self.file}:1: "))
            self.assertEqual(self.file.read_text(), text)


class Formats(CheckTest):
    def setUp(self):
        super().setUp()
        self.strange = "gone?a=%22%3C&b,:%0A::error::x"
        self.site.page("/", self.strange, "lost").page("/a&b", "/")
        self.accepted = self.folder / "accepted.txt"
        self.accepted.write_text(self.site.url + "lost\n")

    def test_github(self):
        result = self.check("--format", "github", "--baseline", self.accepted)
        self.assertEqual(result.returncode, 1)
        annotation, summary, end = result.stdout.split("\n")
        url = (self.site.url + self.strange).replace("%", "%25")
        self.assertEqual(annotation, f"::error title=Broken link::{url}: 404 Not Found%0Aon {self.site.url}")
        self.assertTrue(summary.startswith("3 URLs checked, 2 broken (1 accepted)"), summary)
        self.assertEqual(end, "")

    def test_junit(self):
        result = self.check("--format", "junit", "--baseline", self.accepted)
        self.assertEqual(result.returncode, 1)
        suites = xml.etree.ElementTree.fromstring(result.stdout)
        suite = suites.find("testsuite")
        cases = suite.findall("testcase")
        self.assertEqual([suite.get(name) for name in ("tests", "failures", "errors", "skipped")], ["3", "1", "0", "1"])
        self.assertEqual(len(cases), 3)
        failed = next(case for case in cases if case.find("failure") is not None)
        self.assertEqual(failed.get("name"), self.site.url + self.strange)
        self.assertEqual(failed.find("failure").get("message"), "404 Not Found")
        self.assertEqual(failed.find("failure").text, f"on {self.site.url}\n")
        skipped = next(case for case in cases if case.find("skipped") is not None)
        self.assertEqual(skipped.get("name"), self.site.url + "lost")

    @unittest.skipUnless(shutil.which("xmllint"), "NOT TESTED: xmllint is not installed (libxml2-utils)")
    def test_junit_is_valid(self):
        schema = program.pathlib.Path(__file__).parent / "junit.xsd"
        for options in ([], ["--baseline", self.accepted]):
            text = self.check("--format", "junit", *options).stdout
            checked = subprocess.run(["xmllint", "--noout", "--schema", schema, "-"], input=text, capture_output=True, text=True, timeout=WAIT)
            self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_json(self):
        result = self.check("--format", "json", "--baseline", self.accepted)
        told = json.loads(result.stdout)
        self.assertEqual([(each["url"], each["accepted"]) for each in told["broken"]], [(self.site.url + self.strange, False), (self.site.url + "lost", True)])
        self.assertEqual((told["checked"], told["accepted"], told["crawled"]), (3, 1, 3))
        self.site.page("/", "/")
        self.assertEqual(json.loads(self.check("--format", "json").stdout)["broken"], [])

    def test_no_server_commands_a_terminal(self):
        self.elsewhere.pages["/a"] = (302, {"Location": "ftp://a/\xc2\x9b2J\x9b"}, "")  # a control character of C1, and half of one
        self.site.page("/", self.elsewhere.url + "a", "b\x1b[2J")
        for form in ("text", "github", "junit"):
            result = self.check("--format", form, "-v")
            self.assertEqual(result.returncode, 1)
            shown = "ftp://a/%C2%9B2J%9B"  # as a URL is written
            self.assertIn(shown.replace("%", "%25") if form == "github" else shown, result.stdout)
            self.assertNotRegex(result.stdout + result.stderr, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")


class Usage(CheckTest):
    def test_options_that_need_another(self):
        url = self.site.url
        for options in (["--format", "json"], ["--cache", "x"], ["--baseline", "x"], ["--no-external"]):
            self.assert_one_line(hocket("crawl", url, *options, cwd=self.folder), 2, "--check")
        self.assert_one_line(self.check("--write-baseline"), 2, "--baseline")
        self.assert_one_line(self.check("--cache-age", "1d"), 2, "--cache")

    def test_values_that_are_none(self):
        for options in (["--format", "xml"], ["--cache", "x", "--cache-age", "soon"], ["--cache", "x", "--cache-age", "-1d"]):
            self.assert_one_line(self.check(*options), 2, options[-2])
        self.assertEqual(self.site.asked, [])

    def test_what_does_not_go_with_it(self):
        self.assert_one_line(self.check("--json"), 2, "--format json")
        self.assert_one_line(self.check("--report"), 2, "--out DIR")

    def test_files_are_kept_where_they_are_asked_for(self):
        self.site.page("/", "gone")
        self.assertEqual(self.check("--out", self.out).returncode, 1)
        rows, pages = self.read_out()
        self.assertEqual((len(rows), len(pages)), (1, 2))

    def test_resumed_it_checks_what_the_seeds_of_the_beginning_lead_to(self):
        self.elsewhere.page("/fine")
        self.site.page("/", "a", self.elsewhere.url + "gone").page("/a", self.elsewhere.url + "fine")
        kept = ("--frontier", self.folder / "f", "--out", self.out)
        self.check(*kept, "--max-pages", "1")
        self.elsewhere.asked.clear()
        result = hocket("crawl", "--check", "--resume", *kept, "--no-external")
        self.assertEqual((result.returncode, self.elsewhere.asked), (0, []), result.stderr)
        result = hocket("crawl", "--check", "--resume", *kept)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertEqual(set(self.elsewhere.asked), {"GET /robots.txt", "HEAD /fine", "HEAD /gone", "GET /gone"})

    def test_interrupted_while_it_asks_it_ends_in_order(self):
        began = threading.Event()

        def hold(_):
            began.set()
            time.sleep(WAIT)

        self.elsewhere.pages["/slow"] = hold
        self.site.page("/", self.elsewhere.url + "slow")
        running = start("crawl", "--check", self.site.url, cwd=self.folder)
        wait_until(began.is_set, "it asks")
        running.send_signal(2)
        said = running.communicate(timeout=WAIT)
        self.assertEqual((running.returncode, said[0]), (130, ""), said)
        self.assertEqual(list(self.folder.iterdir()), [])


if __name__ == "__main__":
    sys.exit(program.main(__doc__))
