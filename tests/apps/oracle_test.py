#!/usr/bin/env python3
"""Crawls four manuals at once, on four hosts, and holds what it finds against the oracle: plain, compressed and by TLS.

Usage: oracle_test.py HOCKET [unittest options]

Takes minutes. The manuals are Debian's, below /usr/share/doc or HOCKET_DOC (packages unpacked elsewhere: dpkg -x PACKAGE.deb ...).
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys
import unittest

import program
from https_test import PATH, issue, needs
from program import BACKENDS, WAIT, AppTest, free_port, hocket, wait_until

ORACLE = pathlib.Path(__file__).resolve().parent.parent / "oracle"
DOC = pathlib.Path(os.environ.get("HOCKET_DOC", "/usr/share/doc"))
MANUALS = {  # of each host: where it is, and the package
    "127.0.0.1": ("postgresql-doc-15/html", "postgresql-doc-15"),
    "127.0.0.2": ("python3.11/html", "python3.11-doc"),
    "127.0.0.3": ("gcc-12-base/libstdc++/user", "libstdc++-12-doc"),
    "127.0.0.4": ("libboost1.74-doc/doc/html", "libboost1.74-doc"),
}
NGINX = """
daemon off;
pid nginx.pid;
{user}
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  types {{ text/html html htm; }}
  absolute_redirect off;
  ssl_certificate server.pem;
  ssl_certificate_key server.key;
  gzip_min_length 1;
{servers}
}}
"""
SERVER = """  server {{
    listen {host}:{port}{tls};
    gzip {gzip};
    root "{folder}";
  }}"""


def folder_of(host):
    """The manual of a host, unpacked elsewhere or installed; None if it is not there."""
    places = [root / MANUALS[host][0] for root in (DOC, pathlib.Path("/usr/share/doc"))]
    return next((place for place in places if (place / "index.html").is_file()), None)


MISSING = [package for host, (_, package) in MANUALS.items() if folder_of(host) is None]


@needs("nginx")
@needs("openssl")
@unittest.skipIf(MISSING, f"NOT TESTED: four manuals; missing are {', '.join(MISSING)}")
class FourManuals(AppTest):
    def setUp(self):
        super().setUp()
        self.ports = {kind: free_port() for kind in ("plain", "gzip", "https")}
        issue(self.folder, "authority", "authority", ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"])
        names = "subjectAltName=" + ",".join(f"IP:{host}" for host in MANUALS)
        issue(self.folder, "server", "server", [names, "basicConstraints=CA:FALSE"], "authority")
        servers = [
            SERVER.format(host=host, port=port, tls=" ssl http2" if kind == "https" else "",
                          gzip="on" if kind == "gzip" else "off", folder=folder_of(host))
            for kind, port in self.ports.items()
            for host in MANUALS
        ]
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(NGINX.format(user=user, servers="\n".join(servers)))
        nginx = subprocess.Popen(
            ["nginx", "-p", self.folder, "-c", "nginx.conf", "-e", "stderr"], env={**os.environ, "PATH": PATH}, stderr=subprocess.PIPE
        )
        self.addCleanup(lambda: (nginx.terminate(), nginx.communicate(timeout=WAIT)))
        wait_until(lambda: (self.folder / "nginx.pid").is_file() or nginx.poll() is not None, "nginx did not start")
        self.assertIsNone(nginx.poll(), "nginx ended")

    def ask_oracle(self):
        """What is to be found on the plain hosts, all of it: names of files and their lines."""

        def ask(host):
            expected = self.folder / f"expected-{host}"
            base = f"http://{host}:{self.ports['plain']}/"
            command = [sys.executable, ORACLE / "crawl_oracle.py", folder_of(host), base, expected]
            subprocess.run(command, check=True, capture_output=True, timeout=WAIT * 20)
            return {name: (expected / name).read_text() for name in ("pages.txt", "others.txt", "links.tsv")}

        with concurrent.futures.ThreadPoolExecutor() as threads:
            answers = list(threads.map(ask, MANUALS))
        header = answers[0]["links.tsv"].split("\n", 1)[0] + "\n"
        merged = {name: "".join(answer[name].removeprefix(header) for answer in answers) for name in answers[0]}
        return {**merged, "links.tsv": header + merged["links.tsv"]}

    def url(self, kind, host=""):
        return f"{'https' if kind == 'https' else 'http'}://{host}:{self.ports[kind]}/"

    def test_the_crawl_finds_what_the_oracle_does(self):
        answers = self.ask_oracle()
        print(f"{answers['pages.txt'].count(chr(10)):,} pages", file=sys.stderr)
        for kind in self.ports:
            expected = self.folder / f"expected-{kind}"
            expected.mkdir()
            for name, lines in answers.items():
                for host in MANUALS:
                    lines = lines.replace(self.url("plain", host), self.url(kind, host))
                (expected / name).write_text(lines)
            for backend in BACKENDS:
                with self.subTest(kind=kind, backend=backend):
                    self.compare(kind, backend, expected)

    def compare(self, kind, backend, expected):
        found = self.folder / f"found-{kind}-{backend}"
        seeds = [self.url(kind, host) + "index.html" for host in MANUALS]
        result = hocket("crawl", *seeds, "--out", found, "--cafile", self.folder / "authority.pem", backend=backend)
        self.assertEqual(result.returncode, 0, result.stderr)
        verdict = subprocess.run([sys.executable, ORACLE / "compare.py", expected, found], capture_output=True, text=True)
        self.assertEqual(verdict.returncode, 0, verdict.stdout + verdict.stderr)
        print(f"{kind}, {backend}: {result.stdout.splitlines()[0]}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(program.main(__doc__))
