#!/usr/bin/env python3
"""Runs the hocket program against nginx, curl and openssl over TLS.

Usage: https_test.py HOCKET [unittest options]
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

import program
from program import BACKENDS, LINKS, SITE, WAIT, AppTest, hocket, start, wait_until

PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin"
NGINX = """
daemon off;
pid nginx.pid;
{user}
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  types {{ text/html html; }}
  server {{
    listen 127.0.0.1:{port} ssl http2 reuseport;
    ssl_certificate server.pem;
    ssl_certificate_key server.key;
    root site;
  }}
}}
"""


def needs(name):
    return unittest.skipUnless(shutil.which(name, path=PATH), f"NOT TESTED: {name} is not installed (scripts/setup peers)")


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=True, timeout=WAIT, **options).stdout


def curl(*arguments):
    command = ["curl", "-q", "--silent", "--show-error", "--noproxy", "*", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=WAIT)


def issue(folder, name, subject, extensions, authority=None):
    """Makes a key and its certificate, signed by the authority's or by itself: `name`.key and `name`.pem."""
    settings = folder / f"{name}.cnf"
    settings.write_text(f"[req]\ndistinguished_name=name\nprompt=no\n[name]\nCN={subject}\n")
    signed_by = ["-CA", folder / f"{authority}.pem", "-CAkey", folder / f"{authority}.key"] if authority else []
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / f"{name}.key"]
    added = [word for extension in extensions for word in ("-addext", extension)]
    openssl("req", "-x509", "-config", settings, *key, "-out", folder / f"{name}.pem", "-days", 2, *signed_by, *added)


@needs("openssl")
class HttpsTest(AppTest):
    def setUp(self):
        super().setUp()
        issue(self.folder, "authority", "Authority of the tests", ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"])
        hosts = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        issue(self.folder, "server", "localhost", ["basicConstraints=critical,CA:FALSE", hosts], authority="authority")
        self.authority = self.folder / "authority.pem"
        self.certificate = self.folder / "server.pem"
        self.key = self.folder / "server.key"

    @contextlib.contextmanager
    def nginx(self):
        """nginx over TLS, with the site; gives its URL."""
        self.make_site()
        with socket.socket() as reserved, tempfile.TemporaryFile() as said:
            reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # nobody else gets the port meanwhile
            reserved.bind(("127.0.0.1", 0))
            port = reserved.getsockname()[1]
            user = "user root;" if os.geteuid() == 0 else ""
            (self.folder / "nginx.conf").write_text(NGINX.format(port=port, user=user))
            command = [shutil.which("nginx", path=PATH), "-p", self.folder, "-e", "error.log", "-c", "nginx.conf"]
            server = subprocess.Popen(command, stdout=said, stderr=said)
            try:
                wait_until(lambda: server.poll() is not None or self.is_listening(port), "nginx listens")
                self.assertIsNone(server.poll(), "nginx has ended")
                yield f"https://localhost:{port}/"
            finally:
                server.terminate()
                server.wait(timeout=WAIT)

    @staticmethod
    def is_listening(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    @contextlib.contextmanager
    def served(self, backend, *arguments):
        """`hocket serve` for the site; gives its port and the lines that it has printed."""
        server = self.server = start("serve", self.make_site(), "--port", 0, *arguments, backend=backend)
        try:
            lines = [server.stdout.readline()]
            port = re.search(r"https://127\.0\.0\.1:(\d+)/", lines[0]).group(1)
            if "--self-signed" in arguments:
                lines.append(server.stdout.readline())
            yield int(port), lines
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=WAIT)


@needs("nginx")
class Crawl(HttpsTest):
    def test_with_its_authority(self):
        with self.nginx() as url:
            for backend in BACKENDS:
                with self.subTest(backend=backend):
                    result = hocket("crawl", url + "index.html", "--cafile", self.authority, "--out", self.out, backend=backend)
                    self.assertEqual((result.returncode, result.stderr), (0, ""))
                    self.assertRegex(result.stdout, rf"^4 pages \(3 ok, 1 failed\), {LINKS} links in ")
                    rows, pages = self.read_out()
                    self.assertEqual(len(rows), LINKS)
                    fetched = {page["url"].removeprefix(url) for page in pages}
                    self.assertEqual(fetched, {"index.html", "a.html", "sub/", "missing.html"})

    def test_without_its_authority(self):
        with self.nginx() as url:
            for backend in BACKENDS:
                with self.subTest(backend=backend):
                    result = hocket("crawl", url, "--out", self.out, "--retries", 0, backend=backend)
                    self.assertEqual(result.returncode, 1)
                    self.assertRegex(
                        result.stderr,
                        rf"^hocket crawl: no page was fetched; {url}: TLS with localhost[^\n]*the authority is unknown[^\n]*\n$",
                    )
                    self.assertIn("(0 ok, 1 failed)", result.stdout)

    def test_without_a_look_at_its_certificate(self):
        with self.nginx() as url:
            for backend in BACKENDS:
                with self.subTest(backend=backend):
                    result = hocket("crawl", url + "index.html", "--insecure", "--out", self.out, backend=backend)
                    self.assertEqual(result.returncode, 0)
                    self.assertRegex(result.stderr, r"^hocket crawl: certificates are not checked \(--insecure\)[^\n]*\n$")
                    self.assertEqual(len(self.read_out()[0]), LINKS)

    def test_a_file_of_authorities_that_is_not_there(self):
        result = hocket("crawl", "https://localhost:1/", "--cafile", self.folder / "nothing.pem", "--out", self.out)
        self.assert_one_line(result, 2, re.escape(f"{self.folder}/nothing.pem"))


@needs("nginx")
class Get(HttpsTest):
    def test_speaks_http_2_where_it_is_offered(self):
        with self.nginx() as url:
            for backend in BACKENDS:
                with self.subTest(backend=backend):
                    result = hocket("get", url + "a.html", "--cafile", self.authority, "--include", "--timing", backend=backend)
                    self.assertEqual(result.returncode, 0, result.stderr)
                    head, _, body = result.stdout.partition("\n\n")
                    self.assertRegex(head, r"^HTTP/2.0 200 \n")
                    self.assertEqual(body, SITE["a.html"])
                    self.assertRegex(result.stderr, r"^HTTP/2.0, (name|connect) ")

    def test_speaks_http_1_if_told_so(self):
        with self.nginx() as url:
            result = hocket("get", url + "a.html", "--cafile", self.authority, "--include", "--http1")
            self.assertRegex(result.stdout, r"^HTTP/1.1 200 OK\n")

    def test_speaks_http_2_without_tls_only_if_told_so(self):
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(start("serve", self.make_site(), "--port", 0, "--http2"))
            stack.callback(server.terminate)
            url = server.stdout.readline().split()[3]
            for option, version in ([], "1.1"), (["--http2"], "2.0"):
                result = hocket("get", f"{url}a.html", "--include", *option)
                self.assertRegex(result.stdout, rf"^HTTP/{version} 200 ")
                self.assertTrue(result.stdout.endswith(SITE["a.html"]))

    def test_a_server_that_does_not_speak_it_is_told(self):
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(start("serve", self.make_site(), "--port", 0))
            stack.callback(server.terminate)
            url = server.stdout.readline().split()[3]
            result = hocket("get", f"{url}a.html", "--http2")
            self.assert_one_line(result, 1, "the server does not speak HTTP/2", who="hocket get")


@needs("curl")
class Serve(HttpsTest):
    def test_with_a_certificate(self):
        for backend in BACKENDS:
            with self.subTest(backend=backend), self.served(backend, "--cert", self.certificate, "--key", self.key) as (port, _):
                page = curl("--cacert", self.authority, f"https://localhost:{port}/a.html")
                self.assertEqual((page.returncode, page.stdout), (0, SITE["a.html"]), page.stderr)
                self.assertEqual(curl(f"https://localhost:{port}/a.html").returncode, 60)

    def test_offers_http_2(self):
        version = ["--write-out", "%{http_version}", "--output", os.devnull, "--cacert", self.authority]
        for backend in BACKENDS:
            with self.subTest(backend=backend), self.served(backend, "--cert", self.certificate, "--key", self.key) as (port, _):
                self.assertEqual(curl(*version, f"https://localhost:{port}/a.html").stdout, "2")
                self.assertEqual(curl(*version, "--http1.1", f"https://localhost:{port}/a.html").stdout, "1.1")

    def test_speaks_http_2_without_tls_only_if_told_so(self):
        asks = ["--http2-prior-knowledge", "--write-out", "%{http_version}", "--output", os.devnull]
        for option, version in ([], "1.1"), (["--http2"], "2"):
            with contextlib.ExitStack() as stack:
                server = stack.enter_context(start("serve", self.make_site(), "--port", 0, *option))
                stack.callback(server.terminate)
                url = server.stdout.readline().split()[3]
                answer = curl(*asks, f"{url}a.html")
                self.assertEqual(answer.stdout == "2" and answer.returncode == 0, version == "2", answer.stderr)
                self.assertEqual(curl("--write-out", "%{http_version}", "--output", os.devnull, f"{url}a.html").stdout, "1.1")

    def test_the_key_may_be_in_the_same_file(self):
        both = self.folder / "both.pem"
        both.write_text(self.certificate.read_text() + self.key.read_text())
        with self.served("epoll", "--cert", both) as (port, _):
            page = curl("--cacert", self.authority, f"https://localhost:{port}/a.html")
            self.assertEqual((page.returncode, page.stdout), (0, SITE["a.html"]), page.stderr)

    def test_with_a_certificate_made_on_the_spot(self):
        for backend in BACKENDS:
            with self.subTest(backend=backend), self.served(backend, "--self-signed") as (port, lines):
                shown = openssl("s_client", "-connect", f"127.0.0.1:{port}", stdin=subprocess.DEVNULL)
                computed = openssl("x509", "-noout", "-fingerprint", "-sha256", input=shown)
                self.assertRegex(lines[1], r"^its certificate is for \S.*\blocalhost\b.*; SHA-256 ")
                self.assertEqual(lines[1].split()[-1], computed.strip().partition("=")[2])

                own = self.folder / "own.pem"
                own.write_text(openssl("x509", input=shown))
                page = curl("--cacert", own, f"https://localhost:{port}/a.html")
                self.assertEqual((page.returncode, page.stdout), (0, SITE["a.html"]), page.stderr)
                self.assertEqual(curl(f"https://localhost:{port}/a.html").returncode, 60)

    def secure_connection(self, port):
        """A connection to the server, and the certificate that it shows."""
        context = ssl.create_default_context(cafile=self.authority)
        connection = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=WAIT), server_hostname="localhost")
        self.addCleanup(connection.close)
        return connection, connection.getpeercert(binary_form=True)

    def test_reads_its_certificate_again_on_sighup(self):
        hosts = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        for backend in BACKENDS:
            with self.subTest(backend=backend), self.served(backend, "--cert", self.certificate, "--key", self.key) as (port, _):
                old, first = self.secure_connection(port)
                issue(self.folder, "server", "localhost", ["basicConstraints=critical,CA:FALSE", hosts], authority="authority")
                self.assertEqual(self.secure_connection(port)[1], first)
                self.server.send_signal(signal.SIGHUP)
                self.assertEqual(self.server.stdout.readline(), "the certificate was read again\n")
                second = self.secure_connection(port)[1]
                self.assertNotEqual(second, first)

                self.certificate.write_text("no certificate")
                self.server.send_signal(signal.SIGHUP)
                self.assertRegex(self.server.stderr.readline(), rf"^hocket serve: .*{re.escape(str(self.certificate))}.*\n$")
                self.assertEqual(self.secure_connection(port)[1], second)

                old.sendall(b"HEAD /a.html HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertTrue(old.recv(4096).startswith(b"HTTP/1.1 200 "))
                issue(self.folder, "server", "localhost", ["basicConstraints=critical,CA:FALSE", hosts], authority="authority")

    def test_a_key_of_another_certificate(self):
        result = hocket("serve", self.make_site(), "--port", 0, "--cert", self.certificate, "--key", self.folder / "authority.key")
        self.assert_one_line(result, 1, re.escape(str(self.folder)), who="hocket serve")


if __name__ == "__main__":
    sys.exit(program.main(__doc__))
