"""Runs the example programs for Redis as a user does, with a redis-server of their own. Where that is not installed they are skipped, loudly.

Usage: redis_examples_test.py DIRECTORY_OF_EXAMPLES [unittest's arguments]
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

EXAMPLES = pathlib.Path(sys.argv[1]).resolve()
PATIENCE_SECONDS = 60


class Redis(unittest.TestCase):
    def setUp(self):
        if not shutil.which("redis-server"):
            self.skipTest("SKIPPED: redis-server is not installed")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = f"{folder.name}/redis.sock"
        server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir", folder.name],
                                  stdout=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.url = f"unix://{path}"
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(path) == 0:
                    return
            self.assertLess(time.monotonic(), end, "redis-server does not listen")
            time.sleep(0.01)

    def lines(self, program, *arguments, backend=""):
        ended = subprocess.run([EXAMPLES / program, "--redis", self.url, *arguments], text=True, capture_output=True,
                               env={**os.environ, "HOCKET_BACKEND": backend}, timeout=PATIENCE_SECONDS)
        self.assertEqual((ended.stderr, ended.returncode), ("", 0))
        return ended.stdout.splitlines()

    def test_a_rate_is_kept_for_each_sender(self):
        for backend in "epoll", "":
            name = f"ada{backend}"
            said = self.lines("redis_rate_limiter", "--limit", "2", "--per", "60000", name, name, "bob" + backend, name, backend=backend)
            self.assertEqual(said[:3], [f"{name}: allowed, 1 left", f"{name}: allowed, 0 left", f"bob{backend}: allowed, 1 left"])
            self.assertRegex(said[3], rf"^{name}: refused, again in \d+ ms$")
            wait_ms = int(said[3].split()[-2])
            self.assertTrue(0 < wait_ms <= 60000, said)

    def test_a_window_slides(self):
        self.assertEqual(self.lines("redis_rate_limiter", "--limit", "1", "--per", "200", "ada"), ["ada: allowed, 0 left"])
        time.sleep(0.3)
        self.assertEqual(self.lines("redis_rate_limiter", "--limit", "1", "--per", "200", "ada"), ["ada: allowed, 0 left"])

    def test_each_job_is_done_once(self):
        self.lines("redis_job_queue", "add", "paint", "sand")
        self.assertEqual(self.lines("redis_job_queue", "work", "ann", "--until-empty"), ["ann: does paint", "ann: does sand"])
        self.assertEqual(self.lines("redis_job_queue", "work", "bob", "--until-empty", "--abandoned", "0"), [])

    def test_jobs_of_a_worker_that_died_are_taken_over(self):
        self.lines("redis_job_queue", "add", "paint", "sand")
        self.lines("redis_job_queue", "work", "ann", "--until-empty", "--forget")
        self.assertEqual(self.lines("redis_job_queue", "work", "bob", "--until-empty"), [], "they are Ann's for a minute")
        self.assertEqual(self.lines("redis_job_queue", "work", "bob", "--until-empty", "--abandoned", "0"),
                         ["bob: takes over paint", "bob: takes over sand"])
        self.assertEqual(self.lines("redis_job_queue", "work", "cy", "--until-empty", "--abandoned", "0"), [])

    def test_a_worker_ends_when_it_is_told_to(self):
        worker = subprocess.Popen([EXAMPLES / "redis_job_queue", "--redis", self.url, "work", "ann"], text=True, stdout=subprocess.PIPE)
        self.lines("redis_job_queue", "add", "paint")
        self.assertEqual(worker.stdout.readline(), "ann: does paint\n")
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(PATIENCE_SECONDS), 0)
        worker.stdout.close()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
