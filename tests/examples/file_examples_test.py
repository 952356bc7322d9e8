"""Runs the example programs for files as a user does.

Usage: file_examples_test.py DIRECTORY_OF_EXAMPLES [unittest's arguments]

Each test runs on every backend; where io_uring is forbidden that part is skipped, loudly, unless HOCKET_REQUIRE_IO_URING is set.
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

EXAMPLES = pathlib.Path(sys.argv[1]).resolve()
PATIENCE_SECONDS = 60


def environment(backend):
    return {**os.environ, "HOCKET_BACKEND": backend, "LC_ALL": "C"}


def run(program, *arguments, backend="epoll"):
    return subprocess.run([EXAMPLES / program, *map(str, arguments)], env=environment(backend), capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE_SECONDS)


def io_uring_works():
    with tempfile.TemporaryDirectory() as folder:
        return run("file_copy", __file__, pathlib.Path(folder) / "copy", backend="io_uring").returncode == 0


def backends():
    if io_uring_works() or os.environ.get("HOCKET_REQUIRE_IO_URING"):
        return "epoll", "poll", "select", "io_uring"
    print("SKIPPED: io_uring is forbidden here; the programs were tested on the others only", file=sys.stderr)
    return "epoll", "poll", "select"


class OnEachBackend(unittest.TestCase):
    def each(self):
        for backend in BACKENDS:
            with self.subTest(backend), tempfile.TemporaryDirectory() as folder:
                yield backend, pathlib.Path(folder)


class FileCopy(OnEachBackend):
    def test_copies_and_says_how_much(self):
        content = os.urandom(1 << 16) * 400
        for backend, folder in self.each():
            (folder / "a").write_bytes(content)
            ended = run("file_copy", folder / "a", folder / "b", backend=backend)
            self.assertRegex(ended.stdout, rf"^{len(content)} bytes in \d+\.\d\d s -> {folder}/b\n$")
            self.assertEqual((ended.stderr, ended.returncode), ("", 0))
            self.assertEqual((folder / "b").read_bytes(), content)

    def test_that_is_not_there_gives_one_line_and_1(self):
        for backend, folder in self.each():
            ended = run("file_copy", folder / "a", folder / "b", backend=backend)
            self.assertEqual(ended.stderr, f"file_copy: cannot stat '{folder}/a': No such file or directory\n")
            self.assertEqual((ended.stdout, ended.returncode), ("", 1))

    def test_keeps_what_is_there_if_told_to(self):
        for backend, folder in self.each():
            (folder / "a").write_text("new")
            (folder / "b").write_text("old")
            ended = run("file_copy", folder / "a", folder / "b", "--keep", backend=backend)
            self.assertEqual(ended.stderr, f"file_copy: cannot replace '{folder}/b': File exists\n")
            self.assertEqual(((folder / "b").read_text(), sorted(os.listdir(folder))), ("old", ["a", "b"]))


class Tail:
    """The program, and the lines that it has shown."""

    def __init__(self, *files, backend):
        self.process = subprocess.Popen([EXAMPLES / "tail_files", *map(str, files)], env=environment(backend), text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def wait_for(self, line, meanwhile=lambda: None):
        end = time.monotonic() + PATIENCE_SECONDS
        while line not in self.lines:
            if time.monotonic() > end:
                raise AssertionError(f"{line!r} did not come: {self.lines}")
            meanwhile()
            time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.reader.join()
        self.process.communicate()


def append(path, text):
    with open(path, "a") as file:
        file.write(text)


class TailFiles(OnEachBackend):
    def test_shows_what_is_appended_to_each(self):
        for backend, folder in self.each():
            for name in "ab":
                (folder / name).write_text("before\n")
            with Tail(folder / "a", folder / "b", folder / "later", backend=backend) as tail:
                for name in "ab":  # when it has begun is not known: something is appended until some of it is seen
                    tail.wait_for(f"{folder}/{name}: begin\n", lambda: append(folder / name, "begin\n"))
                append(folder / "a", "half a ")
                append(folder / "b", "one\ntwo\n")
                tail.wait_for(f"{folder}/b: two\n")
                append(folder / "a", "line\n")
                tail.wait_for(f"{folder}/a: half a line\n")
                (folder / "later").write_text("from its beginning\n")
                tail.wait_for(f"{folder}/later: from its beginning\n")
                self.assertNotIn(f"{folder}/a: before\n", tail.lines)
                self.assertEqual(tail.lines.count(f"{folder}/b: one\n"), 1)

                (folder / "new").write_text("of another file\n")
                append(folder / "a", "the last of the old one\n")
                os.replace(folder / "new", folder / "a")
                tail.wait_for(f"{folder}/a: of another file\n")
                self.assertIn(f"{folder}/a: the last of the old one\n", tail.lines)
                (folder / "b").write_text("cut\n")
                tail.wait_for(f"{folder}/b: cut\n")

                tail.process.send_signal(signal.SIGTERM)
                self.assertEqual(tail.process.wait(PATIENCE_SECONDS), 0)

    def test_of_no_file_gives_one_line_and_2(self):
        for program in ("tail_files", "file_copy"):
            ended = run(program)
            self.assertRegex(ended.stderr, rf"^{program}: .+ \(see {program} --help\)\n$")
            self.assertEqual((ended.stdout, ended.returncode), ("", 2))


BACKENDS = backends()

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the programs inherit the default even if it was ignored
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
