"""Runs the poetry lesson as a user does: its server, each client, and all of them by one command.

Usage: poetry_examples_test.py DIRECTORY_OF_THE_LESSON [unittest's arguments]

Nothing here depends on how long anything takes, but that the clients are as fast as docs/lessons.md says, and not as slow as the next
slower ones.
"""

import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

import lessons_page

LESSON = pathlib.Path(sys.argv[1]).resolve()
PATIENCE_SECONDS = 60
CLIENTS = ["get_blocking", "get_processes", "get_threads", "get_nonblocking", "get_callbacks", "get_futures", "get_delegation",
           "get_coroutines"]
POEMS = [LESSON / name for name in ("summer.txt", "star.txt", "science.txt")]


def run(program, *arguments, **options):
    return subprocess.run([LESSON / program, *map(str, arguments)], env={**os.environ, "LC_ALL": "C"}, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE_SECONDS, **options)


def read_all(connection):
    pieces = []
    while piece := connection.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


class Server:
    """A slow server of a poem, until it is told to end."""

    def __init__(self, poem, *arguments, delay="0.001"):
        self.process = subprocess.Popen([LESSON / "slowpoetry", poem, "--port", "0", "--delay", delay, *map(str, arguments)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.port = int(line.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)


class ScriptedServer:
    """Does with each of its clients what it is given."""

    def __init__(self, behave):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, args=(behave,), daemon=True)
        self.thread.start()

    def serve(self, behave):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                behave(connection)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(PATIENCE_SECONDS)


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class TheLesson(unittest.TestCase):
    def test_gets_every_byte_in_each_way_and_shows_a_table(self):
        ended = run("run", "--delay", "0.005", text=True)
        self.assertEqual((ended.stderr, ended.returncode), ("", 0))
        lines = ended.stdout.splitlines()
        self.assertRegex(lines[0], r"^3 poems; one after another \d+\.\d\d s, the longest \d+\.\d\d s$")
        self.assertEqual(lines[1], "")
        self.assertRegex(lines[2], r"^client +elapsed +CPU +poems +where it waits$")
        elapsed, cpu = {}, {}
        for line, client in zip(lines[3:], CLIENTS, strict=True):
            row = re.match(rf"^{client} +(\d+\.\d\d) s +(\d+) %  right  \S", line)
            self.assertIsNotNone(row, line)
            elapsed[client], cpu[client] = float(row[1]), int(row[2])
        # A server never sends sooner than it says. On a busy machine all may take longer, but in this order.
        together, longest = map(float, re.findall(r"\d+\.\d\d", lines[0]))
        for client in CLIENTS:
            one_by_one = client in ("get_blocking", "get_nonblocking")
            self.assertGreaterEqual(elapsed[client], 0.95 * (together if one_by_one else longest), client)
            if not one_by_one:
                self.assertLess(elapsed[client], elapsed["get_blocking"], client)
            if client != "get_nonblocking":
                self.assertLess(cpu[client], cpu["get_nonblocking"], client)

    def test_takes_what_the_page_of_lessons_says(self):
        ended = run("run", text=True)
        claims = lessons_page.tables()["Three poems"]
        self.assertEqual(list(claims), CLIENTS)
        counted = map(float, re.findall(r"\d+\.\d\d", ended.stdout.splitlines()[0]))
        self.assertEqual(sorted(counted), sorted(set(claims.values())))
        for client, told in re.findall(r"^(get_\w+) +(\d+\.\d\d) s", ended.stdout, re.M):
            with self.subTest(client):
                lessons_page.check(self, "Three poems", client, float(told))

    def test_of_poems_of_ones_own(self):
        with tempfile.TemporaryDirectory() as folder:
            poem = pathlib.Path(folder) / "own poem"
            poem.write_bytes(os.urandom(5000))
            empty = pathlib.Path(folder) / "empty"
            empty.write_bytes(b"")
            ended = run("run", "--delay", "0", "--num-bytes", "7", poem, empty, text=True)
        self.assertEqual((ended.stderr, ended.returncode), ("", 0))
        self.assertEqual(ended.stdout.count("  right  "), len(CLIENTS))

    def test_of_a_poem_that_is_not_there_gives_one_line_and_1(self):
        ended = run("run", "/no/poem", text=True)
        self.assertEqual(ended.stderr, "run: cannot open '/no/poem': No such file or directory\n")
        self.assertEqual((ended.stdout, ended.returncode), ("", 1))


class TheServer(unittest.TestCase):
    def test_serves_several_clients_at_once(self):
        with Server(POEMS[0], "--num-bytes", 13) as server:
            first, second = server.connect(), server.connect()
            with first, second:
                self.assertEqual(first.recv(1), second.recv(1))
                with server.connect() as third:
                    self.assertEqual(read_all(third), POEMS[0].read_bytes())
                self.assertEqual(read_all(second), POEMS[0].read_bytes()[1:])
                self.assertEqual(read_all(first), POEMS[0].read_bytes()[1:])

    def test_hears_out_clients_that_send_something(self):
        with Server(POEMS[1]) as server, server.connect() as client:
            client.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
            self.assertEqual(read_all(client), POEMS[1].read_bytes())

    def test_does_not_mind_clients_that_leave(self):
        with Server(POEMS[0]) as server:
            for _ in range(5):
                with server.connect() as client:
                    client.recv(1)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with server.connect() as client:
                self.assertEqual(read_all(client), POEMS[0].read_bytes())
            server.process.send_signal(signal.SIGTERM)
            _, errors = server.process.communicate(timeout=PATIENCE_SECONDS)
            self.assertEqual((errors, server.process.returncode), ("", 0))

    def test_ends_at_once_while_it_pauses(self):
        with Server(POEMS[0], delay="3600") as server, server.connect() as client:
            self.assertEqual(len(client.recv(100)), 10)
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(PATIENCE_SECONDS), 0)

    def test_whose_port_is_taken_says_so(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            ended = run("slowpoetry", POEMS[0], "--port", port, text=True)
        self.assertRegex(ended.stderr, rf"^slowpoetry: .*127\.0\.0\.1:{port}.*: Address already in use\n$")
        self.assertEqual((ended.stdout, ended.returncode), ("", 1))

    def test_of_a_file_that_is_not_there_says_so(self):
        ended = run("slowpoetry", "/no/poem", text=True)
        self.assertEqual(ended.stderr, "slowpoetry: cannot open '/no/poem': No such file or directory\n")
        self.assertEqual((ended.stdout, ended.returncode), ("", 1))

    def test_refuses_numbers_that_make_no_sense(self):
        for wrong in (["--num-bytes", "0"], ["--num-bytes", "many"], ["--num-bytes", "-1"], ["--port", "65536"],
                      ["--delay", "-1"], ["--delay", "nan"], ["--delay", "inf"], ["--delay", "1e9"], []):
            with self.subTest(wrong):
                ended = run("slowpoetry", *([POEMS[0]] if wrong else []), *wrong, text=True)
                self.assertRegex(ended.stderr, r"^slowpoetry: [^\n]+ \(see slowpoetry --help\)\n$")
                self.assertEqual((ended.stdout, ended.returncode), ("", 2))


class EachClient(unittest.TestCase):
    def each(self):
        for client in CLIENTS:
            with self.subTest(client):
                yield client

    def test_gets_poems_in_the_order_of_its_arguments(self):
        with Server(POEMS[0], "--num-bytes", 50) as first, Server(POEMS[1], "--num-bytes", 400) as second:
            for client in self.each():
                ended = run(client, first.port, f"localhost:{second.port}", first.port)
                poems = [POEMS[0].read_bytes(), POEMS[1].read_bytes(), POEMS[0].read_bytes()]
                self.assertEqual(ended.stdout, b"".join(poems))
                *lines, last = ended.stderr.decode().splitlines()
                self.assertEqual(lines, [f"poem 1: {len(poems[0])} bytes from 127.0.0.1:{first.port}",
                                         f"poem 2: {len(poems[1])} bytes from localhost:{second.port}",
                                         f"poem 3: {len(poems[2])} bytes from 127.0.0.1:{first.port}"])
                self.assertRegex(last, r"^3 poems in \d+\.\d\d s$")
                self.assertEqual(ended.returncode, 0)

    def test_of_a_server_that_is_not_there_gives_one_line_and_1(self):
        with Server(POEMS[0], "--num-bytes", 400) as server:
            port = closed_port()
            for client in self.each():
                ended = run(client, server.port, port, text=True)
                self.assertRegex(ended.stderr, rf"^{client}: [^\n]*127\.0\.0\.1:{port}[^\n]*: Connection refused\n$")
                self.assertEqual((ended.stdout, ended.returncode), ("", 1))

    def test_of_a_server_that_dies_gives_one_line_and_1(self):
        def die(connection):
            connection.sendall(b"Half of a ")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        with ScriptedServer(die) as server:
            for client in self.each():
                ended = run(client, server.port, text=True)
                self.assertRegex(ended.stderr, rf"^{client}: [^\n]+: Connection reset by peer\n$")
                self.assertEqual((ended.stdout, ended.returncode), ("", 1))

    def test_gives_up_a_poem_that_has_no_end(self):
        def recite_for_ever(connection):
            try:
                while True:
                    connection.sendall(b"la " * 100_000)
            except OSError:
                pass

        with ScriptedServer(recite_for_ever) as server:
            for client in self.each():
                ended = run(client, server.port, text=True)
                self.assertEqual(ended.stderr,
                                 f"{client}: 127.0.0.1:{server.port} sends more than any poem: over 16777216 bytes\n")
                self.assertEqual((ended.stdout, ended.returncode), ("", 1))

    def test_refuses_what_is_no_address(self):
        for client in self.each():
            for wrong in ("0", "65536", "-1", "poem", "localhost:", ":8000", "8000x", ""):
                ended = run(client, wrong, text=True)
                self.assertEqual(ended.stderr, f"{client}: '{wrong}' is no [HOST:]PORT (see {client} --help)\n")
                self.assertEqual((ended.stdout, ended.returncode), ("", 2))
            ended = run(client, text=True)
            self.assertRegex(ended.stderr, rf"^{client}: [^\n]+ \(see {client} --help\)\n$")
            self.assertEqual((ended.stdout, ended.returncode), ("", 2))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
