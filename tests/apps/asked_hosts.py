"""Many hosts at one port, and a log of who asked which of them when."""

import collections
import http.server
import itertools
import threading
import time

Asked = collections.namedtuple("Asked", "when host worker path")  # when: seconds of time.monotonic


def links_of(number, pages):
    """Of a page to others of its host: a tree, with a link across."""
    return [link for link in (number * 3 + 1, number * 3 + 2, number * 3 + 3, (number * 7 + 5) % pages or 1) if link < pages]


class Hosts:
    """Hosts of numbered pages, which link to each other: one server that has all the addresses, which are this machine's."""

    def __init__(self, addresses, pages):
        self.log = []
        self.robots = {}  # address -> text
        self.retry_after = {}  # address -> seconds: the next page asked for is answered so
        self.slow = {}  # address -> seconds that a page takes
        site, order = self, list(addresses)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                host = self.headers["Host"]
                address = host.rpartition(":")[0]
                site.log.append(Asked(time.monotonic(), host, self.headers["User-Agent"], self.path))
                status, body, more = 200, "", ""
                if self.path == "/robots.txt":
                    body = site.robots.get(address, "")
                    status = 200 if body else 404
                elif address in site.retry_after:
                    status, more = 429, f"Retry-After: {site.retry_after.pop(address)}\r\n"
                else:
                    time.sleep(site.slow.get(address, 0))
                    number = int(self.path[1:] or 0)
                    following = order[(order.index(address) + 1) % len(order)]
                    links = [f"/{link}" for link in links_of(number, pages)] + [f"http://{following}:{site.port}/{number or ''}"]
                    body = "".join(f'<a href="{link}">x</a>' for link in links)
                head = f"HTTP/1.1 {status} x\r\nContent-Type: text/html\r\n{more}Content-Length: {len(body)}\r\n\r\n"
                self.wfile.write((head + body).encode())

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 100

            def handle_error(self, *arguments):
                pass  # a client was killed

        self.server = Server(("", 0), Handler)
        self.port = self.server.server_address[1]
        self.seeds = [f"http://{address}:{self.port}/" for address in order]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def pages(self):
        return [each for each in self.log if each.path != "/robots.txt"]

    def changes(self):
        """When a host was asked by another worker than before: pairs of what was asked, in their order."""
        for _, asked in itertools.groupby(sorted(self.log, key=lambda each: (each.host, each.when)), lambda each: each.host):
            yield from (pair for pair in itertools.pairwise(asked) if pair[0].worker != pair[1].worker)
