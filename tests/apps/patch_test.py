#!/usr/bin/env python3
"""Runs programs of others by `hocket patch`: a program in C with threads, Python, curl; and those that cannot be patched.

Usage: patch_test.py HOCKET FOLDER-OF-PROGRAMS [unittest options]
"""

import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import textwrap
import threading
import unittest

import program
from program import BACKENDS, WAIT, AppTest, hocket

PROGRAMS = None
SCENARIOS = ["sockets", "locks", "turns", "variables", "conditions", "children", "barriers", "signals"]
MANY = 100


def patched(*command, **options):
    return hocket("patch", "--", *command, **options)


class WaitingServer:
    """Answers when so many have asked at once."""

    def __init__(self, count):
        together = threading.Barrier(count, timeout=WAIT)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                together.wait()
                self.send_response(200)
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b"hello\n")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class PatchTest(AppTest):
    def assert_says(self, run, code, *parts):
        self.assertEqual((run.returncode, run.stdout), (code, ""), run.stderr)
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        self.assertTrue(run.stderr.startswith("hocket patch: "), run.stderr)
        for part in parts:
            self.assertIn(part, run.stderr)


class AnEnvironment(PatchTest):
    def test_in_which_no_loop_can_be_made_is_refused_by_one_line(self):
        command = PROGRAMS / "patched_threads", "locks"
        self.assert_says(patched(*command, backend="soon"), 126, "HOCKET_BACKEND", "'soon'")
        os.environ["HOCKET_WATCHDOG"] = "soon"
        self.addCleanup(os.environ.pop, "HOCKET_WATCHDOG")
        self.assert_says(patched(*command), 126, "HOCKET_WATCHDOG", "'soon'")


class AProgramInC(PatchTest):
    def test_has_all_its_threads_on_one(self):
        for backend in BACKENDS:
            for scenario in SCENARIOS:
                with self.subTest(scenario=scenario, backend=backend):
                    run = patched(PROGRAMS / "patched_threads", scenario, backend=backend)
                    self.assertEqual((run.returncode, run.stderr, run.stdout), (0, "", "ok 1\n"))

    def test_does_the_same_unpatched(self):
        for scenario in SCENARIOS:
            with self.subTest(scenario=scenario):
                run = subprocess.run([PROGRAMS / "patched_threads", scenario], capture_output=True, text=True, timeout=WAIT)
                self.assertEqual((run.returncode, run.stderr, run.stdout), (0, "", f"ok {MANY}\n"))

    def test_is_told_when_there_is_no_memory_for_one_more_thread(self):
        run = patched(PROGRAMS / "patched_threads", "limited")
        self.assertEqual((run.returncode, run.stderr, run.stdout), (0, "", "ok 1\n"))

    def test_may_go_on_when_the_thread_of_main_has_ended(self):
        run = patched(PROGRAMS / "patched_threads", "leave")
        self.assertEqual((run.returncode, run.stderr, run.stdout), (0, "", "outlived\n"))

    def test_is_refused_if_it_keeps_variables_by_thread_unless_forced(self):
        self.assert_says(patched(PROGRAMS / "patched_thread_local"), 126, "patched_thread_local: its threads cannot be green: ", "the program itself", "--force")
        run = hocket("patch", "--force", "--", PROGRAMS / "patched_thread_local")
        self.assertEqual((run.returncode, run.stderr, run.stdout), (0, "", "7\n"))

    def test_is_refused_if_it_is_built_with_the_thread_sanitizer(self):
        self.assert_says(patched(PROGRAMS / "patched_sanitized"), 126, "built with the thread sanitizer")

    def test_is_refused_if_it_is_linked_statically(self):
        self.assert_says(patched(PROGRAMS / "patched_statically"), 126, "linked statically")


class AProgramInCpp(PatchTest):
    def test_waits_with_all_that_its_library_has(self):
        run = patched(PROGRAMS / "patched_standard")
        self.assertEqual((run.returncode, run.stderr, run.stdout), (0, "", "ok 1\n"))


class Python(PatchTest):
    def run_script(self, script, *arguments):
        run = patched("/usr/bin/python3", "-c", textwrap.dedent(script), *arguments)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout.strip()

    def test_has_a_thousand_threads_on_one(self):
        script = """
            import threading, time
            carriers = set()
            def work():
                time.sleep(0.01)
                carriers.add(threading.get_native_id())
            threads = [threading.Thread(target=work) for _ in range(1000)]
            for each in threads: each.start()
            for each in threads: each.join()
            print(len(carriers))
        """
        self.assertEqual(self.run_script(script), "1")

    def test_shows_what_its_threads_wait_for(self):
        script = """
            import sys, threading, time
            queueing = threading.Lock()
            queueing.acquire()
            threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
            threading.Thread(target=queueing.acquire, daemon=True).start()
            print("ready", flush=True)
            sys.stdin.read()
        """
        command = [program.path, "patch", "--", "/usr/bin/python3", "-c", textwrap.dedent(script)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            self.assertEqual(running.stdout.readline(), "ready\n")

            def waits():
                tasks = json.loads(hocket("ps", "--json", running.pid).stdout)["loops"][0]["tasks"]
                return [(task["waits_for"]["kind"], task["frames"][0]["function"]) for task in tasks if task["waits_for"]]

            program.wait_until(lambda: len(waits()) == 2, "two threads that wait")
            self.assertEqual(waits(), [("sleep", "clock_nanosleep"), ("event", "hocket::green::preload::wait_in_green_thread")])
            running.communicate(timeout=WAIT)

    def test_waits_for_pages_side_by_side(self):
        script = """
            import sys, threading, urllib.request
            from concurrent.futures import ThreadPoolExecutor
            fetch = lambda _: (urllib.request.urlopen(sys.argv[1]).read(), threading.get_native_id())
            with ThreadPoolExecutor(10) as pool:
                answers = list(pool.map(fetch, range(10)))
            print({body for body, _ in answers}, len({carrier for _, carrier in answers}))
        """
        with WaitingServer(10) as server:
            self.assertEqual(self.run_script(script, server.url), "{b'hello\\n'} 1")

    def test_passes_items_through_queues_and_runs_other_programs(self):
        script = """
            import queue, subprocess, threading
            asked, told = queue.Queue(2), queue.Queue()
            def work():
                while (item := asked.get()) is not None:
                    told.put(subprocess.run(["echo", str(item)], capture_output=True, text=True).stdout.strip())
            threads = [threading.Thread(target=work) for _ in range(5)]
            for each in threads: each.start()
            for item in [*range(20), *[None] * 5]: asked.put(item)
            for each in threads: each.join()
            print(sorted(int(told.get_nowait()) for _ in range(20)) == list(range(20)))
        """
        self.assertEqual(self.run_script(script), "True")

    def test_is_the_same_thread_in_a_child(self):
        script = """
            import os, threading
            def work():
                before = threading.get_ident()
                child = os.fork()
                if child == 0:
                    os._exit(3 if (threading.get_ident(), threading.current_thread().name) == (before, "worker") else 4)
                print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            worker = threading.Thread(target=work, name="worker")
            worker.start()
            worker.join()
        """
        self.assertEqual(self.run_script(script), "3")

    def test_leaves_the_programs_that_it_starts_as_they_are(self):
        script = """
            import subprocess, sys
            print(subprocess.run([sys.argv[1], "sockets"], capture_output=True, text=True).stdout.strip())
        """
        self.assertEqual(self.run_script(script, PROGRAMS / "patched_threads"), f"ok {MANY}")

    def test_is_found_through_a_script(self):
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder, "script")
            script.write_text("#!/usr/bin/env python3\nimport threading\nt = threading.Thread(target=lambda: print(threading.get_native_id() != threading.main_thread().native_id))\nt.start(); t.join()\nimport os; print('HOCKET_PATCH' in os.environ)\n")
            script.chmod(0o755)
            run = patched(script)
            self.assertEqual((run.returncode, run.stderr, run.stdout), (0, "", "True\nTrue\n"))


@unittest.skipUnless(shutil.which("curl"), "there is no curl here")
class Curl(PatchTest):
    def test_gets_a_page_whose_host_a_thread_looks_up(self):
        with WaitingServer(1) as server:
            url = server.url.replace("127.0.0.1", "localhost")
            run = hocket("patch", "--force", "--", "curl", "-4", "-s", "--noproxy", "*", url)
            self.assertEqual((run.returncode, run.stderr, run.stdout), (0, "", "hello\n"))


class WhatCannotBeRun(PatchTest):
    def test_has_one_line_and_the_code_of_env(self):
        with tempfile.TemporaryDirectory() as folder:
            text = pathlib.Path(folder, "text")
            text.write_text("no program\n")
            self.assert_says(patched("no-such-program-anywhere"), 127, "there is no program 'no-such-program-anywhere'")
            self.assert_says(patched("/no/such/program"), 127, "/no/such/program")
            self.assert_says(patched(text), 126, str(text), "Permission denied")
            self.assert_says(patched(folder), 126, "a directory")

    def test_is_a_wrong_usage_without_a_program(self):
        for arguments in [["patch"], ["patch", "--"], ["patch", "--force"]]:
            self.assert_says(hocket(*arguments), 2, "PROGRAM is required")
        self.assert_says(hocket("patch", "--unknown", "true"), 2, "--unknown")

    def test_passes_the_options_of_the_program_on(self):
        for separator in [[], ["--"]]:
            run = hocket("patch", *separator, "echo", "--help", "-n", "--force", "--")
            self.assertEqual((run.returncode, run.stdout), (0, "--help -n --force --\n"))

    @unittest.skipUnless(os.geteuid() == 0, "only root makes such a program")
    def test_is_told_if_it_runs_with_the_rights_of_another(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = shutil.copy(shutil.which("true"), folder)
            os.chown(copy, 65534, 65534)
            os.chmod(copy, 0o4755)
            self.assert_says(patched(copy), 126, "rights of another")

    def test_is_told_if_the_library_is_missing(self):
        with tempfile.TemporaryDirectory(dir=pathlib.Path(program.path).parent) as folder:
            alone = pathlib.Path(folder, "hocket")
            os.link(program.path, alone)
            run = subprocess.run([alone, "patch", "--", "true"], capture_output=True, text=True, timeout=WAIT)
            self.assert_says(run, 126, "libhocket_patch.so is not there: it belongs to ")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    PROGRAMS = pathlib.Path(sys.argv.pop(2)).resolve()
    sys.exit(program.main(__doc__))
