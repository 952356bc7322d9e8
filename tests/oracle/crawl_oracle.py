#!/usr/bin/env python3
"""Says what a crawl of a static site must find, from the site's files alone.

Usage: crawl_oracle.py DIR BASE_URL OUT [--start PATH]

DIR is served at BASE_URL (such as http://127.0.0.1:8080/); the walk begins at PATH, by default /index.html. OUT gets
  pages.txt   the URLs that give an HTML page, one a line, sorted
  others.txt  the URLs that give something else, which a crawler may fetch or leave
  links.tsv   the header source_url<TAB>parsed_url, then each distinct link of each page, sorted

An independent judge: it shares no code with the crawler and uses Python's own HTML and URL modules. Where those differ
from the standards that a browser follows is told in README.md beside this file.
"""

import argparse
import collections
import html.parser
import pathlib
import re
import sys
import urllib.parse

SCHEMES = {"http": 80, "https": 443}
HTML_SUFFIXES = {".html", ".htm"}
SPACE_AND_CONTROLS = "".join(map(chr, range(0x21)))
EMPTY_SEGMENT = "\ufdd0"  # stands for the nothing between two slashes; a noncharacter, so no page has it


class LinkParser(html.parser.HTMLParser):
    """The raw links of a page, each with whether it may be followed, and the href of its base."""

    def __init__(self):
        super().__init__()
        self.base = None
        self.links = []

    def handle_starttag(self, tag, attrs):
        attributes = {}
        for name, value in attrs:
            attributes.setdefault(name, value or "")  # the first of duplicates counts
        if "href" not in attributes:
            return
        if tag == "base" and self.base is None:
            self.base = attributes["href"]
        elif tag in ("a", "area"):
            followed = "nofollow" not in attributes.get("rel", "").lower().split()
            self.links.append((attributes["href"], followed))


def mark_empty_segments(path):
    """`a//b` with the empty segment made visible, which urljoin would drop."""
    return re.sub(r"(?<=/)(?=/)", EMPTY_SEGMENT, path)


def marked(url):
    """The URL or reference with its path's empty segments marked; the slashes of an authority are none."""
    before_query, query_mark, rest = url.partition("?")
    authority = re.match(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*", before_query)
    path_begin = authority.end() if authority else 0
    return before_query[:path_begin] + mark_empty_segments(before_query[path_begin:]) + query_mark + rest


def escaped(text, also):
    """Percent-encodes what a browser would: controls, all beyond ASCII, space, quote and brackets, and `also`."""
    special = set(' "<>' + also)
    return "".join(
        "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))
        if not "\x20" < character < "\x7f" or character in special
        else character
        for character in text
    )


def without_dots(path):
    """The path without segments that are dots, plain or escaped."""
    kept = []
    segments = re.sub(r"%2e", ".", path, flags=re.I).split("/")[1:]
    originals = path.split("/")[1:]
    for index, (segment, original) in enumerate(zip(segments, originals)):
        is_last = index == len(segments) - 1
        if segment == ".." and kept:
            kept.pop()
        if segment in (".", ".."):
            kept += [""] if is_last else []
        else:
            kept.append(original)
    return "/" + "/".join(kept)


def normalized(url):
    """An absolute http(s) URL as a browser writes it, without its fragment; None if it is no such URL."""
    url, _, _ = url.partition("#")
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        return None
    host = parts.hostname if ":" not in parts.hostname else f"[{parts.hostname}]"
    credentials, at, _ = parts.netloc.rpartition("@")
    port = "" if parts.port in (None, SCHEMES[parts.scheme]) else f":{parts.port}"
    path = escaped(without_dots(parts.path or "/"), "^`{}")
    query = "?" + escaped(parts.query, "'") if "?" in url else ""
    return f"{parts.scheme}://{credentials}{at}{host}{port}{path}{query}"


def resolved(base, reference):
    """What the reference means on a page with this base; None if that is not http(s)."""
    reference = re.sub(r"[\t\n\r]", "", reference.strip(SPACE_AND_CONTROLS)).partition("#")[0]
    before_query, query_mark, query = reference.partition("?")
    if not re.match(r"(?!https?:)[a-z][a-z0-9+.-]*:", before_query, re.I):
        reference = before_query.replace("\\", "/") + query_mark + query
    try:
        url = urllib.parse.urljoin(marked(base), marked(reference)).replace(EMPTY_SEGMENT, "")
        if reference.endswith("?") and not url.endswith("?"):
            url += "?"  # urljoin drops a query that is empty
        return normalized(url)
    except ValueError:
        return None


class Site:
    """A folder of files as a web server shows it."""

    def __init__(self, folder):
        self.folder = folder.resolve()

    def file(self, path):
        """The file that the server sends for a URL's path, or None. A folder's is its index.html."""
        if re.search(r"%(?![0-9A-Fa-f]{2})", path):
            return None  # servers answer 400
        file = (self.folder / urllib.parse.unquote(path).lstrip("/")).resolve()
        if not file.is_relative_to(self.folder):
            return None
        if file.is_dir():
            file /= "index.html"
        elif path.endswith("/"):
            return None
        return file if file.is_file() else None

    def final_path(self, path):
        """Where the server sends a client that asks for the path: to the path with a slash, for a folder."""
        is_folder = (self.folder / urllib.parse.unquote(path).lstrip("/")).is_dir()
        return path + "/" if is_folder and not path.endswith("/") else path


def links_of(file, url):
    """The links of a page: for each distinct URL whether some link to it may be followed."""
    parser = LinkParser()
    parser.feed(file.read_text(encoding="utf-8", errors="replace"))
    parser.close()
    base = url if parser.base is None else resolved(url, parser.base) or url
    links = collections.defaultdict(bool)
    for reference, followed in parser.links:
        target = resolved(base, reference)
        if target is not None:
            links[target] |= followed
    return links


def walk(site, start):
    """The sets of pages, of other files, and of (source, link) pairs."""
    origin = urllib.parse.urlsplit(start)[:2]
    pages, others, rows = set(), set(), set()
    seen = {start}
    queue = collections.deque(seen)
    while queue:
        parts = urllib.parse.urlsplit(queue.popleft())
        parts = parts._replace(path=site.final_path(parts.path))
        url = parts.geturl()
        file = site.file(parts.path)
        if file is None or url in pages:
            continue
        if file.suffix.lower() not in HTML_SUFFIXES:
            others.add(url)
            continue
        pages.add(url)
        for target, followed in links_of(file, url).items():
            rows.add((url, target))
            if followed and urllib.parse.urlsplit(target)[:2] == origin and target not in seen:
                seen.add(target)
                queue.append(target)
    return pages, others, rows


def write_lines(file, lines):
    file.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description="Says what a crawl of a static site must find, from its files alone.")
    parser.add_argument("folder", metavar="DIR", type=pathlib.Path)
    parser.add_argument("base_url", metavar="BASE_URL")
    parser.add_argument("out", metavar="OUT", type=pathlib.Path)
    parser.add_argument("--start", metavar="PATH", default="/index.html")
    options = parser.parse_args()
    if not options.folder.is_dir():
        parser.error(f"no such folder: '{options.folder}'")
    start = resolved(options.base_url, options.start)
    if start is None:
        parser.error(f"not an http(s) URL: '{options.base_url}'")

    pages, others, rows = walk(Site(options.folder), start)
    options.out.mkdir(parents=True, exist_ok=True)
    write_lines(options.out / "pages.txt", sorted(pages))
    write_lines(options.out / "others.txt", sorted(others))
    write_lines(options.out / "links.tsv", ["source_url\tparsed_url"] + sorted("\t".join(row) for row in rows))
    print(f"{len(pages):,} pages, {len(rows):,} links, {len(others):,} other files -> {options.out}")
    return 0 if pages else 1


if __name__ == "__main__":
    sys.exit(main())
