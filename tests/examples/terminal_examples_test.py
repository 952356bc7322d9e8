"""Runs the example programs for terminals on a pseudo-terminal, as a person does, on a pipe, and without any input.

Usage: terminal_examples_test.py DIRECTORY_OF_EXAMPLES [unittest's arguments]

Each test runs on every backend; where io_uring is forbidden that part is skipped, loudly, unless HOCKET_REQUIRE_IO_URING is set.
"""

import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

EXAMPLES = pathlib.Path(sys.argv[1]).resolve()
PATIENCE_SECONDS = 60


def environment(backend):
    return {**os.environ, "HOCKET_BACKEND": backend, "LC_ALL": "C"}


def run(*arguments, backend="epoll", **options):
    return subprocess.run([EXAMPLES / "prompt", *arguments], env=environment(backend), capture_output=True, text=True,
                          timeout=PATIENCE_SECONDS, **options)


def backends():
    if run(backend="io_uring", input="").returncode == 0 or os.environ.get("HOCKET_REQUIRE_IO_URING"):
        return "epoll", "poll", "select", "io_uring"
    print("SKIPPED: io_uring is forbidden here; the programs were tested on the others only", file=sys.stderr)
    return "epoll", "poll", "select"


class Terminal:
    """A program on a terminal of its own, a person who types, and the lines that are to be seen."""

    def __init__(self, backend, columns=80):
        self.person, program_side = pty.openpty()
        fcntl.ioctl(program_side, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
        self.modes = termios.tcgetattr(program_side)
        self.program_side = program_side
        self.process = subprocess.Popen([EXAMPLES / "prompt"], env=environment(backend), stdin=program_side, stdout=program_side,
                                        stderr=program_side, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.lines = [""]
        self.cursor = 0
        self.pending = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        if self.person >= 0:
            os.close(self.person)
        os.close(self.program_side)

    def type(self, keys):
        os.write(self.person, keys.encode())

    def look(self, seconds):
        """Takes in what the program has written; false if there is nothing for so long."""
        if not select.select([self.person], [], [], seconds)[0]:
            return False
        self.pending += os.read(self.person, 4096).decode(errors="replace")
        while self.pending:
            if self.pending == "\033" or re.fullmatch(r"\033\[[0-9;]*", self.pending):
                break  # the rest of it is still to come
            if sequence := re.match(r"\033\[([0-9;]*)([A-Za-z])", self.pending):
                assert sequence[0] == "\033[K", sequence[0]
                self.lines[-1] = self.lines[-1][:self.cursor]
                self.pending = self.pending[len(sequence[0]):]
                continue
            self.show(self.pending[0])
            self.pending = self.pending[1:]
        return True

    def show(self, character):
        if character == "\r":
            self.cursor = 0
        elif character == "\n":
            self.lines.append("")
        else:
            assert character >= " ", repr(character)
            self.lines[-1] = self.lines[-1][:self.cursor] + character + self.lines[-1][self.cursor + 1:]
            self.cursor += 1

    def wait_for(self, what, is_there):
        end = time.monotonic() + PATIENCE_SECONDS
        while not is_there(self.lines):
            if time.monotonic() > end:
                raise AssertionError(f"{what} did not come: {self.lines}")
            self.look(0.1)

    def wait_for_lines(self, *lines):
        self.wait_for(lines, lambda seen: seen[-len(lines):] == list(lines))

    def wait_for_end(self):
        code = self.process.wait(PATIENCE_SECONDS)
        while self.look(0):
            pass
        assert termios.tcgetattr(self.program_side) == self.modes, "the terminal is not as it was"
        return code


class Prompt(unittest.TestCase):
    def each(self):
        for backend in BACKENDS:
            with self.subTest(backend):
                yield backend

    def on_terminals(self, **options):
        for backend in self.each():
            with Terminal(backend, **options) as terminal:
                terminal.wait_for_lines("> ")
                yield terminal

    def test_keeps_the_line_under_way_below_what_tasks_print(self):
        for terminal in self.on_terminals():
            terminal.type("in 0.1s hello\n")
            terminal.wait_for_lines("> in 0.1s hello", "> ")
            terminal.type("half a com")
            terminal.wait_for("hello", lambda seen: "hello" in seen)
            terminal.wait_for_lines("> in 0.1s hello", "hello", "> half a com")
            terminal.type("\x15")
            terminal.wait_for_lines("hello", "> ")

    def test_goes_on_printing_until_it_is_stopped(self):
        for terminal in self.on_terminals():
            terminal.type("every 10ms tick\n")
            terminal.wait_for("many ticks", lambda seen: seen.count("tick") > 5 and seen[-1] == "> ")
            terminal.type("stop\n")
            terminal.wait_for("stop", lambda seen: "> stop" in seen)
            terminal.type("what\n")
            terminal.wait_for("an answer", lambda seen: seen[-1] == "> " and seen[-2].startswith("there are: "))
            ticks = terminal.lines.count("tick")
            terminal.type("in 50ms later\n")
            terminal.wait_for_lines("later", "> ")
            self.assertEqual(terminal.lines.count("tick"), ticks)

    def test_lets_one_correct_what_one_has_typed(self):
        for terminal in self.on_terminals():
            terminal.type("abc\x7f\x7fü\x7f\033[Ax\033OBy\x01")
            terminal.wait_for_lines("> axy")
            terminal.type("\x15" + "\x7f" * 5 + "quit\n")
            self.assertEqual(terminal.wait_for_end(), 0)
            self.assertEqual(terminal.lines, ["> quit", ""])

    def test_shows_the_end_of_a_line_that_does_not_fit(self):
        for terminal in self.on_terminals(columns=20):
            terminal.type("0123456789" * 5)
            terminal.wait_for_lines("> 34567890123456789")

    def test_ends_with_ctrl_d_at_an_empty_line_and_nobody_is_waited_for(self):
        for terminal in self.on_terminals():
            terminal.type("in 1000m never\nevery 1000m never\nx\x04\x7f")
            terminal.wait_for_lines("> every 1000m never", "> ")
            terminal.type("\x04")
            self.assertEqual(terminal.wait_for_end(), 0)
            self.assertEqual(terminal.lines[-2:], ["> ", ""])

    def test_ends_with_ctrl_c_in_order(self):
        for terminal in self.on_terminals():
            terminal.type("every 10ms tick\nhalf")
            terminal.wait_for("ticks", lambda seen: "tick" in seen and seen[-1] == "> half")
            terminal.type("\x03")
            self.assertEqual(terminal.wait_for_end(), -signal.SIGINT)
            self.assertEqual(terminal.lines[-2:], ["> half", ""])

    def test_ends_with_sigterm_in_order(self):
        for terminal in self.on_terminals():
            terminal.process.send_signal(signal.SIGTERM)
            self.assertEqual(terminal.wait_for_end(), 0)

    def test_draws_the_line_again_when_it_goes_on_after_ctrl_z(self):
        for terminal in self.on_terminals():
            terminal.type("half")
            terminal.wait_for_lines("> half")
            os.kill(terminal.process.pid, signal.SIGSTOP)
            os.waitid(os.P_PID, terminal.process.pid, os.WSTOPPED)
            termios.tcsetattr(terminal.program_side, termios.TCSANOW, terminal.modes)  # as a shell does
            os.write(terminal.program_side, b"\nthe shell\n")
            os.kill(terminal.process.pid, signal.SIGCONT)
            terminal.wait_for_lines("> half", "the shell", "> half")
            terminal.type(" a\x15quit\n")
            self.assertEqual(terminal.wait_for_end(), 0)

    def test_ends_when_the_terminal_is_gone(self):
        for terminal in self.on_terminals():
            terminal.type("every 10ms tick\n")
            terminal.wait_for("ticks", lambda seen: "tick" in seen)
            os.close(terminal.person)
            terminal.person = -1
            self.assertIn(terminal.process.wait(PATIENCE_SECONDS), (0, 1, -signal.SIGHUP))

    def test_reads_a_pipe_to_its_end_and_gives_all_reminders(self):
        for backend in self.each():
            ended = run(backend=backend, input="in 30ms two\nin 10ms one\nevery 1000m never\n\nnonsense\nin 60ms three")
            self.assertEqual(ended.stdout, "there are: in TIME TEXT, every TIME TEXT (10ms or more), stop, quit\none\ntwo\nthree\n")
            self.assertEqual((ended.stderr, ended.returncode), ("", 0))

    def test_refuses_times_that_make_no_sense(self):
        for backend in self.each():
            for time_text in ("0s", "-1s", "nans", "infs", "1e99s", "2", "s", "", "2h"):
                ended = run(backend=backend, input=f"in {time_text} x\n")
                self.assertRegex(ended.stdout, r"^there are: [^\n]+\n$")
                self.assertEqual((ended.stderr, ended.returncode), ("", 0))

    def test_that_nobody_reads_from_any_more_says_so(self):
        for backend in self.each():
            process = subprocess.Popen([EXAMPLES / "prompt"], env=environment(backend), stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            process.stdout.close()
            process.stdin.write("every 10ms tick\n")
            process.stdin.flush()  # and stays open
            self.assertEqual(process.wait(PATIENCE_SECONDS), 1)
            self.assertRegex(process.stderr.read(), r"^prompt: [^\n]*Broken pipe\n$")
            process.stdin.close()
            process.stderr.close()

    def test_without_input_says_so(self):
        for backend in self.each():
            ended = run(backend=backend, preexec_fn=lambda: os.close(0))
            self.assertEqual(ended.stderr, "prompt: standard input: Bad file descriptor\n")
            self.assertEqual((ended.stdout, ended.returncode), ("", 1))
            ended = run(backend=backend, stdin=subprocess.DEVNULL)
            self.assertEqual((ended.stdout, ended.stderr, ended.returncode), ("", "", 0))

    def test_takes_no_arguments(self):
        ended = run("what", input="")
        self.assertRegex(ended.stderr, r"^prompt: [^\n]+ \(see prompt --help\)\n$")
        self.assertEqual((ended.stdout, ended.returncode), ("", 2))


BACKENDS = backends()

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the programs inherit the default even if it was ignored
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
