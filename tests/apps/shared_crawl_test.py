"""Crawls that workers share by a Redis: shared_crawl_test.py HOCKET

Workers are killed, stopped and cut off, and so is Redis. Whatever happens, what their parts are merged to must be what one undisturbed crawl writes."""

import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
import unittest

import program
from numbered_site import written
from shared_workers import LEASE, SharedCrawl


class Workers(SharedCrawl):
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
        self.kill_redis_at(200, 500, 800)
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


class Merge(unittest.TestCase):
    """Parts in which workers have the same pages by different tokens: the greatest counts, with the rows that belong to it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hocket-merge-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def part(self, name, *pages, torn=""):
        """`pages`: path, token, and where its links lead."""
        part = self.folder / "out" / name
        part.mkdir(parents=True)
        lines, rows, resources = [], ["source_url\tparsed_url"], ["source_url\tresource_url\tkind"]
        for path, token, *links in pages:
            url = f"http://a/{path}"
            lease = f',"lease":{token}' if token else ""
            lines.append(f'{{"url":"{url}","final_url":"{url}","status":200,"bytes":{10 * token},"links":{len(links)}{lease},"error":null}}')
            rows += [f"{url}\thttp://a/{link}" for link in links]
            resources += [f"{url}\thttp://a/{link}.png\timage" for link in links]
        (part / "pages.jsonl").write_text("".join(line + "\n" for line in lines) + torn)
        (part / "links.tsv").write_text("".join(row + "\n" for row in rows))
        (part / "resources.tsv").write_text("".join(row + "\n" for row in resources))

    def merged(self):
        """Tokens and links of each page, the numbers in the summary, and what it says."""
        result = program.hocket("crawl", "merge", self.folder / "all", self.folder / "out")
        self.assertEqual(result.returncode, 0, result.stderr)
        rows, pages, summary = written(self.folder / "all")
        links = {page["url"][9:]: (page.get("lease"), [row.split("\t")[1][9:] for row in rows if row.startswith(page["url"] + "\t")]) for page in pages}
        self.assertEqual(len(links), len(pages), "a page is there twice")
        images = (self.folder / "all" / "resources.tsv").read_text().splitlines()[1:]
        self.assertEqual(sorted(row.split("\t")[1] for row in images), sorted(row.split("\t")[1] + ".png" for row in rows))
        return links, (summary["pages"], summary["links"], summary["bytes"]), result.stdout

    def test_the_greatest_token_counts_wherever_it_stands(self):
        self.part("part-a", ("x", 3, "old", "older"), ("y", 9, "y1"), ("z", 2))
        self.part("part-b", ("y", 4, "stale", "stale"), ("x", 10, "new"), ("z", 1, "stale"))
        links, counts, said = self.merged()
        self.assertEqual(links, {"x": (10, ["new"]), "y": (9, ["y1"]), "z": (2, [])})
        self.assertEqual(counts, (3, 2, 210))
        self.assertIn("3 records are left out", said)

    def test_a_page_that_a_worker_has_again_by_a_later_token_counts_once(self):
        self.part("part-a", ("x", 3, "old"), ("y", 3, "y1"), ("x", 5, "new", "newer"))
        self.part("part-b", ("x", 4, "between"))
        self.assertEqual(self.merged()[0], {"x": (5, ["new", "newer"]), "y": (3, ["y1"])})

    def test_of_two_with_the_same_token_one_counts_with_its_own_rows(self):
        self.part("part-a", ("x", 3, "once", "one"))
        self.part("part-b", ("x", 3, "twice", "two", "too"))
        self.assertIn(self.merged()[0], ({"x": (3, ["once", "one"])}, {"x": (3, ["twice", "two", "too"])}))

    def test_a_line_that_was_not_written_to_its_end_does_not_count(self):
        self.part("part-a", ("x", 3, "old"), torn='{"url":"http://a/y","final_url":"http://a/y","links":0,"lease":9')
        self.part("part-b", ("y", 2, "kept"))
        self.assertEqual(self.merged()[0], {"x": (3, ["old"]), "y": (2, ["kept"])})


if __name__ == "__main__":
    if not shutil.which("redis-server"):
        print("SKIPPED: there is no redis-server", file=sys.stderr)
        sys.exit(0)
    sys.exit(program.main(__doc__))
