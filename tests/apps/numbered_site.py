"""A site of numbered pages that is the same each time, and what a crawl of it has written."""

import collections
import http.server
import json
import threading

PAGES = 600


def links_of(number):
    """A site that is the same each time: a tree with a few links across."""
    near = [number * 3 + 1, number * 3 + 2, number * 3 + 3, (number * 31 + 7) % PAGES, (number * 17 + 3) % PAGES, number // 2]
    return [link for link in near if link < PAGES]


class Site:
    def __init__(self):
        self.asked = collections.Counter()
        self.retry_after = None  # seconds that all pages but the first want the site to be left alone
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                site.asked[self.path] += 1
                number = int(self.path[1:] or 0) if self.path[1:].isdigit() or self.path == "/" else None
                status = 404 if number is None else 200
                body = "" if number is None else "".join(f'<a href="/{link}">x</a>' for link in links_of(number))
                if number is not None and number % 50 == 49:
                    status, body = 302, ""
                if site.retry_after is not None and self.path[1:].isdigit():
                    status, body = 429, ""
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", str(site.retry_after))
                if status == 302:
                    self.send_header("Location", f"/moved-{number}")
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *arguments):
                pass  # a client was killed

        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def written(folder):
    rows = (folder / "links.tsv").read_text().splitlines()[1:]
    pages = [json.loads(line) for line in (folder / "pages.jsonl").read_text().splitlines()]
    summary = json.loads((folder / "summary.json").read_text())
    return rows, pages, {name: summary[name] for name in ("pages", "ok", "failed", "links", "bytes", "skipped")}


def finished(folder):
    """The pages in the file, complete lines only."""
    path = folder / "pages.jsonl"
    text = path.read_text(errors="replace") if path.exists() else ""
    return {json.loads(line)["url"] for line in text.splitlines(keepends=True) if line.endswith("\n")}
