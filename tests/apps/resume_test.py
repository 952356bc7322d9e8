"""Crawls that are killed and resumed: resume_test.py HOCKET [KILLS]

Each crawl is killed by SIGKILL at random moments until it has ended. What it has written then must be what an undisturbed crawl writes,
and no page that a written batch had finished may have been asked for again."""

import collections
import pathlib
import random
import shlex
import signal
import sys
import tempfile
import time
import unittest

import program
from numbered_site import PAGES, Site, finished, written

KILLS = 6  # of one crawl


class Resume(unittest.TestCase):
    def setUp(self):
        self.site = Site()
        self.addCleanup(self.site.close)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def crawl(self, name, *more, backend="epoll"):
        return program.start("crawl", *more, "--frontier", self.folder / f"{name}.frontier", "--out", self.folder / name, "-q", "--retries", "0", backend=backend)

    def finish(self, process):
        out, errors = process.communicate(timeout=program.WAIT * 5)
        self.assertEqual((process.returncode, errors), (0, ""), out)

    def test_killed_at_random_it_ends_as_if_it_had_not_been(self):
        for backend in program.BACKENDS:
            with self.subTest(backend=backend):
                self.kill_and_compare(backend)

    def kill_and_compare(self, backend):
        whole, parts = f"whole-{backend}", f"parts-{backend}"
        self.finish(self.crawl(whole, self.site.url, backend=backend))
        self.site.asked.clear()
        seed = random.randrange(1 << 32)
        moments = random.Random(seed)
        kills = 0
        process = self.crawl(parts, self.site.url, backend=backend)
        while True:
            if kills < KILLS:
                pages = self.site.asked.total() + moments.randrange(2 * PAGES // KILLS)
                program.wait_until(lambda: self.site.asked.total() > pages or process.poll() is not None, "some pages")
                time.sleep(moments.uniform(0, 0.01))  # anywhere between a page and what is written of it
            else:
                process.wait(program.WAIT * 5)
            if process.poll() is None:
                process.kill()
                kills += 1
            out, errors = process.communicate()
            if process.returncode == 0:
                break
            is_begun = "no crawl to resume" not in errors
            if is_begun and process.returncode != -signal.SIGKILL:
                self.fail(f"seed {seed}: {errors}")
            is_there = is_begun and (self.folder / f"{parts}.frontier/CURRENT").exists()
            process = self.crawl(parts, *(["--resume"] if is_there else [self.site.url]), backend=backend)
        self.assertGreaterEqual(kills, KILLS // 2, f"seed {seed}")
        rows, pages, summary = written(self.folder / parts)
        whole_rows, whole_pages, whole_summary = written(self.folder / whole)
        self.assertEqual(len(rows), len(set(rows)), f"seed {seed}")
        self.assertEqual(set(rows), set(whole_rows), f"seed {seed}")
        self.assertEqual(sorted(page["url"] for page in pages), sorted(page["url"] for page in whole_pages), f"seed {seed}")
        self.assertEqual(summary, whole_summary, f"seed {seed}")

    def test_what_is_in_order_at_the_first_ctrl_c_is_not_fetched_again(self):
        process = self.crawl("out", self.site.url, "--delay", "0.001", "--per-host", "4")
        program.wait_until(lambda: sum(self.site.asked.values()) > 100, "100 pages")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=program.WAIT)
        self.assertEqual(process.returncode, 130)
        done = finished(self.folder / "out")
        self.assertGreater(len(done), 50)
        before = collections.Counter(self.site.asked)
        self.finish(self.crawl("out", "--resume"))
        for url in done:
            path = url.removeprefix(self.site.url[:-1])
            self.assertEqual(self.site.asked[path], before[path], url)
        self.assertEqual(len(finished(self.folder / "out")), len({p for p in self.site.asked if p[1:].isdigit() or p == "/"}))

    def test_what_it_says_at_ctrl_c_goes_on_with_its_settings(self):
        kept = ("--frontier", self.folder / "it's kept", "--out", self.folder / "an out")
        process = program.start("crawl", self.site.url, *kept, "--scope", "prefix", "--depth", "3", "--delay", "0.01")
        program.wait_until(lambda: self.site.asked.total() > 20, "some pages")
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=program.WAIT)
        self.assertEqual(process.returncode, 130, errors)
        command, *arguments = shlex.split(out.rsplit("; ", 1)[1].removesuffix(" goes on\n"))
        result = program.hocket(*arguments, "-q")
        self.assertEqual((command, result.returncode, result.stderr), ("hocket", 0, ""))
        self.assertEqual(max(page["depth"] for page in written(self.folder / "an out")[1]), 3)
        for other in (["--scope", "any"], ["--depth", "4"], ["--order", "depth"]):
            result = program.hocket("crawl", *kept, "--resume", *other)
            self.assertEqual((result.returncode, result.stderr.count("\n")), (1, 1), result.stderr)
            self.assertRegex(result.stderr, f"was begun with --scope prefix --depth 3; it cannot be resumed with .*{' '.join(other)}")

    def test_what_a_host_that_rests_has_left_is_told_with_how_to_go_on(self):
        self.site.retry_after = 3 * 3600
        result = program.hocket("crawl", self.site.url, "--frontier", self.folder / "kept", "--out", self.folder / "out", "--per-host", "1")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        left = written(self.folder / "out")[2]["skipped"]["host_rests"]
        self.assertGreater(left, 1)
        said = f"{left} known URLs were not fetched: hosts want to be left alone, the first for 3 hours; after that "
        goes_on = f"hocket crawl --resume --frontier {self.folder}/kept --out {self.folder}/out goes on"
        self.assertEqual(result.stdout.splitlines()[1:], [said + goes_on])
        asked = self.site.asked.total()
        result = program.hocket(*shlex.split(goes_on)[1:-2])
        self.assertEqual((result.returncode, result.stderr, result.stdout.splitlines()[1:]), (0, "", [said + goes_on]))
        self.assertEqual(self.site.asked.total(), asked)
        result = program.hocket("crawl", self.site.url, "--out", self.folder / "other", "--per-host", "1")
        self.assertRegex(result.stdout, r"after that crawling again begins anew\n$")

    def test_lines_that_the_disk_has_lost_are_fetched_again(self):
        """As after a power failure: the folder tells of lines that the files lack."""
        self.finish(self.crawl("whole", self.site.url))
        process = self.crawl("out", self.site.url, "--delay", "0.002", "--per-host", "4")
        program.wait_until(lambda: len(finished(self.folder / "out")) > 100, "100 pages")
        process.kill()
        process.communicate()
        for name in ("links.tsv", "pages.jsonl"):
            path = self.folder / "out" / name
            lines = path.read_bytes().splitlines(keepends=True)
            path.write_bytes(b"".join(lines[:-3]) + lines[-3][:5])
        result = program.hocket("crawl", "--frontier", self.folder / "out.frontier", "--resume", "--out", self.folder / "out")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stderr, r"lacks the lines of the last pages: \d+ are fetched again\n")
        rows, pages, summary = written(self.folder / "out")
        whole_rows, whole_pages, whole_summary = written(self.folder / "whole")
        self.assertEqual((set(rows), summary), (set(whole_rows), whole_summary))
        self.assertEqual(sorted(page["url"] for page in pages), sorted(page["url"] for page in whole_pages))

    def test_the_files_of_another_crawl_are_left_as_they_were(self):
        self.finish(self.crawl("mine", self.site.url, "--max-pages", "20"))
        self.finish(self.crawl("other", self.site.url))
        before = {path.name: path.read_bytes() for path in (self.folder / "other").iterdir()}
        for out in ("other", "forgotten"):
            result = program.hocket("crawl", "--frontier", self.folder / "mine.frontier", "--resume", "--out", self.folder / out, "-q")
            problem = f"'{self.folder / out}' does not hold the files of this crawl: give --out the directory where it began"
            self.assertEqual((result.returncode, result.stderr), (1, f"hocket crawl: {problem}\n"))
        self.assertEqual({path.name: path.read_bytes() for path in (self.folder / "other").iterdir()}, before)
        self.assertFalse((self.folder / "forgotten").exists())
        self.finish(self.crawl("mine", "--resume"))
        self.assertEqual(set(written(self.folder / "mine")[0]), set(written(self.folder / "other")[0]))

    def test_files_that_were_refreshed_meanwhile_are_left_as_they_are(self):
        self.finish(self.crawl("out", self.site.url, "--max-pages", "20"))
        result = program.hocket("crawl", self.site.url, "--refresh", "--out", self.folder / "out", "-q")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        pages = (self.folder / "out/pages.jsonl").read_bytes()
        result = program.hocket("crawl", "--frontier", self.folder / "out.frontier", "--resume", "--out", self.folder / "out", "-q")
        self.assertRegex(result.stderr, "does not hold the files of this crawl")
        self.assertEqual((self.folder / "out/pages.jsonl").read_bytes(), pages)

    def test_a_second_process_is_refused_in_one_line(self):
        process = self.crawl("out", self.site.url, "--delay", "1")
        program.wait_until(lambda: (self.folder / "out.frontier/CURRENT").exists(), "the frontier")
        other = self.crawl("other", "--resume")
        second = program.hocket("crawl", "--frontier", self.folder / "out.frontier", "--resume", "--out", self.folder / "else", "-q")
        other.communicate(timeout=program.WAIT)
        self.assertEqual(second.returncode, 1)
        self.assertEqual(second.stderr, f"hocket crawl: '{self.folder}/out.frontier' is in use by another process\n")
        process.kill()
        process.communicate()

    def test_says_what_is_wrong_with_the_folder(self):
        (self.folder / "mine").mkdir()
        (self.folder / "mine/file").write_text("precious")
        for arguments, problem in [
            ([self.site.url, "--frontier", "mine"], "'mine' holds other files: a frontier takes a folder of its own"),
            (["--resume", "--frontier", "nothing"], "there is no crawl to resume in 'nothing'"),
        ]:
            result = program.hocket("crawl", *arguments, cwd=self.folder)
            self.assertEqual((result.returncode, result.stderr), (1, f"hocket crawl: {problem}\n"))
        result = program.hocket("crawl", self.site.url, "--resume", cwd=self.folder)
        self.assertEqual(result.returncode, 2)


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[2].isdigit():
        KILLS = int(sys.argv.pop(2))
    sys.exit(program.main(__doc__))
