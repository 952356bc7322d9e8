#!/usr/bin/env python3
"""`hocket serve` as a service: its socket comes from a manager, which outlives it (sd_listen_fds(3), sd_notify(3)).

Usage: service_test.py HOCKET [unittest options]
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys

import program
from program import WAIT, AppTest, main

# LISTEN_PID is the process's own, so it can only be known there.
AS_SERVICE = """
import fcntl, os, sys
sockets, command = sys.argv[1].split(","), sys.argv[2:]
out_of_the_way = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 100) for each in sockets]
for number, each in enumerate(out_of_the_way):
    os.dup2(each, 3 + number)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(command[0], command)
"""


@contextlib.contextmanager
def service(sockets, *arguments, notify=None, backend="epoll"):
    """The program, started with the sockets."""
    variables = {**program.environment(backend), "LISTEN_FDS": str(len(sockets)), "LISTEN_FDNAMES": "web"}
    if notify is not None:
        variables["NOTIFY_SOCKET"] = notify
    numbers = [each.fileno() for each in sockets]
    command = ["python3", "-c", AS_SERVICE, ",".join(map(str, numbers)), program.path, *map(str, arguments)]
    process = subprocess.Popen(command, env=variables, pass_fds=numbers, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=WAIT)


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=WAIT)


def answer(client):
    client.sendall(b"GET /a.html HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
    with client, client.makefile("rb") as all_of_it:
        return all_of_it.readline()


class Service(AppTest):
    def setUp(self):
        super().setUp()
        self.site = self.make_site()
        self.listening = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        self.port = self.listening.getsockname()[1]

    def test_serves_at_the_socket_that_it_was_given_on_each_backend_and_on_several_loops(self):
        for backend in program.BACKENDS:
            for loops in (1, 3):
                with self.subTest(backend=backend, loops=loops):
                    with service([self.listening], "serve", self.site, "--loops", loops, backend=backend) as process:
                        self.assertEqual(process.stdout.readline(), f"serving {self.site} at http://127.0.0.1:{self.port}/ (Ctrl-C stops)\n")
                        for _ in range(5):
                            self.assertEqual(answer(connect(self.port)), b"HTTP/1.1 200 OK\r\n")

    def test_loses_nobody_who_comes_while_it_is_started_again(self):
        with service([self.listening], "serve", self.site) as first:
            first.stdout.readline()
            self.assertEqual(answer(connect(self.port)), b"HTTP/1.1 200 OK\r\n")
        early = [connect(self.port) for _ in range(10)]
        with service([self.listening], "serve", self.site):
            self.assertEqual([answer(client) for client in early], [b"HTTP/1.1 200 OK\r\n"] * 10)

    def test_tells_its_manager_when_it_serves(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(f"{self.folder}/notify")
            manager.settimeout(WAIT)
            with service([self.listening], "serve", self.site, notify=f"{self.folder}/notify"):
                self.assertEqual(manager.recv(100), b"READY=1")

    def test_serves_although_its_manager_does_not_hear(self):
        with service([self.listening], "serve", self.site, notify="/nowhere/notify") as process:
            self.assertEqual(
                process.stderr.readline(), "hocket serve: the service manager at /nowhere/notify was not told: No such file or directory\n"
            )
            self.assertEqual(answer(connect(self.port)), b"HTTP/1.1 200 OK\r\n")

    def refused(self, *sockets):
        with service(sockets, "serve", self.site) as process:
            said = process.communicate(timeout=WAIT)
        self.assertEqual((process.returncode, said[0]), (1, ""))
        return said[1]

    def test_says_what_it_cannot_serve(self):
        with socket.socket(socket.AF_UNIX) as unix, socket.socket() as idle:
            unix.bind(f"{self.folder}/web")
            unix.listen()
            self.assertEqual(
                self.refused(unix), f"hocket serve: the socket that was passed is a unix socket, {self.folder}/web, one of TCP can be served\n"
            )
            self.assertEqual(self.refused(self.listening, unix), "hocket serve: 2 sockets were passed by LISTEN_FDS, one can be served\n")
            self.assertEqual(self.refused(idle), "hocket serve: nobody listens at descriptor 3 ('web'), with which this process was started\n")


if __name__ == "__main__":
    sys.exit(main(__doc__))
