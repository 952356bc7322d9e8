#!/usr/bin/env python3
"""Compares what a crawl found with what crawl_oracle.py says it must find.

Usage: compare.py OUT_ORACLE OUT_CRAWL

Both are sets: the order of rows is not compared. Differences that come from Python and not from the crawl are set aside
and counted; README.md beside this file explains them.

Exit 0 if the two are equal, 1 if not, 2 for wrong usage and files that are missing or malformed.
"""

import collections
import json
import pathlib
import re
import sys
import urllib.parse

HEADER = "source_url\tparsed_url"
SHOWN = 20


def read_lines(file):
    return file.read_text(encoding="utf-8").splitlines()


def read_links(file):
    header, *rows = read_lines(file)
    if header != HEADER:
        raise ValueError(f"'{file}' does not begin with the header '{HEADER}'")
    if any(row.count("\t") != 1 for row in rows):
        raise ValueError(f"'{file}' has a row that is not two columns")
    if len(rows) != len(set(rows)):
        raise ValueError(f"'{file}' has the same row twice")
    return {tuple(row.split("\t")) for row in rows}


def read_crawled_pages(file):
    """The URLs that gave a page, and for each URL where redirects led from it."""
    pages, final_urls = set(), {}
    for line in read_lines(file):
        page = json.loads(line)
        final_urls[page["url"]] = page.get("final_url") or page["url"]
        if page.get("status") == 200 and not page.get("error"):
            pages.add(final_urls[page["url"]])
    return pages, final_urls


def is_plain(url):
    """True if browsers write the URL's host as Python does: a name in ASCII or an IPv4 address, without credentials."""
    authority = urllib.parse.urlsplit(url).netloc
    host = authority.partition(":")[0]
    if re.fullmatch(r"(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})", host):
        return all(int(part) < 256 for part in host.split("."))
    is_name = re.fullmatch(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?::\d+)?", authority)
    ends_in_number = re.fullmatch(r"\d+|0x[0-9a-f]*", host.rpartition(".")[2])
    return bool(is_name) and "xn--" not in host and not ends_in_number


def after_host(row):
    """What of a link's row does not depend on how its host is written."""
    source, link = row
    return (source, *urllib.parse.urlsplit(link)[2:])


def set_aside(missing, extra):
    """Drops from both sets the links whose host Python leaves as written, and returns how many."""
    unjudged = {row for row in missing if not is_plain(row[1])}
    extra_by_rest = collections.defaultdict(list)
    for row in sorted(extra):
        extra_by_rest[after_host(row)].append(row)
    for row in unjudged:
        twins = extra_by_rest[after_host(row)]
        if twins:
            extra.discard(twins.pop())
    missing -= unjudged
    return len(unjudged)


def report(what, rows):
    if not rows:
        return
    print(f"{len(rows):,} {what}:")
    for row in sorted(rows)[:SHOWN]:
        print("  " + (row if isinstance(row, str) else " -> ".join(row)))
    if len(rows) > SHOWN:
        print("  ...")


def compare(oracle, crawl):
    """Prints the differences; true if there are none."""
    true_pages = set(read_lines(oracle / "pages.txt"))
    others = set(read_lines(oracle / "others.txt"))
    true_links = read_links(oracle / "links.tsv")
    pages, final_urls = read_crawled_pages(crawl / "pages.jsonl")
    links = {(final_urls.get(source, source), link) for source, link in read_links(crawl / "links.tsv")}

    missing_links, extra_links = true_links - links, links - true_links
    unjudged = set_aside(missing_links, extra_links)
    differences = {
        "pages that the crawl lacks": true_pages - pages,
        "pages that only the crawl has": pages - true_pages - others,
        "links that the crawl lacks": missing_links,
        "links that only the crawl has": extra_links,
    }
    for what, rows in differences.items():
        report(what, rows)
    if unjudged:
        print(f"{unjudged:,} links set aside: their hosts are not written the same way by Python and browsers")
    count = sum(map(len, differences.values()))
    print(f"{count:,} differences in {len(true_pages):,} pages and {len(true_links):,} links")
    return count == 0


def main():
    if len(sys.argv) != 3:
        print("usage: compare.py OUT_ORACLE OUT_CRAWL", file=sys.stderr)
        return 2
    try:
        return 0 if compare(*map(pathlib.Path, sys.argv[1:])) else 1
    except (OSError, ValueError) as error:
        print(f"compare.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
