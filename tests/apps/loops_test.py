#!/usr/bin/env python3
"""Crawls on several loops find what one loop finds, and end as one does.

Usage: loops_test.py HOCKET [unittest options]
"""

import contextlib
import signal
import subprocess
import sys

import program
from numbered_site import Site, written
from program import BACKENDS, WAIT, AppTest, hocket, start, wait_until


@contextlib.contextmanager
def sites(count):
    made = [Site() for _ in range(count)]
    try:
        yield made
    finally:
        for each in made:
            each.close()


class Loops(AppTest):
    def crawl(self, folder, all_sites, *arguments, backend="epoll"):
        out = self.folder / folder
        done = hocket("crawl", *[each.url for each in all_sites], "--out", out, "--progress", "never", *arguments, backend=backend)
        self.assertEqual(done.returncode, 0, done.stderr)
        return written(out)

    def test_find_what_one_finds(self):
        with sites(5) as all_sites:
            rows, pages, summary = self.crawl("one", all_sites)
            self.assertGreater(len(pages), 1000)
            for backend in BACKENDS:
                for arguments in (["--loops", 3], ["--loops", 2, "--depth", 50], ["--loops", 16, "--concurrency", 4]):
                    with self.subTest(backend=backend, arguments=arguments):
                        theirs = self.crawl("several", all_sites, *arguments, backend=backend)
                        self.assertEqual(sorted(theirs[0]), sorted(rows))
                        self.assertEqual(sorted(each["url"] for each in theirs[1]), sorted(each["url"] for each in pages))
                        self.assertEqual(theirs[2], summary)

    def test_count_their_pages_together(self):
        with sites(4) as all_sites:
            _, pages, summary = self.crawl("out", all_sites, "--loops", 4, "--max-pages", 333)
            self.assertEqual(len(pages), 333)
            self.assertEqual(summary["pages"], 333)

    def test_finish_what_is_under_way_when_they_are_interrupted(self):
        for backend in BACKENDS:
            with self.subTest(backend=backend), sites(3) as all_sites:
                out = self.folder / "interrupted"
                urls = [each.url for each in all_sites]
                crawl = start("crawl", *urls, "--out", out, "--loops", 3, "--delay", 0.05, backend=backend)
                wait_until(lambda: sum(sum(each.asked.values()) for each in all_sites) > 20, "the crawl begins")
                crawl.send_signal(signal.SIGINT)
                printed, error = crawl.communicate(timeout=WAIT)
                self.assertEqual(crawl.returncode, 130, error)
                self.assertLessEqual(error.count("stopping: "), 1, error)
                self.assertRegex(printed, r"(?m)^interrupted: [\d,]+ known URLs were not fetched")
                rows, pages, summary = written(out)
                self.assertEqual(summary["pages"], len(pages))
                self.assertEqual(summary["links"], len(rows))

    def test_say_once_that_nothing_can_be_written(self):
        with sites(3) as all_sites:
            self.out.mkdir()
            mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "hocket-test", self.out], capture_output=True, text=True)
            if mounted.returncode != 0:
                self.skipTest(f"NOT TESTED: a full disk, for no file system may be mounted here ({mounted.stderr.strip()})")
            self.addCleanup(subprocess.run, ["umount", self.out], check=True)
            done = hocket("crawl", *[each.url for each in all_sites], "--out", self.out, "--loops", 3, "-q")
            self.assert_one_line(done, 1, rf"cannot write '{self.out}/\w+\.\w+': No space left on device")
            self.read_out()

    def test_refuse_what_belongs_to_one(self):
        refused = {
            "--frontier": ["--frontier", self.folder / "kept"],
            "--refresh": ["--refresh"],
            "--warc": ["--warc"],
            "--cookies": ["--cookies", "/dev/null"],
            "--per-address": ["--per-address", 2],
            "--max-duplicates": ["--max-duplicates", 2],
        }
        for option, arguments in refused.items():
            with self.subTest(option=option):
                done = hocket("crawl", "http://127.0.0.1:1/", "--out", self.folder / "no", "--loops", 2, *arguments)
                self.assertEqual(done.returncode, 2)
                self.assertRegex(done.stderr, f"^hocket crawl: {option} does not go with --loops: [^\n]+\n$")
                self.assertFalse((self.folder / "no").exists())

    def test_bad_numbers(self):
        for number in ("0", "-1", "257", "many", ""):
            with self.subTest(number=number):
                done = hocket("crawl", "http://127.0.0.1:1/", "--loops", number)
                self.assertEqual(done.returncode, 2)
                self.assertIn("--loops", done.stderr)


if __name__ == "__main__":
    sys.exit(program.main(__doc__))
