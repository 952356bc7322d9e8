"""Crawls of many hosts that workers share: shared_hosts_test.py HOCKET

The hosts' own log says who asked which of them when: work is divided evenly, and no host is asked by two workers at once, whatever becomes of a worker."""

import collections
import os
import shutil
import signal
import subprocess
import sys
import time
import unittest

import program
from asked_hosts import Hosts
from numbered_site import written
from shared_workers import LEASE, Redis, SharedCrawl

SITES = [f"127.1.{site}.{host}" for site, hosts in enumerate((4, 4, 3, 3), 1) for host in range(1, hosts + 1)]


class AskedHosts(SharedCrawl):
    def begin_with(self, addresses, pages, *redis_options, redis=Redis):
        self.hosts = Hosts(addresses, pages)
        self.addCleanup(self.hosts.close)
        self.seeds = self.hosts.seeds
        self.redis = redis(self.folder, *redis_options)
        self.addCleanup(self.redis.kill)
        result = program.hocket("crawl", *self.seeds, "--out", self.folder / "one", "-q", "--delay", "0")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.hosts.log.clear()

    def named(self, name, max_pages=None, more=(), **options):
        """A worker that the log knows by that name."""
        return self.worker("--user-agent", name, *(("--max-pages", max_pages) if max_pages else ()), *more, **options)

    def pause(self, paused):
        self.redis.ask("HSET", "hocket:{crawl}:state", "paused", int(paused))

    def owners(self):
        """How many partitions each worker has."""
        return collections.Counter(each.rpartition(":")[0] for each in self.redis.ask("HVALS", "hocket:{crawl}:owner").split())

    def assert_polite(self, delay):
        """No two workers have asked one host within its delay; some hosts have changed hands."""
        changes = list(self.hosts.changes())
        self.assertTrue(changes)
        for before, after in changes:
            self.assertGreaterEqual(after.when - before.when, delay, (before, after))


class ManyHosts(AskedHosts):
    def begin_paused(self):
        """The first of the workers, of a crawl in which each host has a partition of its own."""
        while True:
            self.redis.ask("FLUSHALL")
            self.pause(True)
            first = self.named("worker-0", delay=0.03)
            program.wait_until(lambda: self.redis.count("open", 0) == len(self.seeds), "seeds")
            if len(self.redis.ask("HKEYS", "hocket:{crawl}:open").split()) == len(self.seeds):
                return first
            first.kill()
            first.communicate()
            shutil.rmtree(self.folder / "out")

    def test_four_workers_find_what_one_does_and_do_as_much_as_each_other(self):
        self.begin_with(SITES, pages=80)
        workers = [self.begin_paused(), *(self.named(f"worker-{n}", delay=0.03) for n in range(1, 4))]
        program.wait_until(lambda: sorted(self.owners().values()) == [3, 3, 4, 4], "all have their shares")
        self.pause(False)
        self.finish(*workers)
        self.assert_same_as_one()
        pages = self.hosts.pages()
        self.assertEqual(len(pages), len({(each.host, each.path) for each in pages}), "a page was asked for twice")
        counts = collections.Counter(each.worker for each in pages)
        for worker, count in counts.items():
            self.assertLess(abs(count - len(pages) / 4), len(pages) / 4 * 0.2, (worker, counts))

    def test_workers_stop_after_so_many_pages_together(self):
        self.begin_with(SITES, pages=80)
        most = 333
        self.finish(*(self.named(f"worker-{n}", delay=0.1, max_pages=most) for n in range(3)))
        result = program.hocket("crawl", "merge", self.folder / "all", self.folder / "out")
        self.assertEqual((self.redis.count("pages"), written(self.folder / "all")[2]["pages"]), (most, most), result.stderr)
        self.assertEqual(len(self.hosts.pages()), most)
        self.assertGreater(len({each.worker for each in self.hosts.pages()}), 1)

    def test_no_host_is_asked_by_two_workers_within_its_delay(self):
        delay = 0.4
        self.begin_with(SITES[:8], 16)
        first = self.named("first", delay=delay)
        program.wait_until(lambda: len(self.hosts.log) > 30, "pages")
        second = self.named("second", delay=delay)
        program.wait_until(lambda: len([each for each in self.hosts.pages() if each.worker == "second"]) > 10, "the second's pages")
        first.kill()
        killed = time.monotonic()
        self.finish(second)
        self.assert_same_as_one(skipped=False)
        self.assert_polite(delay)
        taken_over = [after for before, after in self.hosts.changes() if after.when > killed]
        self.assertTrue(taken_over and all(each.worker == "second" for each in taken_over))


    def test_a_host_that_wants_a_longer_pause_has_it_from_its_next_owner(self):
        delay, longer = 0.1, 2
        self.begin_with(SITES[:6], 8)
        for address in SITES[:6]:
            self.hosts.robots[address] = f"User-agent: *\nCrawl-delay: {longer}\n"
        first = self.named("first", delay=delay)
        program.wait_until(lambda: len(self.hosts.pages()) > 12, "pages")
        second = self.named("second", delay=delay)
        self.finish(first, second)
        self.assert_same_as_one()
        self.assert_polite(longer)

    def test_a_host_that_wants_to_be_left_alone_is_by_its_next_owner(self):
        self.begin_with(SITES[:6], 30)
        first = self.named("first", delay=0.1)
        program.wait_until(lambda: len(self.hosts.pages()) > 12, "pages")
        alone = {address: 8 for address in SITES[:6]}
        self.hosts.retry_after.update(alone)
        program.wait_until(lambda: not self.hosts.retry_after, "hosts that say so")
        said = {each.host: each.when for each in self.hosts.pages()}
        program.wait_until(lambda: self.redis.ask("KEYS", "hocket:{crawl}:rests:*").count(":rests:") > 3, "it is written down")
        time.sleep(1.1)  # which the last of them is within a second
        first.kill()
        self.finish(self.named("second", delay=0.1))
        self.assert_same_as_one(skipped=False)
        after = {each.host: each.when for each in reversed(self.hosts.log) if each.worker == "second"}
        self.assertEqual(after.keys(), said.keys())
        for host, when in after.items():
            self.assertGreater(when - said[host], 7, host)


    def test_what_a_host_may_have_at_most_counts_for_all_its_owners(self):
        self.begin_with(SITES[:6], 60)
        most = 25
        options = {"delay": 0.05, "more": ("--max-per-host", most)}
        first = self.named("first", **options)
        program.wait_until(lambda: len(self.hosts.pages()) > 60, "pages")
        first.kill()
        self.finish(self.named("second", **options))
        pages = {(each.host, each.path) for each in self.hosts.pages()}
        counts = collections.Counter(host for host, _ in pages)
        self.assertEqual(set(counts.values()), {most + 1}, counts)  # and the seed

    def test_the_status_names_the_slowest_hosts(self):
        self.begin_with(SITES[:6], 30)
        self.hosts.slow.update({SITES[2]: 0.2, SITES[4]: 0.5})
        pair = [self.named("first", delay=0.1), self.named("second", delay=0.1)]
        program.wait_until(lambda: len(self.hosts.pages()) > 12, "pages")
        slow = [f"{SITES[which]}:{self.hosts.port}" for which in (4, 2)]
        program.wait_until(lambda: [each["name"] for each in self.status()["slow_hosts"][:2]] == slow, "the slow hosts are known")
        for (host, least), each in zip(zip(slow, (500, 200)), self.status()["slow_hosts"]):
            self.assertEqual((each["name"], each["ms"] >= least, each["pages"] > 0), (host, True, True))
        text = program.hocket("crawl", "status", self.redis.url).stdout
        self.assertRegex(text, rf"(?s)Slowest hosts.*\n{slow[0]} +5..ms .*\n{slow[1]} +2..ms ")
        for each in pair:
            each.kill()


class Namespace:
    """A network of its own, joined to this one by two cables: one for Redis, which can be pulled, and one for all else."""

    def __init__(self):
        self.name = f"hocket-{os.getpid()}"
        self.store, self.site = f"hr{os.getpid()}", f"hs{os.getpid()}"
        of_store, of_site = (f"10.{128 + os.getpid() % 127}.{third + 2 * (os.getpid() // 127 % 127)}" for third in (0, 1))
        self.store_address = f"{of_store}.1"
        self.addresses = [f"{of_site}.{n}" for n in range(1, 9)]
        self.inside = f"{of_store}.99", f"{of_site}.99"

    def __enter__(self):
        try:
            self.run("netns", "add", self.name)
            self.join(self.store, [self.store_address], self.inside[0])
            self.join(self.site, self.addresses, self.inside[1])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error):
        for cable in (self.store, self.site):
            self.run("link", "del", cable, check=False)
        self.run("netns", "del", self.name, check=False)

    def join(self, cable, here, there):
        self.run("link", "add", cable, "type", "veth", "peer", "name", "inside", "netns", self.name)
        for address in here:
            self.run("addr", "add", f"{address}/24", "dev", cable)
        self.run("link", "set", cable, "up")
        self.run("-n", self.name, "link", "set", "inside", "name", f"{cable}i")
        self.run("-n", self.name, "addr", "add", f"{there}/24", "dev", f"{cable}i")
        self.run("-n", self.name, "link", "set", f"{cable}i", "up")

    def set_store(self, state):
        self.run("link", "set", self.store, state)

    @staticmethod
    def run(*arguments, check=True):
        return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=check)


def why_no_namespace():
    """Nothing: a network can be made here."""
    if not shutil.which("ip"):
        return "there is no ip (iproute2)"
    try:
        with Namespace():
            return None
    except subprocess.CalledProcessError as problem:
        return f"no network namespace can be made: {problem.stderr.strip()}"


class RedisOnNetwork(Redis):
    def __init__(self, folder, address):
        self.port = program.free_port()
        super().__init__(folder, "--bind", address, "--port", str(self.port), "--protected-mode", "no")
        self.url = f"redis://{address}:{self.port}/0"


class CutOff(AskedHosts):
    def test_a_worker_that_is_cut_off_from_redis_stops_and_comes_back(self):
        if why := why_no_namespace():
            print(f"SKIPPED: {why}", file=sys.stderr)
            self.skipTest(why)
        lease, cut, delay = 2, 6, 0.2
        with Namespace() as network:
            self.begin_with(network.addresses, 60, network.store_address, redis=RedisOnNetwork)
            options = {"delay": delay, "lease": lease}
            near = self.named("near", **options)
            far = self.named("far", **options, inside=network.name)
            program.wait_until(lambda: len(self.asked_by("far")) > 20, "the far one's pages")
            network.set_store("down")
            cut_at = time.monotonic()
            time.sleep(cut)
            network.set_store("up")
            back_at = time.monotonic()
            self.finish(near, far)
            self.assert_same_as_one()
        self.assertEqual(self.redis.count("pages"), len(self.seeds) * 60)
        self.assertEqual([each for each in self.asked_by("far") if cut_at + lease < each.when < back_at], [])
        self.assertTrue([each for each in self.asked_by("far") if each.when > back_at], "it has not come back")
        self.assertTrue([each for each in self.asked_by("near") if cut_at + lease < each.when < back_at], "nobody took over")
        self.assert_polite(delay)
        self.assert_nothing_twice_but(begun_before=cut_at)

    def asked_by(self, worker):
        return [each for each in self.hosts.pages() if each.worker == worker]

    def assert_nothing_twice_but(self, begun_before):
        """What was under way when the cable was pulled, and could not be reported, is asked for again: a page of each connection at most."""
        times = collections.defaultdict(list)
        for each in self.hosts.pages():
            times[each.host, each.path].append(each)
        for asked in times.values():
            for before, after in zip(asked, asked[1:]):
                self.assertEqual((before.worker, after.worker), ("far", "near"), asked)
                self.assertLess(before.when, begun_before + LEASE * 2)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # not without the namespace being taken down
    if not shutil.which("redis-server"):
        print("SKIPPED: there is no redis-server", file=sys.stderr)
        sys.exit(0)
    sys.exit(program.main(__doc__))
