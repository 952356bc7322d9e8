#!/usr/bin/env python3
"""hocket ps and hocket pstree, used as a user uses them on a program whose tasks are known (tests/inspect/shown_program.cpp).

Usage: inspect_test.py HOCKET SHOWN [unittest options]
"""

import ctypes
import errno
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

import program
from program import hocket

SHOWN = None


class Shown:
    """The program under observation, while it waits, or another one beside it."""

    def __init__(self, name=None, *arguments):
        self.command = [os.path.join(os.path.dirname(SHOWN), name) if name else SHOWN, *arguments]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        return self.process.pid

    def __exit__(self, *error):
        self.process.kill()
        self.process.communicate()


class Terminal:
    """A program at a terminal of that size."""

    def __init__(self, command, rows, columns):
        self.command, self.size = command, struct.pack("HHHH", rows, columns, 0, 0)

    def __enter__(self):
        self.end, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, self.size)
        self.process = subprocess.Popen(self.command, stdin=inner, stdout=inner, stderr=inner)
        os.close(inner)
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()
        os.close(self.end)

    def read_until(self, wanted):
        """Up to what matches, or to the end."""
        seen = b""
        while wanted is None or not re.search(wanted, seen, re.S):
            ready, _, _ = select.select([self.end], [], [], 60)
            assert ready, seen
            try:
                more = os.read(self.end, 65536)
            except OSError:  # everybody has gone
                more = b""
            if not more:
                assert wanted is None, seen
                break
            seen += more
        return seen


class Tracer:
    """A process that traces another one, as a debugger does."""

    SEIZE = 0x4206
    CODE = (
        "import ctypes, sys; libc = ctypes.CDLL(None); "
        f"assert libc.ptrace({SEIZE}, int(sys.argv[1]), None, None) == 0; print('traces', flush=True); sys.stdin.read()"
    )

    def __init__(self, pid):
        self.process = subprocess.Popen([sys.executable, "-c", self.CODE, str(pid)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "traces\n"

    def end(self):
        self.process.communicate(timeout=60)


PROCESS_VM_READV = {"x86_64": 310, "aarch64": 270}
GET_ROBUST_LIST = {"x86_64": 274, "aarch64": 100}


def refuse(call):
    """From now on the system refuses this process, and those that it starts, a call: to read another one, as with kernel.yama.ptrace_scope."""
    load, jump_if_equal, give, allow, refused = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000 | errno.EPERM
    code = [
        (load, 0, 0, 0),  # the number of the call
        (jump_if_equal, 0, 1, call[os.uname().machine]),
        (give, 0, 0, refused),
        (give, 0, 0, allow),
    ]
    filters = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in code))
    program_ = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(filters)))
    libc = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, set_seccomp, filter_mode = 38, 22, 2
    if libc.prctl(no_new_privileges, 1, 0, 0, 0) != 0 or libc.prctl(set_seccomp, filter_mode, program_, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


class Inspect(unittest.TestCase):
    def ended(self, answer, code, stderr=r""):
        self.assertEqual(answer.returncode, code, answer.stderr)
        self.assertRegex(answer.stderr, rf"\A{stderr}\Z")
        return answer.stdout

    def refused(self, answer, command, code, line):
        self.assertEqual(self.ended(answer, code, rf"hocket {command}: {line}\n"), "")

    def test_ps_lists_each_task_with_what_it_waits_for(self):
        with Shown() as pid:
            lines = self.ended(hocket("ps", pid), 0).splitlines()
        self.assertRegex(lines[0], r"^loop 1: running, \d+ turns, 18 tasks$")
        self.assertRegex(lines[1], r"^TASK +NAME +STATE +FOR +AGE +STEPS +WAITS FOR +IN$")
        self.assertEqual(len(lines), 2 + 18)
        rows = {re.split(r"  +", line)[1]: re.split(r"  +", line) for line in lines[2:]}
        self.assertRegex(rows["shared nap"][3], r"^\d+\.\d (ms|s)$")
        self.assertRegex(rows["shared nap"][4], r"^\d+\.\d (ms|s)$")
        self.assertEqual(rows["shared nap"][5], "1")
        self.assertRegex(rows["shared nap"][6], r"^sleep, \d+\.\d s left$")
        self.assertRegex(rows["listening"][6], r"^receive on descriptor \d+$")
        self.assertEqual(rows["joined"][6], "task 'waiting'")
        self.assertEqual(rows["team"][6], "task group, 2 left")
        self.assertRegex(rows["orders"][7], r"^shop::till::next\(\) .*shown_program\.cpp:\d+$")

    def test_ps_samples_what_each_task_uses_of_a_processor(self):
        with Shown("busy") as pid:
            lines = self.ended(hocket("ps", "--sample", "2", pid), 0).splitlines()
            answer = json.loads(self.ended(hocket("ps", "--sample", "0.5", "--json", pid), 0))
        self.assertRegex(lines[0], r"^\d+ samples in 2\.\d s, \d+\.\d % of a processor in all$")
        self.assertRegex(lines[1], r"^loop 1: running, \d+ turns, 4 tasks, \d+\.\d % of a processor \(\d+\.\d % beside its tasks\)$")
        self.assertRegex(lines[2], r"^TASK +NAME +STATE +FOR +AGE +STEPS +CPU% +WAITS FOR +IN$")
        at = lines[2].index("CPU%")
        load = {re.split(r"  +", line)[1]: float(line[at:].split()[0]) for line in lines[3:]}
        self.assertGreater(load["much"], load["some"])
        self.assertGreater(load["some"], max(load["napping"], load["main"]))
        self.assertGreater(answer["sampled"]["samples"], 10)
        self.assertGreater(answer["sampled"]["load"], 0)
        self.assertGreater(answer["loops"][0]["load"]["in_steps"], answer["loops"][0]["load"]["beside"])
        self.assertEqual({task["name"] for task in answer["loops"][0]["tasks"] if task["load"] > 0.02}, {"much", "some"})

    def test_ps_says_that_few_samples_tell_little(self):
        with Shown("busy") as pid:
            for seconds, few in (("0.1", True), ("2", False)):
                answer = hocket("ps", "--sample", seconds, pid)
                self.assertEqual(answer.returncode, 0)
                self.assertEqual("samples, which tell little: sample longer" in answer.stderr, few, answer.stderr)

    def test_ps_samples_no_longer_than_the_process_lives(self):
        with Shown("busy") as pid:
            sampling = program.start("ps", "--sample", 3600, pid)
            self.addCleanup(sampling.communicate)
            self.addCleanup(sampling.kill)
            threads = 3 if b"TSAN_OPTIONS" in pathlib.Path(program.path).read_bytes() else 2  # the sanitizer has one, too
            program.wait_until(lambda: len(os.listdir(f"/proc/{sampling.pid}/task")) == threads, "the sampler's thread")
            os.kill(pid, signal.SIGKILL)
            out, errors = sampling.communicate(timeout=60)
        self.assertEqual((sampling.returncode, out), (1, ""))
        self.assertRegex(errors, rf"^hocket ps: process {pid} has ended while it was sampled, after \d+\.\d s\n$")

    def test_ps_samples_a_process_of_which_it_cannot_tell_the_threads(self):
        for how in ("", "aside"):
            with Shown("busy", *how.split()) as pid:
                answer = hocket("ps", "--sample", "2", "--json", pid, preexec_fn=lambda: refuse(GET_ROBUST_LIST))
                seen = json.loads(self.ended(answer, 0))
            load = {task["name"]: task["load"] for task in seen["loops"][0]["tasks"]}
            self.assertGreater(load["much"], load["some"])
            self.assertGreater(load["some"], max(load["napping"], load["main"]))
            self.assertEqual(seen["loops"][0]["load"]["beside"], 0)
            self.assertLessEqual(seen["loops"][0]["load"]["in_steps"], seen["sampled"]["load"] + 0.001)

    def test_pstree_shows_below_each_task_those_that_it_waits_for(self):
        with Shown() as pid:
            tree = self.ended(hocket("pstree", pid), 0)
        shape = re.sub(r" \(made at .*?\)|\S*/|:\d+|\d+\.\d s", "", tree)
        self.assertIn(
            "* Task 'team'\n"
            "  | hocket::with_task_group() task_group.hpp: task group, 2 left\n"
            "  | shop::team() shown_program.cpp\n"
            "  * Task 'outer nap'\n"
            "    | shop::nap() shown_program.cpp: sleep,  left\n"
            "  * Task 'inner group'\n"
            "    | hocket::with_task_group() task_group.hpp: task group, 1 left\n"
            "    * Task 'inner nap'\n"
            "      | shop::nap() shown_program.cpp: sleep,  left\n",
            shape,
        )
        self.assertIn(
            "* Task 'counting'\n"
            "  | shop::nap() shown_program.cpp: sleep,  left\n"
            "  | shop::numbers() shown_program.cpp\n"
            "  | shop::count() shown_program.cpp\n",
            shape,
        )
        self.assertIn("  * Task 'shared nap'\n    + ...\n", shape)

    def test_both_print_the_same_json(self):
        with Shown() as pid:
            seen = [json.loads(self.ended(hocket(command, "--json", pid), 0)) for command in ("ps", "pstree")]
        for each in seen:
            self.assertEqual((each["process"], each["torn"], len(each["loops"])), (pid, False, 1))
            self.assertGreater(each["seconds_stopped"], 0)
            tasks = {task["name"]: task for task in each["loops"][0]["tasks"]}
            self.assertEqual(tasks["shared nap"]["awaited_by"], [tasks[name]["id"] for name in ("looking", "first of", "waiting")])
            self.assertEqual(tasks["joined"]["waits_for"], {"kind": "task", "awaited": tasks["waiting"]["id"]})
            self.assertEqual(tasks["both"]["waits_for"], {"kind": "gather", "count": 2})
            self.assertEqual([frame["function"] for frame in tasks["counting"]["frames"]], ["shop::nap", "shop::numbers", "shop::count"])
            self.assertEqual(tasks["main"]["state"], "waiting")
        self.assertEqual([task["id"] for task in seen[0]["loops"][0]["tasks"]], [task["id"] for task in seen[1]["loops"][0]["tasks"]])

    def test_ps_tells_of_tasks_that_wait_for_each_other(self):
        with Shown("deadlocked") as pid:
            text = self.ended(hocket("ps", pid), 0)
            loop = json.loads(self.ended(hocket("ps", "--json", pid), 0))["loops"][0]
        self.assertTrue(text.endswith("\ndeadlock: alice > bob > alice\ndeadlock: carol > carol\n"), text)
        names = {task["id"]: task["name"] for task in loop["tasks"]}
        told = [{key: [names[task] for task in each[key]] for key in each} for each in loop["deadlocks"]]
        self.assertEqual(told, [{"circle": ["alice", "bob"], "tasks": ["alice", "bob"]}, {"circle": ["carol"], "tasks": ["carol"]}])
        with Shown() as pid:
            self.assertEqual(json.loads(self.ended(hocket("ps", "--json", pid), 0))["loops"][0]["deadlocks"], [])

    def test_a_server_shows_each_loop_and_from_whom_each_connection_receives(self):
        with tempfile.TemporaryDirectory() as folder, subprocess.Popen(
            [program.path, "serve", "--port", "0", "--loops", "2", folder], stdout=subprocess.PIPE, text=True
        ) as server:
            port = int(re.search(r":(\d+)/", server.stdout.readline())[1])
            with socket.create_connection(("127.0.0.1", port)) as client:
                # One whole request, so that the connection has its task, and half of another.
                client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /half")
                self.assertTrue(client.recv(1000))
                loops = json.loads(self.ended(hocket("ps", "--json", server.pid), 0))["loops"]
                own = "127.0.0.1:%d" % client.getsockname()[1]
            server.kill()
        self.assertEqual([loop["tasks"][0]["waits_for"]["kind"] for loop in loops], ["accept", "accept"])
        self.assertEqual([loop["tasks"][0]["waits_for"]["own_address"] for loop in loops], [f"127.0.0.1:{port}"] * 2)
        connections = [task for loop in loops for task in loop["tasks"] if task["name"] == "http connection"]
        self.assertEqual([(task["waits_for"]["kind"], task["waits_for"]["peer"]) for task in connections], [("receive", own)])

    def test_a_process_may_be_read_while_it_runs(self):
        with Shown() as pid:
            seen = json.loads(self.ended(hocket("ps", "--json", "--no-stop", pid), 0))
        self.assertEqual((seen["torn"], seen["seconds_stopped"], len(seen["loops"][0]["tasks"])), (False, 0, 18))

    def test_all_processes_with_hocket_in_them_are_found(self):
        with Shown() as one, Shown() as other:
            text = self.ended(hocket("pstree", "--all"), 0, r"(?:hocket pstree: .*\n)*")
            lines = self.ended(hocket("ps", "--all", "--json"), 0, r"(?:hocket ps: .*\n)*").splitlines()
        for pid in (one, other):
            self.assertIn(f"process {pid}: {SHOWN}\n* Task 'main'", text)
            self.assertEqual(sum(json.loads(line)["process"] == pid for line in lines), 1)

    @unittest.skipUnless(re.match(r"[^|/]", open("/proc/sys/kernel/core_pattern").read()), "core dumps go elsewhere")
    def test_a_core_dump_shows_what_the_process_waited_for(self):
        with tempfile.TemporaryDirectory() as folder:
            program = shutil.copy(SHOWN, folder)
            with subprocess.Popen(
                ["sh", "-c", 'ulimit -c unlimited && exec "$0"', program], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            ) as crashing:
                self.assertEqual(crashing.stdout.readline(), "ready\n")
                crashing.send_signal(signal.SIGABRT)
            core = next((os.path.join(folder, name) for name in os.listdir(folder) if name.startswith("core")), None)
            if core is None:
                self.skipTest("no core dump was left: sanitizers turn that off, as a hard limit does")
            self.assertIn("\n* Task 'counting' (made at ", self.ended(hocket("pstree", "--core", core), 0))
            moved = shutil.move(program, folder + "/moved")
            self.refused(hocket("ps", "--core", core), "ps", 1, rf"the core dump '{core}' needs its program: cannot open '{program}': .*")
            seen = json.loads(self.ended(hocket("ps", "--json", "--core", core, "--exe", moved), 0))
            self.assertEqual((seen["core"], seen["torn"], len(seen["loops"][0]["tasks"])), (core, False, 18))
        self.refused(hocket("ps", "--core", core), "ps", 1, rf"cannot open the core dump '{core}': No such file or directory")

    def test_a_process_is_watched_until_it_ends(self):
        with subprocess.Popen([SHOWN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shown:
            self.assertEqual(shown.stdout.readline(), "ready\n")
            with subprocess.Popen(
                [program.path, "ps", "--watch=0.01", str(shown.pid)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            ) as watching:
                blocks = 0
                while blocks < 3:
                    blocks += watching.stdout.readline().startswith("loop 1: ")
                shown.stdin.close()
                self.assertEqual(shown.wait(timeout=60), 0)
                text, errors = watching.communicate(timeout=60)
            self.assertEqual((watching.returncode, errors), (0, f"hocket ps: process {shown.pid} has ended\n"))
            self.assertNotIn("\x1b", text)

    def test_watching_goes_on_when_a_debugger_comes_and_goes(self):
        with Shown() as pid, subprocess.Popen(
            [program.path, "ps", "--watch=0.01", str(pid)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as watching:
            def wait_for(beginning):
                while not (line := watching.stdout.readline()).startswith(beginning):
                    self.assertNotEqual(line, "")

            wait_for("loop 1: ")
            tracer = Tracer(pid)
            wait_for(f"hocket ps: process {pid} is traced by process {tracer.process.pid} ")
            tracer.end()
            wait_for("loop 1: ")
            watching.send_signal(signal.SIGINT)
            self.assertEqual(watching.communicate(timeout=60)[1], "")
            self.assertEqual(watching.returncode, 130)

    def test_ctrl_c_ends_watching_and_leaves_the_terminal_as_it_was(self):
        with Shown() as pid, Terminal([program.path, "pstree", "--watch=0.01", str(pid)], rows=10, columns=60) as watching:
            seen = watching.read_until(rb"more lines.*more lines")
            watching.process.send_signal(signal.SIGINT)
            seen += watching.read_until(None)
            self.assertEqual(watching.process.wait(timeout=60), 130)
        self.assertIn(f"hocket pstree {pid}, every 0.01 s (Ctrl-C ends)".encode(), seen)
        self.assertEqual(re.findall(rb"\x1b\[(?!K|J|9A|\?7[lh])", seen), [])
        self.assertEqual(seen.count(b"\x1b[?7l"), seen.count(b"\x1b[?7h"))
        self.assertTrue(seen.endswith(b"\r\x1b[K"))

    def test_what_cannot_be_read_is_told_in_one_line(self):
        gone = subprocess.Popen(["true"])
        gone.wait()
        self.refused(hocket("ps", gone.pid), "ps", 1, f"there is no process {gone.pid}")
        with subprocess.Popen(["sleep", "60"]) as sleeping:
            self.refused(hocket("ps", sleeping.pid), "ps", 1, rf"there is no hocket in process {sleeping.pid}, .*")
            self.refused(hocket("pstree", sleeping.pid), "pstree", 1, rf"there is no hocket in process {sleeping.pid}, .*")
            sleeping.kill()

    @unittest.skipUnless(os.geteuid() == 0, "only root can be another user")
    def test_another_users_process_is_refused_with_the_way_out(self):
        with Shown() as pid:
            line = rf"process {pid} is another user's \(uid 0\): look as that user, or as root"
            answer = subprocess.run(
                ["setpriv", "--reuid=65534", "--clear-groups", program.path, "ps", str(pid)], capture_output=True, text=True, timeout=60
            )
            self.refused(answer, "ps", 1, line)

    @unittest.skipUnless(os.geteuid() == 0, "only root can be another user")
    def test_a_process_that_lets_nobody_look_is_refused_with_the_way_out(self):
        nobody = ["setpriv", "--reuid=65534", "--clear-groups"]
        with subprocess.Popen([*nobody, SHOWN, "secretly"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shown:
            self.assertEqual(shown.stdout.readline(), "ready\n")
            answer = subprocess.run([*nobody, program.path, "ps", str(shown.pid)], capture_output=True, text=True, timeout=60)
            line = r"the system lets nobody look into process \d+ \((it has privileges, or is not dumpable|kernel.yama.ptrace_scope is).*: look as root"
            self.refused(answer, "ps", 1, line + ".*")
            self.assertIn(" 18 tasks\n", self.ended(hocket("ps", shown.pid), 0))
            shown.communicate()

    @unittest.skipUnless(os.uname().machine in ("x86_64", "aarch64"), "calls have other numbers there")
    def test_what_the_system_refuses_is_told_of_each_process(self):
        with Shown() as one, Shown() as other:
            for words in (["--all"], [str(one)]):
                answer = hocket("ps", *words, preexec_fn=lambda: refuse(PROCESS_VM_READV))
                self.assertEqual((answer.returncode, answer.stdout), (1, ""))
                for pid in (one, other) if words == ["--all"] else (one,):
                    self.assertRegex(answer.stderr, rf"(?m)^hocket ps: the system lets nobody look into process {pid} .*: look as root")

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "only root makes containers")
    def test_a_process_in_a_container_is_read_from_within_and_not_from_another_one(self):
        contained = ["unshare", "--pid", "--fork", "--mount-proc"]
        with subprocess.Popen([*contained, SHOWN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as box:
            self.assertEqual(box.stdout.readline(), "ready\n")
            with open(f"/proc/{box.pid}/task/{box.pid}/children", encoding="ascii") as children:
                pid = int(children.read())
            within = ["nsenter", "--target", str(pid), "--pid", "--mount", program.path, "ps"]
            for words in (["1"], ["--all"]):
                answer = subprocess.run([*within, *words], capture_output=True, text=True, timeout=60, check=False)
                self.assertIn(" 18 tasks\n", self.ended(answer, 0))
            answer = subprocess.run([*contained, program.path, "ps", str(pid)], capture_output=True, text=True, timeout=60, check=False)
            self.refused(answer, "ps", 1, f"there is no process {pid}")
            box.communicate()

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "only root makes containers")
    def test_a_process_in_a_container_is_read_from_outside(self):
        script = 'mount -t tmpfs none "$1" && cp "$0" "$1/program" && exec "$1/program"'  # a file that nobody else sees
        with tempfile.TemporaryDirectory() as folder:
            command = ["unshare", "--pid", "--fork", "--net", "--mount", "sh", "-c", script, SHOWN, folder]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as box:
                self.assertEqual(box.stdout.readline(), "ready\n")
                with open(f"/proc/{box.pid}/task/{box.pid}/children", encoding="ascii") as children:
                    pid = int(children.read())
                self.assertFalse(os.path.exists(folder + "/program"))
                text = self.ended(hocket("ps", pid), 0)
                box.communicate()
        self.assertIn(" 18 tasks\n", text)

    def test_wrong_usage_is_told_in_one_line(self):
        for words in ([], ["--all", "1"], ["--core", "core", "1"], ["--all", "--core", "core"]):
            self.refused(hocket("ps", *words), "ps", 2, r"give a process, --all or --core \(see hocket ps --help\)")
        for words in (["--exe", "x", "1"], ["--core", "core", "--no-stop"], ["--core", "core", "--watch"]):
            self.refused(hocket("ps", *words), "ps", 2, r".*--core.* \(see hocket ps --help\)")
        for seconds in ("0", "x", "1x", "-1", "nan", "100000"):
            self.refused(hocket("ps", f"--watch={seconds}", "1"), "ps", 2, rf"--watch={seconds}: give seconds, from 0.01 to 86400 \(see hocket ps --help\)")
        self.refused(hocket("pstree", "0"), "pstree", 2, r".*PID.* \(see hocket pstree --help\)")
        self.refused(hocket("pstree", "x"), "pstree", 2, r".*PID.* \(see hocket pstree --help\)")


def main():
    global SHOWN
    if len(sys.argv) < 3 or not all(os.access(path, os.X_OK) for path in sys.argv[1:3]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    program.path, SHOWN = map(os.path.abspath, (sys.argv.pop(1), sys.argv.pop(1)))
    unittest.main()


if __name__ == "__main__":
    sys.exit(main())
