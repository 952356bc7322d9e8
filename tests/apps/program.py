"""The hocket program under test: how to run it, and what tests of it have in common."""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest

path = None  # of the program; `main` sets it
BACKENDS = ["epoll", "io_uring"]
WAIT = 60  # seconds, for what takes a moment on an idle machine
SITE = {
    "index.html": '<title>Home</title><a href="a.html">a</a><a href="sub/">sub</a><a href="http://elsewhere.invalid/">e</a>',
    "a.html": '<a href="index.html">home</a><a href="missing.html">gone</a>',
    "sub/index.html": '<a href="../a.html#part">a</a><a rel="nofollow" href="b.html">b</a>',
    "sub/b.html": "",
}
LINKS = 7


def environment(backend):
    return {**os.environ, "HOCKET_BACKEND": backend, "LC_ALL": "C"}


def io_uring_works():
    """True if the program runs on io_uring here: asks it for a directory that is not there, which needs the loop."""
    answer = subprocess.run([path, "serve", "/nowhere"], env=environment("io_uring"), capture_output=True, text=True, timeout=WAIT)
    return "cannot serve" in answer.stderr


def hocket(*arguments, backend="epoll", cwd=None, **options):
    return subprocess.run(
        [path, *map(str, arguments)], env=environment(backend), cwd=cwd, capture_output=True, text=True, timeout=WAIT * 5, **options
    )


def start(*arguments, backend="epoll", before=(), **options):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    return subprocess.Popen([*before, path, *map(str, arguments)], env=environment(backend), **options)


def wait_until(condition, what):
    deadline = time.monotonic() + WAIT
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {WAIT} s")
        time.sleep(0.01)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class AppTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hocket-apps-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.out = self.folder / "out"

    def make_site(self):
        site = self.folder / "site"
        for name, text in SITE.items():
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_text(text)
        return site

    def assert_one_line(self, result, code, line, who="hocket crawl"):
        """One line on standard error, nothing on standard output, and the exit code."""
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertTrue(result.stderr.startswith(f"{who}: "), result.stderr)
        self.assertIsNotNone(re.search(line, result.stderr), result.stderr)
        self.assertLess(len(result.stderr), 300)

    def read_out(self, out=None):
        """What a crawl wrote; fails if a line is torn."""
        out = out or self.out
        links = (out / "links.tsv").read_text()
        pages = (out / "pages.jsonl").read_text()
        self.assertTrue(links == "" or links.endswith("\n"), "links.tsv ends within a line")
        self.assertTrue(pages == "" or pages.endswith("\n"), "pages.jsonl ends within a line")
        header, *rows = links.splitlines() or [""]
        self.assertIn(header, ("source_url\tparsed_url", ""))
        for row in rows:
            self.assertRegex(row, r"^https?://\S+\thttps?://\S+$")
        return rows, [json.loads(line) for line in pages.splitlines()]


def main(usage):
    """Runs the tests of the calling program, whose first argument is where hocket is; gives the exit code."""
    global path
    name = os.path.basename(sys.argv[0])
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        print(usage.strip(), file=sys.stderr)
        return 2
    path = os.path.abspath(sys.argv.pop(1))
    if not io_uring_works():
        if os.environ.get("HOCKET_REQUIRE_IO_URING"):
            print(f"{name}: io_uring does not work here, and HOCKET_REQUIRE_IO_URING is set", file=sys.stderr)
            return 1
        print("SKIPPED: io_uring is forbidden here; the program was tested on epoll only", file=sys.stderr)
        BACKENDS.remove("io_uring")
    return not unittest.main(exit=False).result.wasSuccessful()
