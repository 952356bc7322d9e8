#!/usr/bin/env python3
"""HOCKET_TRACE: what a program does, read from its trace as a viewer reads it (tests/core/traced_program.cpp).

Usage: trace_test.py TRACED [unittest options]
"""

import collections
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

TRACED = None
SOURCE = pathlib.Path(__file__).with_name("traced_program.cpp")
NAP = 'a "nap"\n\ufffd'


def line_of(mark):
    lines = SOURCE.read_text().splitlines()
    return str(next(number for number, line in enumerate(lines, 1) if line.endswith("// here: " + mark)))


class Trace(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.path = self.folder / "trace.json"

    def environment(self, path=None, limit=None):
        return {**os.environ, "HOCKET_TRACE": str(path or self.path), **({"HOCKET_TRACE_LIMIT": limit} if limit else {})}

    def traced(self, *words, code=0, stderr=r"", **asked):
        answer = subprocess.run([TRACED, *words], env=self.environment(**asked), capture_output=True, text=True, timeout=60)
        self.assertEqual(answer.returncode, code, answer.stderr)
        self.assertRegex(answer.stderr, rf"\A{stderr}\Z")

    @contextlib.contextmanager
    def staying(self):
        """The program while it stays, until it is killed."""
        with subprocess.Popen([TRACED, "stays"], env=self.environment(), stdout=subprocess.PIPE, text=True) as process:
            try:
                self.assertEqual(process.stdout.readline(), "ready\n")
                yield process
            finally:
                process.kill()

    def events(self, path=None):
        """Those of a whole trace, by phase. Checks what holds of any trace: slices nest on each thread, and spans of each task."""
        events = json.loads((path or self.path).read_text())
        self.assertEqual(len({event["pid"] for event in events}), 1)
        open_slices = collections.Counter()
        open_spans = collections.defaultdict(list)
        times = collections.defaultdict(float)
        for event in events:
            if event["ph"] == "M":
                continue
            self.assertGreaterEqual(event["ts"], times[event["tid"]])
            times[event["tid"]] = event["ts"]
            if event["ph"] in "BE":
                open_slices[event["tid"]] += 1 if event["ph"] == "B" else -1
                self.assertGreaterEqual(open_slices[event["tid"]], 0)
            if event["ph"] in "sf":
                self.assertGreater(open_slices[event["tid"]], 0)
            if event["ph"] == "b":
                open_spans[event["cat"], event["id"]].append(event["name"])
            if event["ph"] == "e":
                self.assertEqual(open_spans[event["cat"], event["id"]].pop(), event["name"])
        self.assertEqual(set(open_slices.values()) | {len(names) for names in open_spans.values()}, {0})
        return events

    def spans(self, events):
        """Of each task, by name: what begins and ends in its span, in order."""
        names = {}
        found = collections.defaultdict(list)
        for event in events:
            if event.get("cat") == "task":
                name = names.setdefault(event["id"], event["name"])
                found[name].append((event["ph"], event["name"], event.get("args", {})))
        return found

    def test_each_task_is_a_span_in_which_its_waits_are(self):
        self.traced()
        spans = self.spans(self.events())
        self.assertEqual(set(spans), {"main", NAP, "failing", "endless", "eager"})
        (begin, name, made), *waits, (end, _, outcome) = spans[NAP]
        self.assertEqual((begin, name, end, outcome), ("b", NAP, "e", {"outcome": "finished"}))
        self.assertRegex(made["made_at"], r"traced_program\.cpp:\d+$")
        self.assertEqual([(phase, name) for phase, name, _ in waits], [("b", "sleep"), ("e", "sleep")])
        self.assertRegex(waits[0][2]["at"], rf"traced_program\.cpp:{line_of('nap')}$")
        self.assertEqual(spans["failing"][-1], ("e", "failing", {"outcome": "failed"}))
        self.assertEqual(spans["endless"][-1], ("e", "endless", {"outcome": "cancelled"}))
        joins = [args["at"] for phase, name, args in spans["main"] if (phase, name) == ("b", "task")]
        self.assertRegex(joins[0], rf"traced_program\.cpp:{line_of('join')}$")

    def test_each_step_is_a_slice_that_tells_what_it_leads_to(self):
        self.traced()
        events = self.events()
        slices = []  # of name, depth, what it leads to; in the order of their ends
        stack = []
        for event in events:
            if event["ph"] == "B":
                stack.append(event["name"])
            elif event["ph"] == "E":
                slices.append((stack.pop(), len(stack), event.get("args", {}).get("then")))
        self.assertEqual([then for name, _, then in slices if name == NAP], ["sleep", "ends"])
        # What begins eagerly runs inside of the step of whoever made it.
        self.assertEqual([(depth, then) for name, depth, then in slices if name == "eager"], [(1, "sleep"), (0, "ends")])
        self.assertIn(("waits for the system", 0, None), slices)

    def test_an_arrow_leads_from_whoever_wakes_a_task_to_its_step(self):
        self.traced()
        stack, began, arrows = [], {}, []
        for event in self.events():
            if event["ph"] == "B":
                stack.append(event["name"])
            elif event["ph"] == "E":
                stack.pop()
            elif event["ph"] == "s":
                self.assertNotIn(event["id"], began)
                began[event["id"]] = stack[-1]
            elif event["ph"] == "f":
                self.assertEqual(event["bp"], "e")
                arrows.append((began.pop(event["id"]), stack[-1]))
        self.assertEqual(began, {})
        self.assertIn(("main", "failing"), arrows)  # which it made
        self.assertIn((NAP, "main"), arrows)  # which waited for its end
        self.assertEqual([by for by, woken in arrows if woken == NAP], ["main"])  # and then a timer

    def test_each_request_to_the_system_is_a_span(self):
        self.traced("sends")
        spans = {}
        for event in self.events():
            if event.get("cat") == "operation":
                spans.setdefault(event["id"], []).append((event["ph"], event["name"], event["args"]))
        requests = [pair for span in spans.values() for pair in zip(span[::2], span[1::2])]
        numbers = {event["id"] for event in self.events() if event.get("cat") == "task"}
        for (_, name, asked), (_, same, answered) in requests:
            self.assertEqual(name, same)
            self.assertGreater(asked["descriptor"], 2)
            self.assertIn(asked["task"], numbers)
        results = collections.defaultdict(list)
        for (_, name, _), (_, _, answered) in requests:
            results[name].append(answered["result"])
        self.assertEqual(dict(results), {"receive": [5], "send": [0]})  # all was sent

    def test_processes_and_threads_have_names(self):
        self.traced("threads")
        events = self.events()
        self.assertEqual(
            [event["args"]["name"] for event in events if event.get("name") == "process_name"], [os.path.basename(TRACED)]
        )
        named = [event["tid"] for event in events if event.get("name") == "thread_name"]
        self.assertEqual(len(named), 3)
        self.assertEqual(set(named), {event["tid"] for event in events if event["ph"] == "B"})

    def test_a_killed_program_leaves_a_trace_up_to_where_it_waited(self):
        with self.staying():
            for _ in range(6000):
                if "waits for the system" in self.path.read_text().partition('"outcome":"cancelled"')[2]:
                    break
                time.sleep(0.01)
        text = self.path.read_text()
        self.assertFalse(text.endswith("]\n"))
        events = json.loads(text + "]")
        self.assertEqual(events[-1]["name"], "waits for the system")
        self.assertEqual(self.spans(events)["endless"][-1][2], {"outcome": "cancelled"})

    def test_a_copy_of_the_process_writes_nothing(self):
        self.traced("forks")
        self.assertEqual(len([event for event in self.events() if event["ph"] == "b" and event["name"] == "main"]), 1)

    def test_the_number_of_the_process_may_stand_in_the_name(self):
        self.traced(path=self.folder / "trace-%p.json")
        (made,) = self.folder.iterdir()
        number = int(re.fullmatch(r"trace-(\d+)\.json", made.name)[1])
        self.assertEqual({event["pid"] for event in self.events(made)}, {number})

    def test_a_second_process_leaves_the_file_alone_and_says_so(self):
        with self.staying() as process:
            self.traced(stderr=r"hocket: the trace '.*trace.json' \(HOCKET_TRACE\) is not written: another process writes it; .*%p.*\n")
        self.assertEqual({event["pid"] for event in json.loads(self.path.read_text() + "]")}, {process.pid})

    def test_a_trace_does_not_grow_beyond_its_limit_and_is_whole(self):
        self.traced(limit="2000", stderr=r"hocket: the trace '.*' ends here: it has \d+ bytes \(HOCKET_TRACE_LIMIT\)\n")
        size = self.path.stat().st_size
        self.assertTrue(1500 < size <= 2000, size)
        self.assertGreater(len(json.loads(self.path.read_text())), 5)

    def test_a_file_that_cannot_be_written_is_told_in_a_line_and_the_program_runs(self):
        self.traced(path="/nowhere/trace.json", stderr=r"hocket: the trace '/nowhere/trace.json' .*: No such file or directory\n")
        self.traced(path="/dev/full", stderr=r"hocket: the trace '/dev/full' .*: No space left on device\n")

    def test_a_limit_that_is_no_number_is_told_and_the_usual_one_taken(self):
        self.traced(limit="much", stderr=r"hocket: HOCKET_TRACE_LIMIT is 'much'; it must be a number of bytes, and is taken for \d+\n")
        self.assertGreater(len(json.loads(self.path.read_text())), 5)


def main():
    global TRACED
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    TRACED = os.path.abspath(sys.argv.pop(1))
    unittest.main()


if __name__ == "__main__":
    sys.exit(main())
