#!/usr/bin/env python3
"""Green threads: what a switch and a spawn cost beside Boost.Fiber and switches by hand, and many blocking calls at once beside gevent.

    compare.py FOLDER-OF-PROGRAMS [--runs 5] [--calls 10000] [--seconds 2]
"""
import argparse
import collections
import math
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


def allowed_descriptors():
    """Raises the limit as far as one may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard - 100


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


def run_together(commands):
    """What they print, added up; seconds, seconds of CPU, MiB."""
    begin = time.monotonic()
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    good = cpu = memory = 0
    for process in processes:
        good += int(process.stdout.read().strip() or 0)
        _, status, used = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"compare.py: {process.args[0]} failed: {status}")
        cpu += used.ru_utime + used.ru_stime
        memory += used.ru_maxrss // 1024
    return good, time.monotonic() - begin, cpu, memory


def blocking_calls(programs, calls, seconds):
    limit = allowed_descriptors()
    if calls > limit:
        sys.exit(f"compare.py: {calls} descriptors are needed, {limit} allowed: raise the limit (ulimit -Hn), or take fewer --calls")
    port = free_port()
    server = subprocess.Popen([programs / "slow_server", str(port), str(seconds)])
    try:
        wait_until_listening(port)
        url = f"http://127.0.0.1:{port}/"
        gevent = pathlib.Path(__file__).parent / "blocked_gevent.py"
        clients = {  # and the descriptors that each call has; libcurl's are a socket and a pair to be woken by
            "hocket and libcurl": ([programs / "blocked"], 3),
            "gevent and urllib": ([os.environ.get("PYTHON", "/usr/bin/python3"), gevent], 1),
        }
        print(f"{calls} calls at once, each answered after {seconds:g} s")
        for name, (command, descriptors) in clients.items():
            count = math.ceil(calls * descriptors / limit)  # processes, for each has a limit of its own
            shares = [calls // count + (n < calls % count) for n in range(count)]
            good, took, cpu, memory = run_together([[*command, url, str(share)] for share in shares])
            print(f"  {name:20} {good} pages, {took:.1f} s, {cpu:.2f} s of CPU, {memory} MiB"
                  + (f", in {count} processes" if count > 1 else ""))
    finally:
        server.kill()
        server.wait()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("programs", type=pathlib.Path)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--calls", type=int, default=10000)
    options.add_argument("--seconds", type=float, default=2)
    chosen = options.parse_args()
    switches(chosen.programs / "green_switches", chosen.runs)
    blocking_calls(chosen.programs, chosen.calls, chosen.seconds)


main()
