#!/usr/bin/env python3
"""Parses a list of URLs by hocket and, where Node is installed, by the ada within it.

Usage: compare.py BENCH [--file URLS] [--rounds 100] [--runs 3]

Without a file the list are the links of the PostgreSQL manual (scripts/setup demo), resolved.
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
MANUAL = "/usr/share/doc/postgresql-doc-15/html"


def links_of_manual():
    found = {}
    for name in sorted(os.listdir(MANUAL)):
        if name.endswith(".html"):
            with open(os.path.join(MANUAL, name), encoding="utf-8") as page:
                for link in re.findall(r'href="([^"#]+)', page.read()):
                    found[urllib.parse.urljoin(f"https://www.postgresql.org/docs/15/{name}", link.replace("&amp;", "&"))] = True
    return list(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--file")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    if given.file is None and not os.path.isdir(MANUAL):
        sys.exit(f"compare.py: there is no {MANUAL}; scripts/setup demo installs it, or give --file")

    programs = {"hocket": [os.path.join(given.bench, "url_list")]}
    node = shutil.which("node")
    if node:
        version = subprocess.run([node, "-p", "`${process.versions.node}, ada ${process.versions.ada}`"], capture_output=True, text=True, check=True)
        for way, name in (("can_parse", "URL.canParse"), ("href", "new URL(...).href")):
            programs[f"Node {version.stdout.strip()}: {name}"] = [node, os.path.join(HERE, "node_url_list.js"), way]
    else:
        print("Node is not installed: there is nobody to compare with", file=sys.stderr)

    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as listed:
        if given.file is None:
            listed.write("\n".join(links_of_manual()))
            listed.flush()
        path = given.file or listed.name
        results = {name: [] for name in programs}
        for _ in range(given.runs):
            for name, command in programs.items():
                ended = subprocess.run([*command, path, str(given.rounds)], capture_output=True, text=True, check=True)
                results[name].append(json.loads(ended.stdout))

    first = results["hocket"][0]
    print(f"{first['urls']} URLs, {first['bytes'] / first['urls']:.0f} bytes each\n")
    print("| by | ns a URL, best | median | MB/s | instructions a URL |\n|---|---|---|---|---|")
    for name, all_runs in results.items():
        if all_runs[0]["valid"] != first["valid"]:
            sys.exit(f"compare.py: {name} takes {all_runs[0]['valid']} for URLs, hocket {first['valid']}")
        best = min(each["best"] for each in all_runs)
        median = statistics.median(each["median"] for each in all_runs)
        instructions = all_runs[0].get("instructions") or 0
        print(f"| {name} | {best / first['urls'] * 1e9:.0f} | {median / first['urls'] * 1e9:.0f} | {first['bytes'] / best / 1e6:.0f} | "
              f"{round(instructions / first['urls']) if instructions else ''} |")


if __name__ == "__main__":
    main()
