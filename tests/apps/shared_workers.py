"""Workers that share a crawl by a Redis, and what is asked of them in the end."""

import json
import pathlib
import subprocess
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

    def count(self, name, otherwise=None):
        return int(self.ask("HGET", "hocket:{crawl}:state", name).strip() or otherwise)

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

    def kill_redis_at(self, *pages):
        """When so many have been asked for; each time it begins again."""
        for each in pages:
            self.wait_for_pages(each)
            self.redis.kill()
            time.sleep(0.3)
            self.redis.start()

    def forget(self):
        for site in self.sites:
            site.asked.clear()

    def worker(self, *more, frontier=None, inside=None, delay=0, lease=LEASE):
        """`inside`: a network namespace."""
        arguments = ["crawl", *self.seeds, "--frontier", frontier or self.redis.url, "--lease", lease, "--out", self.folder / "out", "-q", "--delay", delay, *more]
        self.workers.append(program.start(*arguments, before=["ip", "netns", "exec", inside] if inside else []))
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

    def status(self):
        result = program.hocket("crawl", "status", "--json", self.redis.url)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)
