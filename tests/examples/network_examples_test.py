"""Runs the example programs for sockets and streams as a user does, against clients and servers of other make.

Usage: network_examples_test.py DIRECTORY_OF_EXAMPLES [unittest's arguments]

Everything stays on this machine. What depends on the backend is run on every backend; where io_uring is forbidden that part is
skipped, loudly, unless HOCKET_REQUIRE_IO_URING is set.
"""

import contextlib
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

EXAMPLES = pathlib.Path(sys.argv[1]).resolve()
PATIENCE_SECONDS = 60
BIG = os.urandom(1 << 16) * 96 + b"the end"  # 6 MiB and a bit


def environment(backend):
    return {**os.environ, "HOCKET_BACKEND": backend, "LC_ALL": "C"}


def run(program, *arguments, backend="epoll", **options):
    """Runs it to its end; text unless `input` is bytes."""
    options = {"text": True, "stdin": None if "input" in options else subprocess.DEVNULL, **options}
    return subprocess.run([EXAMPLES / program, *map(str, arguments)], env=environment(backend), capture_output=True,
                          timeout=PATIENCE_SECONDS, **options)


def io_uring_works():
    return run("fd_passing", __file__, backend="io_uring").returncode == 0


def on_each_backend(case):
    """Makes two classes of one: the tests of `case` with `self.backend`."""
    for backend in ("epoll", "poll", "select", "io_uring"):
        name = f"{case.__name__}_on_{backend}"
        globals()[name] = type(name, (case, unittest.TestCase), {"backend": backend, "__doc__": case.__doc__})
    return case


class Server:
    """A program of the examples that serves until it is told to end. `address` is where it says that it listens."""

    def __init__(self, program, *arguments, backend):
        self.process = subprocess.Popen([EXAMPLES / program, *map(str, arguments)], env=environment(backend), text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.output = ""
        while not (found := re.search(r"(?:at|from) (127\.0\.0\.1):(\d+)", self.output)):
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(f"{program} did not begin: {self.output}{self.process.communicate()[1]}")
            self.output += line
        self.address = found[1], int(found[2])

    def end(self, how=signal.SIGTERM):
        """Its exit code and what it said on standard error."""
        self.process.send_signal(how)
        _, errors = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, errors

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def connect(self):
        return socket.create_connection(self.address, timeout=PATIENCE_SECONDS)


@contextlib.contextmanager
def listening():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE_SECONDS)
        yield listener


def accept(listener):
    connection, _ = listener.accept()
    connection.settimeout(PATIENCE_SECONDS)
    return connection


def closed_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read_all(connection):
    pieces = []
    while piece := connection.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


def exchange(connection, data, end_sending=lambda connection: connection.shutdown(socket.SHUT_WR)):
    """Sends `data` and reads to the end meanwhile."""

    def send():
        connection.sendall(data)
        end_sending(connection)

    sender = threading.Thread(target=send)
    sender.start()
    received = read_all(connection)
    sender.join()
    return received


class Certificates:
    """Two authorities, and a certificate of the first for localhost and 127.0.0.1."""

    def __init__(self, folder):
        self.folder = folder
        self.ca, self.other_ca = self.make("ca", "An authority"), self.make("other", "Another authority")
        self.server = self.make("server", "localhost", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
                                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE")
        self.key = folder / "server.key"

    def make(self, name, subject, *more):
        made = self.folder / f"{name}.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", f"/CN={subject}", "-keyout", self.folder / f"{name}.key", "-out", made, *more],
                       check=True, capture_output=True)
        return made


def setUpModule():
    global folder, certificates
    folder = pathlib.Path(tempfile.mkdtemp())
    unittest.addModuleCleanup(shutil.rmtree, folder)
    certificates = Certificates(folder)


@on_each_backend
class ManyLoops:
    def test_serves_on_all_loops_and_counts_on_one_more(self):
        with Server("many_loops", "--loops", 2, "--port", 0, backend=self.backend) as server:
            for n in range(20):
                with server.connect() as client:
                    self.assertEqual(exchange(client, b"x" * n), b"x" * n)
            told = ""
            while "to 20 clients" not in told:
                told = server.process.stdout.readline()
            self.assertRegex(told, r"^loop [01] served \d+ bytes; 190 bytes to 20 clients so far\n$")
            self.assertEqual(server.end(signal.SIGINT), (-signal.SIGINT, ""))

    def test_a_port_in_use(self):
        with listening() as listener:
            ended = run("many_loops", "--loops", 1, "--port", listener.getsockname()[1], backend=self.backend)
        self.assertRegex(ended.stderr, r"^many_loops: cannot listen at 127\.0\.0\.1:\d+: Address already in use\n$")
        self.assertEqual(ended.returncode, 1)


@on_each_backend
class Echo:
    def serve(self, *arguments):
        return Server("echo_server", "--port", 0, *arguments, backend=self.backend)

    def serve_tls(self):
        return self.serve("--cert", certificates.server, "--key", certificates.key)

    def client(self, server, *arguments, host="127.0.0.1", **options):
        return run("echo_client", host, server.address[1], *arguments, backend=self.backend, **options)

    def test_sends_back_the_lines_given_as_arguments(self):
        with self.serve() as server:
            ended = self.client(server, "one", "two words")
        self.assertEqual((ended.stdout, ended.stderr, ended.returncode), ("one\ntwo words\n", "", 0))

    def test_sends_back_standard_input(self):
        with self.serve() as server:
            ended = self.client(server, input=BIG, text=False)
        self.assertTrue(ended.stdout == BIG)
        self.assertEqual(ended.returncode, 0)

    def test_sends_back_standard_input_that_is_a_file(self):
        (folder / "big").write_bytes(BIG)
        with self.serve() as server, open(folder / "big", "rb") as file:
            ended = self.client(server, stdin=file, text=False)
        self.assertTrue(ended.stdout == BIG)

    def test_serves_a_client_of_other_make_while_another_one_is_silent(self):
        with self.serve() as server, server.connect(), server.connect() as client:
            self.assertTrue(exchange(client, BIG) == BIG)

    def test_serves_nc(self):
        with self.serve() as server:
            ended = subprocess.run(["nc", "-N", *map(str, server.address)], input="by nc\n", capture_output=True, text=True,
                                   timeout=PATIENCE_SECONDS)
        self.assertEqual(ended.stdout, "by nc\n")

    def test_talks_tls_with_a_client_that_trusts_its_authority(self):
        with self.serve_tls() as server:
            for host in "localhost", "127.0.0.1":
                ended = self.client(server, "--tls", "--cafile", certificates.ca, host=host, input=BIG, text=False)
                self.assertEqual((ended.stderr, ended.returncode), (b"", 0))
                self.assertTrue(ended.stdout == BIG)

    def test_talks_tls_with_a_client_of_other_make(self):
        trusting = ssl.create_default_context(cafile=certificates.ca)
        with self.serve_tls() as server, trusting.wrap_socket(server.connect(), server_hostname="localhost") as client:
            received = b""
            for begin in range(0, len(BIG), 1 << 14):
                client.sendall(BIG[begin:begin + (1 << 14)])
                while len(received) < min(begin + (1 << 14), len(BIG)):
                    received += client.recv(1 << 16)
            self.assertTrue(received == BIG)

    def test_talks_tls_with_openssl(self):
        with self.serve_tls() as server, subprocess.Popen(
                ["openssl", "s_client", "-quiet", "-verify_return_error", "-CAfile", certificates.ca, "-connect",
                 "{}:{}".format(*server.address)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True) as client:
            client.stdin.write("by openssl\n")
            client.stdin.flush()
            self.assertEqual(client.stdout.readline(), "by openssl\n")
            client.kill()

    def test_client_refuses_a_server_of_another_authority(self):
        with self.serve_tls() as server:
            ended = self.client(server, "--tls", "--cafile", certificates.other_ca, "secret", host="localhost")
        self.assertRegex(ended.stderr, r"^echo_client: TLS with localhost \(127\.0\.0\.1:\d+\): .*authority.*\n$")
        self.assertEqual((ended.stdout, ended.returncode), ("", 1))

    def test_client_trusts_the_certificate_that_a_self_signed_server_prints(self):
        with self.serve("--self-signed") as server:
            (folder / "printed.pem").write_text(server.output)
            ended = self.client(server, "--tls", "--cafile", folder / "printed.pem", "hello", host="localhost")
        self.assertEqual((ended.stdout, ended.stderr, ended.returncode), ("hello\n", "", 0))

    def test_client_says_where_nobody_listens(self):
        ended = run("echo_client", "127.0.0.1", port := closed_port(), "hello", backend=self.backend)
        self.assertRegex(ended.stderr, rf"^echo_client: .*127\.0\.0\.1:{port}: Connection refused\n$")
        self.assertEqual(ended.returncode, 1)

    def test_client_ends_with_the_server_while_its_standard_input_is_idle(self):
        idle_pipe, terminal = os.pipe(), os.openpty()
        for descriptor in idle_pipe + terminal:
            self.addCleanup(os.close, descriptor)
        for name, standard_input in ("pipe", idle_pipe[0]), ("terminal", terminal[1]):
            for end, expected in ("closes", ("", 0)), ("resets", ("echo_client: receive: Connection reset by peer\n", 1)):
                with self.subTest(f"a {name}; the server {end}"), listening() as listener, subprocess.Popen(
                        [EXAMPLES / "echo_client", "127.0.0.1", str(listener.getsockname()[1])], stdin=standard_input, text=True,
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(self.backend)) as client:
                    with accept(listener) as connection:
                        connection.sendall(b"bye\n")
                        self.assertEqual(client.stdout.readline(), "bye\n")
                        if end == "resets":
                            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    try:
                        _, errors = client.communicate(timeout=PATIENCE_SECONDS)
                    except subprocess.TimeoutExpired:
                        client.kill()
                        raise
                    self.assertEqual((errors, client.returncode), expected)

    def test_server_closes_its_clients_at_sigterm_and_ends_well(self):
        with self.serve() as server, server.connect() as client:
            client.sendall(b"before the end")
            self.assertEqual(client.recv(100), b"before the end")
            self.assertEqual(server.end(), (0, ""))
            self.assertEqual(client.recv(100), b"")

    def test_server_closes_its_clients_at_ctrl_c_and_ends_by_that_signal(self):
        with self.serve() as server, server.connect() as client:
            client.sendall(b"x")
            client.recv(1)
            self.assertEqual(server.end(signal.SIGINT), (-signal.SIGINT, ""))
            self.assertEqual(client.recv(100), b"")


class Chatter:
    """Somebody who chats."""

    def __init__(self, server, receive_buffer_bytes=None):
        self.socket = socket.socket()
        if receive_buffer_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        self.socket.settimeout(PATIENCE_SECONDS)
        self.socket.connect(server.address)
        self.lines = self.socket.makefile("r")
        self.greeting = self.hear()

    def say(self, line):
        self.socket.sendall(f"{line}\n".encode())

    def hear(self):
        return self.lines.readline().removesuffix("\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()


@on_each_backend
class Chat:
    def setUp(self):
        self.server = self.enterContext(Server("chat_server", "--port", 0, backend=self.backend))

    def enter(self, **options):
        return self.enterContext(Chatter(self.server, **options))

    def test_passes_lines_on_to_all_others_of_the_room_and_to_nobody_else(self):
        ada, bob, eve = self.enter(), self.enter(), self.enter()
        self.assertEqual(ada.greeting, "* you are guest1 in lobby")
        self.assertEqual([ada.hear(), ada.hear(), bob.hear()], ["* guest2 is here", "* guest3 is here", "* guest3 is here"])
        eve.say("/join garden")
        self.assertEqual(eve.hear(), "* you are in garden")
        self.assertEqual([ada.hear(), bob.hear()], ["* guest3 went to garden"] * 2)
        ada.say("hello")
        self.assertEqual(bob.hear(), "guest1: hello")
        eve.say("/who")
        self.assertEqual(eve.hear(), "* in garden: guest3")
        bob.say("/join garden")
        self.assertEqual(eve.hear(), "* guest2 is here")
        eve.say("hello, bob")
        self.assertEqual([bob.hear(), bob.hear()], ["* you are in garden", "guest3: hello, bob"])

    def test_lets_each_name_be_taken_once(self):
        ada, bob = self.enter(), self.enter()
        self.assertEqual(ada.hear(), "* guest2 is here")
        ada.say("/nick ada")
        self.assertEqual([ada.hear(), bob.hear()], ["* guest1 is now ada"] * 2)
        bob.say("/nick ada")
        self.assertEqual(bob.hear(), "* ada is taken")
        bob.say("/who")
        self.assertEqual(bob.hear(), "* in lobby: ada, guest2")

    def test_tells_when_somebody_leaves_in_one_way_or_another(self):
        ada, bob, eve, zoe = self.enter(), self.enter(), self.enter(), self.enter()
        for _ in range(3):
            ada.hear()
        bob.say("/quit")
        self.assertEqual(ada.hear(), "* guest2 left")
        self.assertEqual([bob.hear() for _ in range(3)], ["* guest3 is here", "* guest4 is here", ""])
        eve.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(ada.hear(), "* guest3 left")
        zoe.say("x" * 100_000)
        self.assertEqual(ada.hear(), "* guest4 was dropped for a line too long")

    def test_explains_itself_to_who_gives_no_command(self):
        ada = self.enter()
        for wrong in "/", "/dance", "/join", "/nick ":
            ada.say(wrong)
            self.assertEqual(ada.hear(), "* there are /join ROOM, /nick NAME, /who, /quit")

    def flood(self, speaker, listener, most_bytes):
        """The speaker speaks as fast as the listener hears, until that hears something else as well, or so many bytes were
        said. Gives that something, and how many bytes were said."""
        line = "x" * 4000
        for said in range(0, most_bytes, 20 * len(line)):
            for _ in range(20):
                speaker.say(line)
            notices, lines_heard = [], 0
            while lines_heard < 20:
                heard = listener.hear()
                self.assertNotEqual(heard, "")
                if heard.endswith(line):
                    lines_heard += 1
                else:
                    notices.append(heard)
            if notices:
                return notices, said
        return [], most_bytes

    def test_drops_who_does_not_read_and_tells_the_others_who_miss_nothing(self):
        ada, eve = self.enter(), self.enter()
        self.enter(receive_buffer_bytes=4096)  # and hears nothing more
        self.assertEqual([ada.hear(), ada.hear(), eve.hear()], ["* guest2 is here", "* guest3 is here", "* guest3 is here"])
        notices, _ = self.flood(ada, eve, 100 << 20)
        self.assertEqual(notices, ["* guest3 was dropped for not reading"])
        self.assertEqual(ada.hear(), "* guest3 was dropped for not reading")
        ada.say("/who")
        self.assertEqual(ada.hear(), "* in lobby: guest1, guest2")

    def test_tells_everybody_at_sigterm_and_ends_well(self):
        ada, bob = self.enter(), self.enter()
        self.assertEqual(ada.hear(), "* guest2 is here")
        bob.say("/join garden")
        self.assertEqual([ada.hear(), bob.hear()], ["* guest2 went to garden", "* you are in garden"])
        self.assertEqual(self.server.end(), (0, ""))
        for member in ada, bob:
            self.assertEqual([member.hear(), member.hear()], ["* the server is going away", ""])

    def test_ends_although_somebody_does_not_read(self):
        ada, eve = self.enter(), self.enter()
        self.enter(receive_buffer_bytes=4096)
        self.assertEqual(eve.hear(), "* guest3 is here")
        notices, bytes_until_dropped = self.flood(ada, eve, 100 << 20)
        self.assertEqual(notices, ["* guest3 was dropped for not reading"])
        self.enter(receive_buffer_bytes=4096)
        self.assertEqual(eve.hear(), "* guest4 is here")
        notices, _ = self.flood(ada, eve, bytes_until_dropped - 100_000)  # more than the system holds
        self.assertEqual(notices, [])
        began = time.monotonic()
        self.assertEqual(self.server.end(), (0, ""))
        self.assertGreater(time.monotonic() - began, 1)  # it has waited for that one, and then not any more


@on_each_backend
class Proxy:
    def proxy(self, port):
        return self.enterContext(Server("tcp_proxy", 0, "127.0.0.1", port, backend=self.backend))

    def through_proxy(self):
        """The proxy, and both ends of a connection through it."""
        listener = self.enterContext(listening())
        proxy = self.proxy(listener.getsockname()[1])
        client = self.enterContext(proxy.connect())
        return proxy, client, self.enterContext(accept(listener))

    def test_passes_on_much_both_ways_at_once(self):
        _, client, target = self.through_proxy()
        answers = []
        answering = threading.Thread(target=lambda: answers.append(exchange(target, BIG[::-1])))
        answering.start()
        self.assertTrue(exchange(client, BIG) == BIG[::-1])
        answering.join()
        self.assertTrue(answers[0] == BIG)

    def test_passes_the_end_of_the_client_on_while_the_target_still_speaks(self):
        _, client, target = self.through_proxy()
        client.sendall(b"question")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(read_all(target), b"question")
        target.sendall(b"answer")
        self.assertEqual(client.recv(100), b"answer")
        target.close()
        self.assertEqual(client.recv(100), b"")

    def test_passes_the_end_of_the_target_on_while_the_client_still_speaks(self):
        _, client, target = self.through_proxy()
        target.sendall(b"greeting")
        target.shutdown(socket.SHUT_WR)
        self.assertEqual(read_all(client), b"greeting")
        client.sendall(b"reply")
        self.assertEqual(target.recv(100), b"reply")
        client.close()
        self.assertEqual(target.recv(100), b"")

    def test_holds_up_who_sends_more_than_the_other_side_reads(self):
        _, client, target = self.through_proxy()
        client.setblocking(False)
        sent = 0
        while sent < len(BIG) * 40 and select.select([], [client], [], 1)[1]:
            sent += client.send(BIG)
        self.assertLess(sent, len(BIG) * 40)
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(len(read_all(target)), sent)

    def test_closes_the_connection_and_says_so_in_one_line_if_the_target_cannot_be_reached(self):
        port = closed_port()
        proxy = self.proxy(port)
        names = []
        for _ in range(2):
            with proxy.connect() as client:
                names.append("{}:{}".format(*client.getsockname()))
                self.assertEqual(client.recv(100), b"")
        code, errors = proxy.end()
        expected = [f"tcp_proxy: {name}: cannot connect to 127.0.0.1:{port}: 127.0.0.1:{port}: Connection refused" for name in names]
        self.assertEqual(errors.splitlines(), expected)
        self.assertEqual(code, 0)

    def test_closes_the_other_side_and_says_so_in_one_line_if_one_breaks(self):
        proxy, client, target = self.through_proxy()
        client.sendall(b"hello")
        self.assertEqual(target.recv(100), b"hello")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing it resets the connection
        client.close()
        self.assertEqual(target.recv(100), b"")
        code, errors = proxy.end()
        self.assertRegex(errors, r"^tcp_proxy: 127\.0\.0\.1:\d+: receive: Connection reset by peer\n$")
        self.assertEqual(code, 0)

    def test_closes_all_at_sigterm_and_ends_well(self):
        proxy, client, target = self.through_proxy()
        self.assertEqual(proxy.end(), (0, ""))
        self.assertEqual([client.recv(100), target.recv(100)], [b"", b""])


def free_range(count):
    """The first of so many ports, one after the other, that nobody uses and the system gives to nobody."""
    for first in range(20_000, 30_000, count):
        with contextlib.ExitStack() as taken:
            try:
                for port in range(first, first + count):
                    taken.enter_context(socket.create_server(("127.0.0.1", port)))
                return first
            except OSError:
                continue
    raise AssertionError("no free ports")


@on_each_backend
class Supervisor:
    def start(self, *arguments):
        """With pauses too short to be waited for."""
        process = subprocess.Popen([EXAMPLES / "supervisor", "--pause", "0.01", *arguments], env=environment(self.backend), text=True,
                                   stdout=subprocess.PIPE)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close()))
        return process

    def test_begins_what_fails_again_later_and_later_and_gives_up(self):
        result = run("supervisor", "--pause", 0.01, "--most-failures", 3, "echo hello; exit 3", backend=self.backend)
        line = "echo hello; exit 3: {}\n".format
        self.assertEqual(result.stdout, "".join(line("hello") + line(f"failed with 3, again in {pause} s")
                                                for pause in ("0.01", "0.02", "0.04")) + line("given up"))
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_is_done_when_all_programs_are(self):
        result = run("supervisor", "true", "echo error >&2", backend=self.backend)
        self.assertEqual(sorted(result.stdout.splitlines()), ["echo error >&2: done", "echo error >&2: error", "true: done"])

    def test_ends_programs_with_all_that_they_started(self):
        process = self.start("sleep 1000 & echo $!; wait")
        child = int(process.stdout.readline().rsplit(" ", 1)[1])
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE_SECONDS), 0)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while pathlib.Path(f"/proc/{child}/stat").exists() and ") Z" not in pathlib.Path(f"/proc/{child}/stat").read_text():
            self.assertLess(time.monotonic(), deadline, "a grandchild was left behind")
            time.sleep(0.01)

    def test_names_the_signal_that_killed_a_program(self):
        process = self.start("--most-failures", "1", "kill -9 $$")
        self.assertEqual(process.stdout.readline(), "kill -9 $$: killed by signal 9, again in 0.01 s\n")
        self.assertEqual(process.wait(PATIENCE_SECONDS), 0)

    def test_tells_who_is_there_when_asked_by_a_signal(self):
        process = self.start("echo up; sleep 1000")
        self.assertEqual(process.stdout.readline(), "echo up; sleep 1000: up\n")
        process.send_signal(signal.SIGHUP)
        self.assertEqual(process.stdout.readline(), "echo up; sleep 1000: running\n")


@on_each_backend
class Scanner:
    def scan(self, *arguments):
        return run("port_scanner", "127.0.0.1", *arguments, backend=self.backend)

    def test_prints_the_open_ports_in_order_and_a_summary(self):
        first = free_range(20)
        for port in first + 11, first + 3, first:
            self.enterContext(socket.create_server(("127.0.0.1", port)))
        expected = (f"{first} is open\n{first + 3} is open\n{first + 11} is open\n"
                    "127.0.0.1: 20 ports: 3 open, 17 closed, 0 silent\n")
        for limit in 1, 7, 100:
            ended = self.scan(f"{first}-{first + 19}", "--limit", limit)
            self.assertEqual((ended.stdout, ended.stderr, ended.returncode), (expected, "", 0))

    def test_gives_a_port_up_that_does_not_answer_in_time(self):
        with socket.socket() as full, contextlib.ExitStack() as waiting:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            for _ in range(4):  # one waits to be accepted, and what comes after it is not answered
                pending = waiting.enter_context(socket.socket())
                pending.setblocking(False)
                pending.connect_ex(full.getsockname())
            port = full.getsockname()[1]
            ended = self.scan(f"{port}-{port}", "--timeout", 0.2)
        self.assertEqual(ended.stdout, "127.0.0.1: 1 ports: 0 open, 0 closed, 1 silent\n")


class NameServer:
    """Answers by UDP from a table of (name, type): the record's data. Of a name that is not there it says so; `silent` gets none."""

    A, MX, AAAA = 1, 15, 28

    def __init__(self, table):
        self.table = table
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            question, client = self.socket.recvfrom(4096)
            if not question:
                return
            labels, at = [], 12
            while question[at]:
                labels.append(question[at + 1:at + 1 + question[at]].decode())
                at += question[at] + 1
            name, kind = ".".join(labels), struct.unpack(">H", question[at + 1:at + 3])[0]
            if name.startswith("silent"):
                continue
            records = self.table.get((name, kind), [])
            code = 0 if any(name == known for known, _ in self.table) else 3
            answer = question[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(records), 0, 0) + question[12:at + 5]
            for data in records:
                answer += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data
            self.socket.sendto(answer, client)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join()
        self.socket.close()


@on_each_backend
class Names:
    TABLE = {
        ("one.example", NameServer.A): [bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])],
        ("one.example", NameServer.MX): [b"\x00\x0a\x04mail\x07example\x00"],
        ("two.example", NameServer.A): [bytes([192, 0, 2, 3])],
    }

    def look_up(self, *arguments):
        with NameServer(self.TABLE) as server:
            ended = run("dns_lookup", *arguments, "--server", "127.0.0.1", "--port", server.port, backend=self.backend)
            self.assertEqual((ended.stderr, ended.returncode), ("", 0))
            return ended.stdout.replace(str(server.port), "PORT").splitlines()

    def test_prints_what_each_name_has_and_a_summary(self):
        said = self.look_up("one.example", "two.example", "nobody.example", "TWO.example.")
        self.assertEqual(sorted(said[:-1]), [
            "TWO.example.: 192.0.2.3",
            "cannot resolve nobody.example: there is no such name (asked 127.0.0.1:PORT)",
            "one.example: 192.0.2.1 192.0.2.2, mail to mail.example",
            "two.example: 192.0.2.3",
        ])
        self.assertRegex(said[-1], r"^4 names, 3 found, \d+ questions$")

    def test_gives_up_what_is_not_answered_in_time(self):
        said = self.look_up("silent.example", "one.example", "--timeout", 0.3)
        self.assertEqual(said, [
            "one.example: 192.0.2.1 192.0.2.2, mail to mail.example",
            "cannot resolve silent.example: there was no answer in time (asked 127.0.0.1:PORT)",
            "2 names, 1 found, 5 questions",
        ])


@on_each_backend
class Time:
    TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n$"

    def ask(self, port, *arguments):
        return run("udp_time_client", "127.0.0.1", port, *arguments, backend=self.backend)

    def test_is_told_to_client_and_server_of_the_same_make(self):
        with Server("udp_time_server", "--port", 0, backend=self.backend) as server:
            ended = self.ask(server.address[1])
            self.assertRegex(ended.stdout, self.TIME)
            self.assertEqual((ended.stderr, ended.returncode), ("", 0))
            self.assertEqual(server.end(), (0, ""))

    def test_is_the_answer_to_each_datagram_whatever_is_in_it(self):
        with Server("udp_time_server", "--port", 0, backend=self.backend) as server, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(PATIENCE_SECONDS)
            for question in b"", b"what time is it?", bytes(60_000), b"":
                client.sendto(question, server.address)
                answer, sender = client.recvfrom(100)
                self.assertRegex(answer.decode(), self.TIME)
                self.assertEqual(sender, server.address)

    def test_is_asked_for_again_when_no_answer_comes(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.settimeout(PATIENCE_SECONDS)
            server.bind(("127.0.0.1", 0))

            def answer_the_third():
                for _ in range(3):
                    question, client = server.recvfrom(100)
                server.sendto(b"late\n", client)

            answering = threading.Thread(target=answer_the_third)
            answering.start()
            ended = self.ask(server.getsockname()[1], "--tries", 1000, "--timeout", 0.05)
            answering.join()
        self.assertEqual((ended.stdout, ended.returncode), ("late\n", 0))
        self.assertTrue(ended.stderr.startswith("udp_time_client: no answer to question 1 of 1000\n"
                                                "udp_time_client: no answer to question 2 of 1000\n"), ended.stderr)

    def test_is_not_asked_for_any_more_after_the_last_try(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            ended = self.ask(server.getsockname()[1], "--tries", 2, "--timeout", 0.05)
            self.assertEqual([server.recv(100), server.recv(100)], [b"", b""])
        self.assertEqual(ended.stderr.splitlines()[-1], "udp_time_client: nobody answers")
        self.assertEqual(ended.returncode, 1)

    def test_is_refused_at_once_where_nobody_listens(self):
        ended = self.ask(closed_port(socket.SOCK_DGRAM), "--timeout", PATIENCE_SECONDS * 10)
        self.assertEqual(ended.stderr, "udp_time_client: receive: Connection refused\n")
        self.assertEqual(ended.returncode, 1)


@on_each_backend
class DescriptorPassing:
    def test_lets_another_process_read_the_file(self):
        content = b"a line\n" * 50_000 + b"and a half"
        (folder / "read").write_bytes(content)
        with subprocess.Popen([EXAMPLES / "fd_passing", folder / "read"], env=environment(self.backend), text=True,
                              stdout=subprocess.PIPE) as parent:
            output, _ = parent.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(parent.returncode, 0)
        received, counted = output.splitlines()
        told = re.fullmatch(r"worker (\d+): process (\d+) \(user (\d+), group (\d+)\) sent a descriptor", received)
        self.assertIsNotNone(told, received)
        self.assertNotEqual(int(told[1]), parent.pid)
        self.assertEqual([int(told[2]), int(told[3]), int(told[4])], [parent.pid, os.getuid(), os.getgid()])
        self.assertEqual(counted, f"{folder}/read: 50000 lines, {len(content)} bytes")

    def test_says_which_file_cannot_be_opened(self):
        ended = run("fd_passing", folder / "missing", backend=self.backend)
        self.assertEqual((ended.stdout, ended.stderr, ended.returncode),
                         ("", f"fd_passing: {folder}/missing: No such file or directory\n", 1))


class CommandLines(unittest.TestCase):
    def test_that_are_wrong_give_one_line_and_2(self):
        for line in (
            "echo_server --port 65536",
            "echo_server --key server.key",
            "echo_server --cert server.pem",
            "echo_server --cert server.pem --key server.key --self-signed",
            "echo_client",
            "echo_client localhost",
            "echo_client localhost eight",
            "echo_client localhost 8888 --cafile ca.pem",
            "chat_server --port -1",
            "chat_server room",
            "tcp_proxy 8080 localhost",
            "tcp_proxy 8080 localhost 80 81",
            "port_scanner localhost",
            "port_scanner localhost 80",
            "port_scanner localhost 2-1",
            "port_scanner localhost 0-1",
            "port_scanner localhost 1-65536",
            "port_scanner localhost 1-2x",
            "port_scanner localhost 1-2 --limit 0",
            "port_scanner localhost 1-2 --timeout 0",
            "dns_lookup",
            "dns_lookup example.org --port 0",
            "udp_time_server --colour",
            "udp_time_client localhost",
            "udp_time_client localhost 1313 --tries 0",
            "fd_passing",
        ):
            with self.subTest(line):
                program, *arguments = line.split()
                ended = run(program, *arguments)
                self.assertRegex(ended.stderr, rf"^{program}: .+ \(see {program} --help\)\n$")
                self.assertEqual((ended.stdout, ended.returncode), ("", 2))

    def test_that_ask_for_help_get_it(self):
        for program in ("echo_server", "echo_client", "chat_server", "tcp_proxy", "port_scanner", "dns_lookup", "udp_time_server",
                        "udp_time_client", "fd_passing"):
            with self.subTest(program):
                ended = run(program, "--help")
                self.assertIn(program, ended.stdout)
                self.assertEqual((ended.stderr, ended.returncode), ("", 0))

    def test_with_a_port_in_use_give_one_line_and_1(self):
        with listening() as other, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other_udp:
            other_udp.bind(("127.0.0.1", 0))
            port = other.getsockname()[1]
            for line in (f"echo_server --port {port}", f"chat_server --port {port}", f"tcp_proxy {port} localhost 80",
                         f"udp_time_server --port {(port := other_udp.getsockname()[1])}"):
                with self.subTest(line):
                    program, *arguments = line.split()
                    ended = run(program, *arguments)
                    self.assertRegex(ended.stderr, rf"^{program}: .*127\.0\.0\.1:\d+: Address already in use\n$")
                    self.assertEqual((ended.stdout, ended.returncode), ("", 1))

    def test_with_a_certificate_that_cannot_be_read_give_one_line_and_1(self):
        ended = run("echo_server", "--port", 0, "--cert", "/nowhere.pem", "--key", "/nowhere.key")
        self.assertEqual(ended.stderr, "echo_server: cannot use certificate '/nowhere.pem': No such file or directory\n")
        self.assertEqual(ended.returncode, 1)


def load_tests(loader, tests, _):
    if io_uring_works() or os.environ.get("HOCKET_REQUIRE_IO_URING"):
        return tests
    print("SKIPPED: io_uring is forbidden here; the programs were tested on the others only", file=sys.stderr)
    return unittest.TestSuite(case for suite in tests for case in suite if getattr(case, "backend", "") != "io_uring")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the programs inherit the default even if it was ignored
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
