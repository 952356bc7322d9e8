"""Crawls generated pages and tells how much memory hocket has while it goes, in memory and with a frontier on disk.

Usage: memory.py BENCH_PROGRAMS HOCKET [--pages 1000000] [--links 10] [--hosts N] [--rows 10] [--ways memory,frontier]

Resident memory after each tenth of the pages, the URLs that were known then, and what it grew by for each of these since the first row.
What a page's URL costs that is known but not yet fetched, and one that was fetched, differ: the first tenths have most of the former.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tls"))
from compare import free_port, pinned, wait_for_port  # noqa: E402


def memory_of(pid):
    """Resident bytes that are the process's own, and all; the rest are pages of files, which the system may take back."""
    figures = dict.fromkeys(("RssAnon", "VmRSS", "VmHWM"), 0)
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in figures:
                figures[name] = int(value.split()[0]) * 1024
    except OSError:
        pass
    return figures


class line_counter:
    """Of a file that grows."""

    def __init__(self, path):
        self.path, self.file, self.lines = path, None, 0

    def count(self):
        if self.file is None and self.path.exists():
            self.file = open(self.path, "rb", buffering=0)
        while self.file and (piece := self.file.read(1 << 20)):
            self.lines += piece.count(b"\n")
        return self.lines


def crawl(asked, way, port, place):
    out = place / way
    command = [asked.hocket, "crawl", f"http://127.0.0.1:{port}/", "--out", out, "-q", "--per-host", "100"]
    if way == "frontier":
        command += ["--frontier", place / "state"]
    if asked.hosts > 1:
        command += ["--scope", "any", "--allow-private"]
    begun = time.monotonic()
    crawler = subprocess.Popen(pinned(1, command))
    pages, rows, peak = line_counter(out / "pages.jsonl"), [], 0
    while crawler.poll() is None:
        now = memory_of(crawler.pid)
        peak = max(peak, now["VmHWM"])
        if pages.count() >= asked.pages * (len(rows) + 1) // asked.rows:
            rows.append((pages.lines, time.monotonic() - begun, now["RssAnon"], now["VmRSS"]))
        time.sleep(0.02)
    if crawler.returncode != 0 or pages.count() != asked.pages:
        sys.exit(f"memory.py: the crawl ended with {crawler.returncode} after {pages.count()} pages of {asked.pages}")
    print(f"\n{way}: {asked.pages:,} pages of {asked.links} links, {asked.hosts} hosts, in {time.monotonic() - begun:.0f} s; at most {peak / 1e6:.1f} MB\n")
    print("| pages | seconds | own memory | with files' pages |\n|---|---|---|---|")
    for count, seconds, own, resident in rows:
        print(f"| {count:,} | {seconds:.0f} | {own / 1e6:.1f} MB | {resident / 1e6:.1f} MB |")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("programs", type=pathlib.Path)
    options.add_argument("hocket")
    options.add_argument("--pages", type=int, default=1_000_000)
    options.add_argument("--links", type=int, default=10)
    options.add_argument("--hosts", type=int, default=1)
    options.add_argument("--rows", type=int, default=10)
    options.add_argument("--ways", default="memory,frontier")
    asked = options.parse_args()
    asked.hocket = os.path.abspath(asked.hocket)
    port = free_port()
    server = subprocess.Popen(pinned(0, [asked.programs / "generated_site", port, asked.pages, asked.links, asked.hosts]))
    try:
        wait_for_port(port, server)
        for way in asked.ways.split(","):
            with tempfile.TemporaryDirectory() as place:
                crawl(asked, way, port, pathlib.Path(place))
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
