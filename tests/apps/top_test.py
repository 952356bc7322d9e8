#!/usr/bin/env python3
"""hocket top, used as a user uses it, in the terminals of tmux, on a program whose tasks are known (tests/inspect/shown_program.cpp).

Usage: top_test.py HOCKET SHOWN [unittest options]
"""

import contextlib
import http.client
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

import program
from program import hocket, wait_until

SHOWN = None
PROMPT = "$ "


class Shown:
    """The program under observation, while it waits."""

    def __init__(self):
        self.process = subprocess.Popen([SHOWN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        self.pid = self.process.pid

    def end(self):
        self.process.kill()
        self.process.communicate()


class Terminal:
    """A shell in a terminal of so many columns and lines."""

    def __init__(self, folder, columns, lines, term="screen-256color", locale="C.UTF-8"):
        environment = {**os.environ, "LC_ALL": locale, "PS1": PROMPT, "TERM": term}
        environment.pop("TMUX", None)
        self.environment = environment
        self.command = ["tmux", "-f", "/dev/null", "-S", str(folder / "tmux")]
        size = ["-x", str(columns), "-y", str(lines)]
        self("new-session", "-d", *size, "env", f"TERM={term}", f"PS1={PROMPT}", f"LC_ALL={locale}", "bash", "--norc", "--noprofile")
        self.wait_for_lines(lambda lines: lines[-1:] == [PROMPT.strip()], "a prompt")

    def __call__(self, *words):
        return subprocess.run(
            [*self.command, *words], env=self.environment, check=True, capture_output=True, text=True, timeout=program.WAIT
        ).stdout

    def type(self, *keys):
        self("send-keys", *keys)

    def run(self, line):
        self("send-keys", "-l", line)
        self.type("Enter")

    def lines(self):
        """What is seen, without what is empty at the end."""
        return self("capture-pane", "-p").rstrip("\n").split("\n")

    def wait_for_lines(self, condition, what):
        def is_seen():
            self.seen = [line.rstrip() for line in self.lines()]
            return condition(self.seen)

        try:
            wait_until(is_seen, what)
        except AssertionError as problem:
            raise AssertionError("\n".join([str(problem), *self.seen])) from None
        return self.seen

    def wait_for(self, pattern):
        """The match of a pattern that is seen somewhere."""
        return re.search(pattern, "\n".join(self.wait_for_lines(lambda lines: re.search(pattern, "\n".join(lines)), pattern)))

    def wait_for_prompt(self, at_least=1):
        return self.wait_for_lines(lambda lines: lines[-1] == PROMPT.strip() and len(lines) > at_least, "a prompt")

    def state(self):
        """Whether it is the other screen, whether there is a cursor, and the modes of keys."""
        return self("display-message", "-p", "#{alternate_on} #{cursor_flag} #{keypad_flag} #{keypad_cursor_flag}").strip()

    def job(self):
        """The process that the shell has started."""
        shell = self("display-message", "-p", "#{pane_pid}").strip()
        return int(pathlib.Path(f"/proc/{shell}/task/{shell}/children").read_text().split()[0])

    def end(self):
        subprocess.run([*self.command, "kill-server"], capture_output=True)


@unittest.skipUnless(shutil.which("tmux"), "there is no tmux here")
class Top(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hocket-top-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def shown(self):
        shown = Shown()
        self.addCleanup(shown.end)
        return shown

    def terminal(self, columns=80, lines=24, **options):
        terminal = Terminal(self.folder, columns, lines, **options)
        self.addCleanup(terminal.end)
        return terminal

    def started(self, *options, columns=80, lines=24):
        """A program, and a terminal in which hocket top shows it."""
        shown = self.shown()
        terminal = self.terminal(columns, lines)
        terminal.run("stty -a >before; clear".replace("before", str(self.folder / "before")))
        terminal.wait_for_lines(lambda seen: seen == [PROMPT.strip()], "a prompt alone")
        terminal.run(" ".join([program.path, "top", *options, str(shown.pid)]))
        terminal.wait_for(r"tasks 18: 0 running, 0 ready, 18 waiting; 0 steps/s\ncpu ")
        return shown, terminal

    def assert_clean(self, terminal, code):
        """The shell is back, with the terminal as it was before, and the exit code is this one."""
        terminal.wait_for_prompt()
        self.assertEqual(terminal.state(), "0 1 0 0")
        terminal.run(f"echo code $?; stty -a >{self.folder}/after")
        terminal.wait_for(rf"(?m)^code {code}\n")
        wait_until((self.folder / "after").exists, "stty")
        terminal.wait_for_prompt()
        self.assertEqual((self.folder / "after").read_text(), (self.folder / "before").read_text())

    def test_shows_tasks_and_leaves_the_terminal_as_it_was(self):
        shown, terminal = self.started()
        seen = terminal.wait_for_lines(lambda lines: lines[-1].startswith("q quit"), "the last line")
        self.assertEqual(len(seen), 24)
        self.assertRegex(seen[0], rf"^ hocket top {shown.pid}: .* every 1s, stopped [\d.]+(us|ms)$")
        heading = next(n for n, line in enumerate(seen) if line.startswith("NAME "))
        self.assertRegex(seen[heading], r"^NAME +STATE +CPU% +STEPS/S .*DOES")
        self.assertRegex("\n".join(seen[:heading]), r"(?m)^cpu +\d+\.\d%: tasks \d+\.\d%, loops \d+\.\d%, other threads \d+\.\d%   sampled \d+/s$")
        self.assertRegex("\n".join(seen[heading + 1 :]), r"(?m)^listening +waiting .* receive on desc")
        self.assertEqual(terminal.state()[:3], "1 0")  # the other screen, no cursor
        terminal.type("q")
        self.assert_clean(terminal, 0)
        self.assertNotIn("listening", "\n".join(terminal.lines()))

    def test_filters_opens_the_chain_of_a_task_and_moves_in_it(self):
        _, terminal = self.started()
        terminal.type("/")
        terminal.wait_for(r"(?m)^filter: _$")
        terminal.run("team")
        terminal.wait_for(r"'team': 1 of 18 tasks")
        terminal.type("Enter")
        terminal.wait_for(r"(?m)^\* Task 'team' \(made at (.*\n?.*)\)\n(.*\n)+  \* Task 'outer nap'")
        terminal.type("Tab", "NPage")
        terminal.wait_for(r"Task 'inner nap'")
        terminal.type("Escape")
        terminal.wait_for_lines(lambda lines: not any("inner nap" in line for line in lines), "no chain")
        terminal.type("Escape")
        terminal.wait_for(r"(?m)^listening ")
        terminal.type("q")
        self.assert_clean(terminal, 0)

    def test_sorts_by_the_column_that_one_chooses(self):
        _, terminal = self.started()
        terminal.type("<", "<")  # left of the part of a processor: the state, the name
        terminal.wait_for(r"by NAME$")
        first = r"(?m)^NAME .*\n(.+?)  "
        self.assertEqual(terminal.wait_for(first)[1], "Task-16")
        terminal.type("r")
        terminal.wait_for(r"by NAME, reversed$")
        self.assertEqual(terminal.wait_for(first)[1], "waiting")

    def test_shows_help_and_pauses(self):
        _, terminal = self.started()
        terminal.type("h")
        terminal.wait_for(r"(?m)^q \(Ctrl-C\) +quit$")
        terminal.type("x", "p")
        terminal.wait_for(r"paused")

    def test_fits_into_a_window_that_changes(self):
        _, terminal = self.started()
        for columns, lines in ((200, 50), (40, 10), (20, 5), (3, 2), (80, 24)):
            terminal("resize-window", "-x", str(columns), "-y", str(lines))
            terminal.wait_for_lines(lambda seen: len(seen) == lines and " hocket top"[:columns].rstrip() in seen[0], f"{columns}x{lines}")
        terminal.wait_for(r"(?m)^listening ")
        terminal.type("q")
        self.assert_clean(terminal, 0)

    def test_leaves_when_the_process_ends_and_says_so(self):
        shown, terminal = self.started("--interval", "3600")
        shown.end()
        terminal.wait_for(rf"(?m)^hocket top: process {shown.pid} has ended$")
        self.assert_clean(terminal, 0)

    def test_leaves_when_the_process_has_ended_and_nobody_has_asked_for_its_code(self):
        shown, terminal = self.started("--no-stop")
        shown.process.kill()  # a zombie
        terminal.wait_for(rf"(?m)^hocket top: process {shown.pid} has ended$")
        self.assert_clean(terminal, 0)

    def test_ctrl_c_leaves_the_terminal_as_it_was(self):
        _, terminal = self.started()
        terminal.type("C-c")
        self.assert_clean(terminal, 130)

    def test_sigterm_leaves_the_terminal_as_it_was(self):
        _, terminal = self.started()
        os.kill(terminal.job(), signal.SIGTERM)
        terminal.wait_for(r"Terminated")
        self.assert_clean(terminal, 143)

    def test_ends_with_its_terminal(self):
        _, terminal = self.started()
        with open(f"/proc/{terminal.job()}/stat") as stat:
            terminal("kill-server")

            def is_gone():
                try:
                    return stat.seek(0) == 0 and stat.read().split()[2] == "Z"
                except ProcessLookupError:
                    return True

            wait_until(is_gone, "the end of hocket top")

    def test_gives_the_terminal_back_while_it_is_stopped(self):
        _, terminal = self.started()
        before = terminal.state()
        terminal.type("C-z")
        terminal.wait_for(r"Stopped")
        terminal.wait_for_prompt()
        self.assertEqual(terminal.state(), "0 1 0 0")
        terminal.run("fg")
        terminal.wait_for(r"(?m)^listening ")
        wait_until(lambda: terminal.state() == before, "as before")
        terminal.type("/")
        terminal.wait_for(r"(?m)^filter: _$")
        terminal.type("Escape", "q")
        self.assert_clean(terminal, 0)

    def test_goes_on_while_a_debugger_has_the_process(self):
        shown, terminal = self.started("--interval", "0.1")
        other = (
            "import ctypes, os, sys; c = ctypes.CDLL(None); pid = int(sys.argv[1]);"
            "c.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p];"
            "[c.ptrace(0x4206, int(t), None, None) for t in os.listdir(f'/proc/{pid}/task')];"
            "print(flush=True); sys.stdin.read()"
        )
        with subprocess.Popen([sys.executable, "-c", other, str(shown.pid)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as debugger:
            debugger.stdout.readline()
            terminal.wait_for(rf"(?m)^process {shown.pid} is traced by process {debugger.pid}")
            terminal.wait_for(r"(?m)^listening ")
            debugger.stdin.close()
            debugger.wait()
        terminal.wait_for(r"(?m)^q quit")

    def test_shows_what_each_loop_does(self):
        site = self.folder / "site"
        site.mkdir()
        (site / "page").write_bytes(b"x" * 100_000)
        server = program.start("serve", "--loops", "2", "--port", "0", site)
        self.addCleanup(server.communicate)
        self.addCleanup(server.terminate)
        port = int(re.search(r":(\d+)", server.stdout.readline())[1])
        stop = threading.Event()

        def ask():
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=program.WAIT)) as connection:
                while not stop.is_set():
                    connection.request("GET", "/page")
                    connection.getresponse().read()

        client = threading.Thread(target=ask)
        client.start()
        self.addCleanup(client.join)
        self.addCleanup(stop.set)
        terminal = self.terminal(100, 24)
        terminal.run(f"{program.path} top {server.pid}")
        terminal.wait_for(r"(?m)^all +\d+ +\d+ +[1-9]\S* +[1-9]\S* +[1-9]\S* .* [\d.]+M$")  # steps, turns, operations, bytes sent
        terminal.wait_for(r"(?m)^lag   1us .*[▁▂▃▄▅▆▇█].* 4.2s   half < ")
        terminal.wait_for(r"(?m)^ops   .*receive [1-9]\S*/s")
        terminal.wait_for(r"(?m)^ +[12] http connection +(waiting|running|ready) +[1-9]\S* ")
        terminal.type("l", "l")
        terminal.wait_for_lines(lambda lines: not any(re.match(r" +1 (main|http)", line) for line in lines), "only the second loop")
        terminal.wait_for(r"(?m)^ +2 main ")

    def test_a_locale_without_the_characters_shows_others(self):
        shown = self.shown()
        terminal = self.terminal(locale="C")
        terminal.run(f"{program.path} top {shown.pid}")
        terminal.wait_for(r"(?m)^listening ")

    def test_a_terminal_that_nothing_is_known_of_is_refused(self):
        shown = self.shown()
        terminal = self.terminal()
        terminal.run(f"clear; TERM=teletype-9 {program.path} top {shown.pid}")
        terminal.wait_for(r"(?m)^hocket top: this needs a terminal that is known, and TERM is 'teletype-9'")

    def test_what_cannot_be_read_is_told_before_the_screen_is_taken(self):
        gone = subprocess.Popen(["true"])
        gone.wait()
        terminal = self.terminal()
        terminal.run(f"clear; {program.path} top {gone.pid}; echo code $?")
        terminal.wait_for(rf"(?m)\Ahocket top: there is no process {gone.pid}.*\ncode 1$")


class WithoutTerminal(program.AppTest):
    def test_is_refused_with_the_way_out(self):
        shown = Shown()
        self.addCleanup(shown.end)
        answer = hocket("top", shown.pid, stdin=subprocess.DEVNULL)
        self.assert_one_line(answer, 2, r"this needs a terminal; hocket ps --watch prints instead", who="hocket top")

    def test_of_several_processes_one_is_to_be_named(self):
        several = [Shown(), Shown()]
        for each in several:
            self.addCleanup(each.end)
        answer = hocket("top", stdin=subprocess.DEVNULL)
        self.assertEqual(answer.returncode, 2)
        self.assertRegex(answer.stderr, r"\Ahocket top: say which process: \d+ \(.*\n\Z")

    def test_wrong_usage_is_told_in_one_line(self):
        for words in (["x"], ["0"], ["--interval", "0", "1"], ["--interval", "1e9", "1"]):
            self.assert_one_line(hocket("top", *words), 2, r"\(see hocket top --help\)$", who="hocket top")


def main():
    global SHOWN
    if len(sys.argv) < 3 or not all(os.access(path, os.X_OK) for path in sys.argv[1:3]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    program.path, SHOWN = map(os.path.abspath, (sys.argv.pop(1), sys.argv.pop(1)))
    if not shutil.which("tmux"):
        print("SKIPPED: there is no tmux here; hocket top was not tested in a terminal", file=sys.stderr)
    unittest.main()


if __name__ == "__main__":
    sys.exit(main())
