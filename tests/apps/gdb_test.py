#!/usr/bin/env python3
"""scripts/gdb/hocket.py in gdb, on a program that stops where everything is known (tests/inspect/debugged_program.cpp), and on its core dump.

Usage: gdb_test.py HOCKET DEBUGGED [unittest options]
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/gdb/hocket.py"
HOCKET = None
DEBUGGED = None
AT_THE_STOP = ("break shop::look_at", "run")


def gdb(*commands, arguments=()):
    """What gdb prints, and says on standard error."""
    # Objects from a compiler cache name sources where they were compiled first: no lines of source, or gdb says that it misses them.
    quiet = ("set debuginfod enabled off", "set print frame-info location")
    words = ["gdb", "-batch", "-nx", *(word for each in quiet for word in ("-iex", each)), *arguments]
    for each in (f"source {SCRIPT}", f"set hocket-program {HOCKET}", *commands):
        words += ["-ex", each]
    answer = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    return answer.stdout, answer.stderr


@unittest.skipUnless(shutil.which("gdb"), "there is no gdb (scripts/setup peers)")
class Gdb(unittest.TestCase):
    maxDiff = None

    def test_shows_values_as_one_reads_them(self):
        expected = {
            "key": "lock: locked, 1 waiting",
            "spare_key": "lock: free",
            "opened": "event: not set",
            "carts": "semaphore: 2 free",
            "orders": "queue of 5 at most: 2 unfinished = {[0] = 7, [1] = 8}",
            "fields": "headers = {Content-Type = text/html, Set-Cookie = a=1}",
            "keeper": "task 'keeper': pending, 1 waiting",
            "anybody": "task 'Task-4': pending",
            "nobody": "no task",
            "price": "future: pending",
            "baskets": "bounded semaphore: 2 free",
            "restocked": "condition: lock free, 1 waiting",
            "meeting": "barrier of 3: filling, 1 came",
            "tills": "capacity limiter: 1 of 2 borrowed",
            "belt.first": "end of a channel: 1 of 4 at most, 1 sender, 1 receiver",
            "belt.second": "end of a channel: 1 of 4 at most, 1 sender, 1 receiver",
            "night": "cancel scope: open, N s left",
            "patience": "timeout: open, N s left",
            "unused": "timeout: not entered, no limit",
            "staff[0]": "task group: 2 tasks",
            "counted": "async generator: resting",
            "uncounted": "async generator: unstarted",
            "spelled": "generator: ended",
            "here": "unix_socket: descriptor N",
            "door[0]": "tcp_listener: descriptor N",
            "line": "byte_stream: descriptor N",
            "closed": "byte_stream: closed",
            "simulated": "byte_stream: over hocket::testing::memory_stream",
            "address": "http://example.org/?a=1",
            "given": "reply: 404 = {headers = headers, body = body: text}",
        }
        text, _ = gdb(*AT_THE_STOP, *(f"print all.{name}" for name in expected), arguments=[DEBUGGED])
        varying = r"(?<=descriptor )\d+|[\d.]+(?= s left)"
        shown = dict(zip(expected, (re.sub(varying, "N", each) for each in re.findall(r"^\$\d+ = (.*)$", text, re.M))))
        self.assertEqual(shown, expected)

    def test_shows_both_ends_of_an_exchange_of_http(self):
        text, _ = gdb(*AT_THE_STOP, "print all.asked[0]", "print all.answer[0]", arguments=[DEBUGGED])
        asked, answer = re.findall(r"^\$\d+ = (.*)$", text, re.M)
        self.assertRegex(asked, r"^request: GET /page HTTP/1\.1 = \{headers = headers = \{.*Host = 127\.0\.0\.1:\d+")
        self.assertRegex(answer, r"^response: 200 of http://127\.0\.0\.1:\d+/open, 0 bytes received = \{headers = headers = \{.*Content-Length = 5")

    def test_lists_the_tasks_and_shows_who_waits_for_one(self):
        text, errors = gdb(*AT_THE_STOP, "hocket tasks", "hocket chain keeper", arguments=[DEBUGGED])
        self.assertRegex(text, r"(?m)^0x\w+ +main +running ")
        self.assertRegex(text, r"(?m)^0x\w+ +Task-4 +waiting +.*task 'keeper' ")
        self.assert_chain(text)
        self.assertEqual(errors, "")

    def assert_chain(self, text):
        shape = re.sub(r"0x\w+", "ID", re.sub(r" at \S*/(\w+\.cpp):\d+", r" in \1", text))
        self.assertIn(
            "task 'keeper' ID: waits, sleep\n"
            "  #0  shop::nap() in debugged_program.cpp\n"
            "  #1  shop::keep() in debugged_program.cpp\n"
            "  awaited by\n"
            "  task 'Task-4' ID: waits, task\n"
            "    #0  shop::wait_for() in debugged_program.cpp\n",
            shape,
        )

    def test_does_the_same_with_a_core_dump(self):
        with tempfile.TemporaryDirectory() as folder:
            core = folder + "/core"
            gdb(*AT_THE_STOP, f"generate-core-file {core}", arguments=[DEBUGGED])
            text, _ = gdb("hocket chain keeper", "frame function shop::look_at", "print all.keeper", arguments=[DEBUGGED, core])
        self.assert_chain(text)
        self.assertIn(" = task 'keeper': pending, 1 waiting\n", text)

    def test_says_what_it_cannot_do(self):
        _, errors = gdb("hocket tasks")
        self.assertIn("no process runs, and there is no core dump\n", errors)
        _, errors = gdb(*AT_THE_STOP, "hocket chain nobody", arguments=[DEBUGGED])
        self.assertIn("there is no task 'nobody'\n", errors)
        _, errors = gdb(*AT_THE_STOP, "hocket chain", arguments=[DEBUGGED])
        self.assertIn("give a task, by its name or its id: hocket chain TASK\n", errors)
        _, errors = gdb(*AT_THE_STOP, "set hocket-program /nowhere/hocket", "hocket tasks", arguments=[DEBUGGED])
        self.assertIn("cannot run '/nowhere/hocket': No such file or directory (set hocket-program FILE)\n", errors)


def main():
    global HOCKET, DEBUGGED
    if len(sys.argv) < 3 or not all(os.access(path, os.X_OK) for path in sys.argv[1:3]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    HOCKET, DEBUGGED = map(os.path.abspath, (sys.argv.pop(1), sys.argv.pop(1)))
    unittest.main()


if __name__ == "__main__":
    sys.exit(main())
