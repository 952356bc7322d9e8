#!/usr/bin/env python3
"""Green threads: what a switch and a spawn cost beside Boost.Fiber and switches by hand, and many blocking calls at once beside gevent.

    compare.py FOLDER-OF-PROGRAMS [--runs 5] [--calls 5000] [--seconds 2]
"""
import argparse
import collections
import os
import pathlib
import resource
import socket
import statistics
import subprocess
import sys
import time


def switches(program, runs):
    told = collections.defaultdict(list)
    for _ in range(runs):
        for line in subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines():
            what, number = line.split()
            told[what].append(float(number))
    print(f"median of {runs} runs")
    for what, numbers in told.items():
        unit = "bytes" if what.startswith("parked") else "ns"
        print(f"  {what:22} {statistics.median(numbers):8.1f} {unit}")


def allow_descriptors(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, count)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
    except (ValueError, OSError):
        sys.exit(f"compare.py: {count} descriptors are needed, {hard} allowed: raise the limit (ulimit -Hn), or take fewer --calls")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_listening(port):
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    sys.exit("compare.py: the server does not listen")


def blocking_calls(programs, calls, seconds):
    allow_descriptors(3 * calls + 100)  # libcurl has three for each call
    port = free_port()
    server = subprocess.Popen([programs / "slow_server", str(port), str(seconds)])
    try:
        wait_until_listening(port)
        url = f"http://127.0.0.1:{port}/"
        here = pathlib.Path(__file__).parent
        print(f"{calls} calls at once, each answered after {seconds:g} s")
        for name, command in {"hocket and libcurl": [programs / "blocked", url, str(calls)],
                              "gevent and urllib": [os.environ.get("PYTHON", "/usr/bin/python3"), here / "blocked_gevent.py", url, str(calls)]}.items():
            begin = time.monotonic()
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            good = process.stdout.read().strip()
            _, status, used = os.wait4(process.pid, 0)
            took = time.monotonic() - begin
            cpu = used.ru_utime + used.ru_stime
            print(f"  {name:20} {good} pages, {took:.1f} s, {cpu:.2f} s of CPU, {used.ru_maxrss // 1024} MiB"
                  + (f", failed: {status}" if status else ""))
    finally:
        server.kill()
        server.wait()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("programs", type=pathlib.Path)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--calls", type=int, default=5000)
    options.add_argument("--seconds", type=float, default=2)
    chosen = options.parse_args()
    switches(chosen.programs / "green_switches", chosen.runs)
    blocking_calls(chosen.programs, chosen.calls, chosen.seconds)


main()
