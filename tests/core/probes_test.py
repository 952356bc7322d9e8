#!/usr/bin/env python3
"""The static probes of a program, as bpftrace and perf find them.

Usage: probes_test.py READELF PROGRAM
"""

import re
import subprocess
import sys
import unittest


class Probes(unittest.TestCase):
    def test_are_noted_with_their_arguments(self):
        notes = subprocess.run([READELF, "--notes", "--wide", PROGRAM], capture_output=True, text=True, check=True).stdout
        found = re.findall(r"Provider: hocket\n\s+Name: (\w+)\n.*\n\s+Arguments: (.*)", notes)
        arguments = {name: len(given.split(" ")) for name, given in found}
        self.assertEqual(
            arguments, {"batch_begin": 1, "batch_end": 1, "wait_begin": 2, "wait_end": 1, "task_created": 2, "task_ended": 2}
        )


if __name__ == "__main__":
    READELF, PROGRAM = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
