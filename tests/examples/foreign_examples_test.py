"""Runs the example programs for other event loops as a user does. One that was not built, for its library is not installed, is
skipped, loudly.

Usage: foreign_examples_test.py DIRECTORY_OF_EXAMPLES [unittest's arguments]
"""

import os
import pathlib
import subprocess
import sys
import unittest

EXAMPLES = pathlib.Path(sys.argv[1]).resolve()
PATIENCE_SECONDS = 60


class ForeignLoops(unittest.TestCase):
    def prints(self, program, *lines, backend=""):
        if not (EXAMPLES / program).exists():
            self.skipTest(f"SKIPPED: {program} was not built")
        ended = subprocess.run([EXAMPLES / program], env={**os.environ, "HOCKET_BACKEND": backend}, text=True,
                               capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE_SECONDS)
        self.assertEqual((ended.stdout.splitlines(), ended.stderr, ended.returncode), (list(lines), "", 0))

    def test_hocket_inside_of_glib(self):
        for backend in "epoll", "":
            self.prints("glib_host", "hocket: asks GLib", "hocket: was told 42", "GLib: hocket has ended with 42",
                        backend=backend)

    def test_libuv_inside_of_hocket(self):
        for backend in "epoll", "poll", "select", "":
            self.prints("uv_inside", "libuv: tick 1", "hocket: heard of tick 1", "libuv: tick 2",
                        "hocket: heard of tick 2", "libuv: tick 3", "hocket: heard of tick 3", backend=backend)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
