"""Crawls that workers share by a Redis: shared_crawl_test.py HOCKET

Workers are killed, stopped and cut off, and so is Redis. Whatever happens, what their parts are merged to must be what one undisturbed crawl writes."""

import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import program
from numbered_site import Site, written

LEASE = 1  # second


class Redis:
    """redis-server at a unix socket, which outlives the program."""

    def __init__(self, folder, *options):
        self.folder, self.options = folder, options
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", self.folder, "--save", "", *self.options],
            stdout=subprocess.DEVNULL,
        )
        program.wait_until(self.answers, "redis-server")

    def answers(self):
        return self.ask("PING", check=False).strip() == "PONG"

    def ask(self, *words, check=True):
        return subprocess.run(["redis-cli", "-s", self.socket, *map(str, words)], capture_output=True, text=True, check=check).stdout

    def count(self, name):
        return int(self.ask("HGET", "hocket:{crawl}:state", name))

    def kill(self):
        self.process.kill()
        self.process.wait()


class SharedCrawl(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hocket-shared-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.workers = []
        self.addCleanup(lambda: [each.kill() for each in self.workers if each.poll() is None])

    def begin(self, *redis_options, sites=1):
        self.sites = [Site() for _ in range(sites)]
        for site in self.sites:
            self.addCleanup(site.close)
        self.seeds = [site.url for site in self.sites]
        self.redis = Redis(self.folder, *redis_options)
        self.addCleanup(self.redis.kill)
        result = program.hocket("crawl", *self.seeds, "--out", self.folder / "one", "-q")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.forget()

    def forget(self):
        for site in self.sites:
            site.asked.clear()

    def worker(self, *more, frontier=None):
        arguments = ["crawl", *self.seeds, "--frontier", frontier or self.redis.url, "--lease", LEASE, "--out", self.folder / "out", "-q", "--delay", "0", *more]
        self.workers.append(program.start(*arguments))
        return self.workers[-1]

    def finish(self, *workers):
        for each in workers:
            out, errors = each.communicate(timeout=program.WAIT * 2)
            self.assertEqual((each.returncode, errors), (0, ""), out)

    def asked(self):
        return sum(site.asked.total() for site in self.sites)

    def wait_for_pages(self, count):
        program.wait_until(lambda: self.asked() >= count, f"{count} pages")

    def assert_same_as_one(self, skipped=True):
        result = program.hocket("crawl", "merge", self.folder / "all", self.folder / "out")
        self.assertEqual(result.returncode, 0, result.stderr)
        one_rows, one_pages, one_summary = written(self.folder / "one")
        rows, pages, summary = written(self.folder / "all")
        if not skipped:
            one_summary.pop("skipped"), summary.pop("skipped")
        self.assertEqual(summary, one_summary)
        self.assertEqual(sorted(page["url"] for page in pages), sorted(page["url"] for page in one_pages))
        self.assertEqual(sorted(rows), sorted(one_rows))

    def parts(self):
        return sorted((self.folder / "out").glob("part-*"))

    def test_two_workers_find_what_one_does_and_ask_for_nothing_twice(self):
        self.begin(sites=3)
        self.finish(self.worker(), self.worker())
        self.assert_same_as_one()
        for site in self.sites:
            self.assertEqual([path for path, times in site.asked.items() if times > 1 and path != "/robots.txt"], [])

    def test_levels_are_those_of_all_workers(self):
        self.begin(sites=3)
        shutil.rmtree(self.folder / "one")
        program.hocket("crawl", *self.seeds, "--out", self.folder / "one", "-q", "--depth", "4")
        self.finish(self.worker("--depth", 4), self.worker("--depth", 4))
        self.assert_same_as_one()

    def test_a_worker_that_is_killed_is_taken_over_from(self):
        self.begin(sites=2)
        first, second = self.worker(), self.worker()
        self.wait_for_pages(300)
        first.kill()
        self.finish(second)
        self.assert_same_as_one(skipped=False)

    def test_all_workers_killed_again_and_again(self):
        self.begin(sites=2)
        moments = random.Random(7)
        for round in range(1, 5):
            pair = [self.worker(), self.worker()]
            before = self.asked()
            program.wait_until(lambda: self.asked() > before + 150 or all(each.poll() is not None for each in pair), "pages")
            time.sleep(moments.uniform(0, 0.02))
            for each in pair:
                each.kill()
                each.communicate()
        self.finish(self.worker(), self.worker())
        self.assert_same_as_one(skipped=False)

    def test_a_worker_that_was_stopped_past_its_lease_changes_nothing(self):
        self.begin(sites=2)
        first, second = self.worker(), self.worker()
        self.wait_for_pages(300)
        first.send_signal(signal.SIGSTOP)
        time.sleep(LEASE * 2.5)
        first.send_signal(signal.SIGCONT)
        self.finish(first, second)
        self.assert_same_as_one()
        self.assertEqual(self.redis.count("pages"), written(self.folder / "all")[2]["pages"])

    def kill_redis(self, *options):
        self.begin(*options, sites=2)
        pair = [self.worker(), self.worker()]
        for pages in (200, 500, 800):
            self.wait_for_pages(pages)
            self.redis.kill()
            time.sleep(0.3)
            self.redis.start()
        self.finish(*pair)
        self.assert_same_as_one(skipped=False)

    def test_redis_killed_with_each_command_on_disk(self):
        self.kill_redis("--appendonly", "yes", "--appendfsync", "always")

    def test_redis_killed_with_a_sync_a_second(self):
        self.kill_redis("--appendonly", "yes", "--appendfsync", "everysec")

    def test_redis_that_does_not_answer_for_longer_than_a_lease(self):
        self.begin(sites=2)
        pair = [self.worker(), self.worker()]
        self.wait_for_pages(300)
        self.redis.process.send_signal(signal.SIGSTOP)
        time.sleep(LEASE * 3)
        self.redis.process.send_signal(signal.SIGCONT)
        self.finish(*pair)
        self.assert_same_as_one()

    def status(self):
        result = program.hocket("crawl", "status", "--json", self.redis.url)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def test_paused_nobody_begins_a_page_until_it_is_resumed(self):
        self.begin(sites=2)
        pair = [self.worker(), self.worker()]
        self.wait_for_pages(200)
        self.assertEqual(program.hocket("crawl", "pause", self.redis.url).returncode, 0)
        time.sleep(LEASE)
        before = self.asked()
        state = self.status()
        self.assertEqual((state["paused"], len(state["workers"])), (True, 2))
        self.assertEqual(self.asked(), before)
        self.assertEqual(program.hocket("crawl", "resume", self.redis.url).returncode, 0)
        self.finish(*pair)
        self.assert_same_as_one()

    def test_a_worker_that_drains_ends_and_the_other_has_all(self):
        self.begin(sites=2)
        first, second = self.worker(), self.worker()
        self.wait_for_pages(200)
        worker = next(each["id"] for each in self.status()["workers"] if each["about"]["process"] == first.pid)
        self.assertEqual(program.hocket("crawl", "drain", worker, self.redis.url).returncode, 0)
        self.assertEqual(program.hocket("crawl", "drain", "nobody", self.redis.url).returncode, 1)
        first.communicate(timeout=program.WAIT)
        self.finish(second)
        self.assert_same_as_one(skipped=False)
        for site in self.sites:
            self.assertEqual([path for path, times in site.asked.items() if times > 1 and path != "/robots.txt"], [])

    def test_other_settings_are_refused_in_one_line(self):
        self.begin()
        self.finish(self.worker())
        other = program.hocket("crawl", *self.seeds, "--frontier", self.redis.url, "--out", self.folder / "out", "--depth", 3)
        self.assertEqual((other.returncode, other.stdout, other.stderr.count("\n")), (2, "", 1), other.stderr)
        self.assertIn("--depth 3", other.stderr)

    def test_a_crawl_that_has_ended_is_not_begun_again(self):
        self.begin()
        self.finish(self.worker())
        self.forget()
        self.finish(self.worker())
        self.assertEqual(self.asked(), 0)
        self.assert_same_as_one()

    def test_interrupted_it_goes_on_with_the_same_command(self):
        self.begin(sites=2)
        first = self.worker()
        self.wait_for_pages(200)
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=program.WAIT)
        self.assertEqual(first.returncode, 130)
        self.finish(self.worker())
        self.assert_same_as_one(skipped=False)
        for site in self.sites:
            self.assertEqual([path for path, times in site.asked.items() if times > 1 and path != "/robots.txt"], [])


if __name__ == "__main__":
    if not shutil.which("redis-server"):
        print("SKIPPED: there is no redis-server", file=sys.stderr)
        sys.exit(0)
    sys.exit(program.main(__doc__))
