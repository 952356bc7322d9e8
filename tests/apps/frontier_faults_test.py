"""What goes wrong with the folder of a crawl or its output: frontier_faults_test.py HOCKET

A full disk, a folder that is broken: one line, exit code 1, and after the mending the crawl ends as if nothing had been."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import program
from numbered_site import Site, finished, written

MESSAGE = 400  # characters of a line at most


class Faults(unittest.TestCase):
    def setUp(self):
        self.site = Site()
        self.addCleanup(self.site.close)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def crawl(self, name, *more, frontier=None, out=None):
        frontier = frontier or self.folder / f"{name}.frontier"
        return program.hocket("crawl", *more, "--frontier", frontier, "--out", out or self.folder / name, "-q", "--retries", "0")

    def assert_one_line(self, result, what):
        self.assertEqual(result.returncode, 1, (what, result.stderr))
        self.assertEqual(result.stderr.count("\n"), 1, (what, result.stderr))
        self.assertRegex(result.stderr, r"^hocket crawl: ", what)
        self.assertLess(len(result.stderr), MESSAGE, what)

    def assert_same(self, out, whole):
        rows, pages, summary = written(out)
        whole_rows, whole_pages, whole_summary = written(whole)
        self.assertEqual(len(rows), len(set(rows)))
        self.assertEqual(set(rows), set(whole_rows))
        self.assertEqual(sorted(page["url"] for page in pages), sorted(page["url"] for page in whole_pages))
        self.assertEqual(summary, whole_summary)

    def small_disk(self, size):
        """A folder with so much room, if we may; and what gives it more."""
        place = self.folder / "disk"
        place.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", place], capture_output=True).returncode != 0:
            self.skipTest("a small disk takes the right to mount one")
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=True)
        return place, lambda: subprocess.run(["mount", "-o", "remount,size=64m", place], check=True)

    def test_a_full_disk_under_the_folder_ends_the_crawl_and_loses_nothing(self):
        self.assertEqual(self.crawl("whole", self.site.url).returncode, 0)
        disk, make_room = self.small_disk("112k")
        result = self.crawl("out", self.site.url, frontier=disk / "f")
        self.assert_one_line(result, "crawl")
        self.assertIn("No space left on device", result.stderr)
        self.assert_one_line(self.crawl("out", "--resume", frontier=disk / "f"), "resumed too early")
        make_room()
        result = self.crawl("out", "--resume", frontier=disk / "f")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assert_same(self.folder / "out", self.folder / "whole")

    def test_a_full_disk_under_the_output_ends_the_crawl_and_loses_nothing(self):
        self.assertEqual(self.crawl("whole", self.site.url).returncode, 0)
        disk, make_room = self.small_disk("64k")
        result = self.crawl("out", self.site.url, out=disk / "out")
        self.assert_one_line(result, "crawl")
        self.assertIn("No space left on device", result.stderr)
        make_room()
        before = dict(self.site.asked)
        done = finished(disk / "out")
        self.assertGreater(len(done), 10)
        result = self.crawl("out", "--resume", out=disk / "out")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assert_same(disk / "out", self.folder / "whole")
        again = [url for url in done if self.site.asked[url.removeprefix(self.site.url[:-1])] != before[url.removeprefix(self.site.url[:-1])]]
        self.assertEqual(again, [])

    def halfway(self, name):
        """A crawl that was killed twice, so that its folder has tables as well as a log."""
        folder = self.folder / f"{name}.frontier"
        for more in ([self.site.url], ["--resume"]):
            known = len(finished(self.folder / name))
            process = program.start("crawl", *more, "--frontier", folder, "--out", self.folder / name, "-q", "--delay", "0.002")
            program.wait_until(lambda: len(finished(self.folder / name)) > known + 50, "50 pages")
            process.kill()
            process.communicate()
        return folder

    def test_a_broken_folder_is_one_line(self):
        for kind, spoil in [("*.sst", cut), ("*.sst", garble), ("MANIFEST-*", cut_to_nothing), ("MANIFEST-*", garble), ("CURRENT", cut_to_nothing), ("CURRENT", garble)]:
            with self.subTest(kind=kind, spoil=spoil.__name__):
                name = f"{kind.strip('*.-')}-{spoil.__name__}"
                folder = self.halfway(name)
                spoiled = sorted(folder.glob(kind))
                self.assertTrue(spoiled, sorted(folder.iterdir()))
                for path in spoiled:
                    spoil(path)
                pages = (self.folder / name / "pages.jsonl").read_bytes()
                self.assert_one_line(self.crawl(name, "--resume"), (kind, spoil.__name__))
                self.assertEqual((self.folder / name / "pages.jsonl").read_bytes()[: len(pages)], pages)

    def test_other_folders_are_left_as_they_were(self):
        other = self.folder / "other"
        other.mkdir()
        for name, content in [("CURRENT", b"something\n"), ("a file", b"precious")]:
            (other / name).write_bytes(content)
        before = contents(other)
        self.assert_one_line(self.crawl("out", self.site.url, frontier=other), "begun")
        self.assert_one_line(self.crawl("out", "--resume", frontier=other), "resumed")
        self.assertEqual(contents(other), before)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "LOCK"}


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def cut_to_nothing(path):
    os.truncate(path, 0)


def garble(path):
    content = bytearray(path.read_bytes())
    for at in range(len(content) // 4, len(content), max(1, len(content) // 50)):
        content[at] ^= 0x55
    path.write_bytes(content)


if __name__ == "__main__":
    sys.exit(program.main(__doc__))
