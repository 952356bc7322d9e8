#!/usr/bin/env python3
"""Shared crawls of which little may wait in Redis: the rest waits in files of the workers, and what is found is the same.

Usage: shared_spill_test.py HOCKET [unittest options]
"""

import shutil
import signal
import sys
import threading
import time

import program
from shared_workers import LEASE, SharedCrawl

BOUND = 4096  # bytes: some hundred URLs of thousands


class Spill(SharedCrawl):
    def watch(self):
        """Gives a function that ends the watching, and says what Redis had at its highest and how much was in files."""
        highest, files, done = [0], [0], threading.Event()

        def look():
            while not done.wait(0.02):
                highest[0] = max(highest[0], self.redis.count("queued", otherwise=0))
                files[0] = max([files[0], *(each.stat().st_size for each in (self.folder / "out").glob("part-*/spill.tsv"))])

        thread = threading.Thread(target=look)
        thread.start()

        def end():
            done.set()
            thread.join()
            return highest[0], files[0]

        self.addCleanup(done.set)
        return end

    def small(self, *more, **others):
        return self.worker("--frontier-memory", BOUND, *more, **others)

    def spilled(self):
        return sum(map(int, self.redis.ask("HVALS", "hocket:{crawl}:spilled").split()))

    def begin_and_kill(self):
        first = self.small()
        program.wait_until(lambda: self.spilled() > 20, "URLs in the file")
        first.kill()
        first.wait()

    def test_two_workers_find_what_one_does(self):
        self.begin(sites=4)
        end = self.watch()
        self.finish(self.small(), self.small())
        highest, files = end()
        self.assert_same_as_one()
        self.assertGreater(files, 0)
        # What two workers report before they hear that it is full, besides.
        self.assertLess(highest, 16 * BOUND)
        self.assertEqual(self.status()["spilled"], {})
        self.assertEqual(self.redis.count("queued"), 0)
        for site in self.sites:
            self.assertEqual([path for path, times in site.asked.items() if times > 1 and path != "/robots.txt"], [])

    def test_levels_are_whole(self):
        self.begin(sites=2)
        result = program.hocket("crawl", *self.seeds, "--out", self.folder / "one", "-q", "--depth", 5)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.forget()
        end = self.watch()
        self.finish(self.small("--depth", 5), self.small("--depth", 5))
        self.assertGreater(end()[1], 0)
        self.assert_same_as_one()

    def test_a_worker_adopts_the_file_of_one_that_was_killed(self):
        self.begin(sites=8)
        self.begin_and_kill()
        second = program.start(
            "crawl", *self.seeds, "--frontier", self.redis.url, "--lease", LEASE, "--out", self.folder / "out", "--progress", "never", "--delay", 0, "--frontier-memory", BOUND
        )
        out, errors = second.communicate(timeout=program.WAIT * 2)
        self.assertEqual(second.returncode, 0, errors)
        self.assertIn("goes on with the file of URLs of worker ", errors)
        self.assert_same_as_one(skipped=False)

    def survive(self, end):
        """Two workers, of which one ends so while URLs are in its file: the other finishes alone."""
        self.begin(sites=8)
        first, second = self.small(), self.small()
        program.wait_until(lambda: self.spilled() > 20, "URLs in the files")
        end(first)
        out, errors = second.communicate(timeout=program.WAIT * 2)
        self.assertEqual(second.returncode, 0, errors)
        self.assert_same_as_one(skipped=False)

    def test_one_that_is_killed_is_survived(self):
        self.survive(lambda first: first.kill())

    def test_one_that_is_interrupted_is_survived(self):
        self.survive(lambda first: first.send_signal(signal.SIGINT))

    def test_one_that_drains_is_survived(self):
        def drain(first):
            worker = next(each for each in self.redis.ask("ZRANGE", "hocket:{crawl}:workers", 0, -1).split() if f"-{first.pid}-" in each)
            self.assertEqual(program.hocket("crawl", "drain", worker, self.redis.url).returncode, 0)

        self.survive(drain)

    def test_what_is_in_a_file_that_is_nowhere_is_told_and_can_be_given_up(self):
        self.begin(sites=8)
        self.begin_and_kill()
        for each in self.parts():
            (each / "spill.tsv").unlink(missing_ok=True)
        gone = next(iter(self.status()["spilled"]))
        refused = program.hocket("crawl", "drop", "nobody", self.redis.url)
        self.assertEqual((refused.returncode, refused.stdout), (0, "0 URLs are given up\n"), refused.stderr)
        second = program.start(
            "crawl", *self.seeds, "--frontier", self.redis.url, "--lease", LEASE, "--out", self.folder / "out", "--progress", "never", "--delay", 0
        )
        self.addCleanup(second.kill)
        line = second.stderr.readline()
        self.assertRegex(line, rf"^hocket crawl: [\d,]+ URLs are in the file of worker {gone}, which is gone: .* or give them up by 'hocket crawl drop {gone} REDIS'")
        self.assertIsNone(second.poll())
        dropped = program.hocket("crawl", "drop", gone, self.redis.url)
        self.assertRegex(dropped.stdout, r"^[\d,]+ URLs are given up\n$")
        out, errors = second.communicate(timeout=program.WAIT * 2)
        self.assertEqual(second.returncode, 0, errors)
        self.assertGreater(self.status()["skipped"]["spilled"], 0)

    def test_redis_killed_with_each_command_on_disk(self):
        self.begin("--appendonly", "yes", "--appendfsync", "always", sites=4)
        pair = [self.small(), self.small()]
        self.kill_redis_at(200, 500, 1000)
        self.finish(*pair)
        self.assert_same_as_one(skipped=False)

    def test_all_workers_killed_again_and_again(self):
        self.begin(sites=4)
        for _ in range(5):
            pair = [self.small(), self.small()]
            time.sleep(0.7)
            for each in pair:
                each.send_signal(signal.SIGKILL)
                each.wait()
        self.finish_noisily(self.small())
        self.assert_same_as_one(skipped=False)

    def finish_noisily(self, worker):
        out, errors = worker.communicate(timeout=program.WAIT * 2)
        self.assertEqual(worker.returncode, 0, errors)


if __name__ == "__main__":
    if not shutil.which("redis-server"):
        print("SKIPPED: there is no redis-server", file=sys.stderr)
        sys.exit(0)
    sys.exit(program.main(__doc__))
