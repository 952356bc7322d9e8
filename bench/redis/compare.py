"""Measures SET and GET by one client in one run: hocket's beside hiredis on libuv, and redis-py's asyncio where that is installed.

Usage: compare.py DIRECTORY_OF_PROGRAMS [--runs N] [--commands N]

Microseconds of the client's CPU for each command, medians, and ratios to hiredis, with 1, 16 and 256 tasks that each wait for their answer. The server and the
client run on a core each, and the clients take turns, so that a change of the machine meets all of them.
"""

import argparse
import importlib.util
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

TASKS = (1, 16, 256)


def clients(programs):
    found = {
        "hiredis": [programs / "redis_with_hiredis"],
        "hocket io_uring": ["env", "HOCKET_BACKEND=io_uring", programs / "redis_load"],
        "hocket epoll": ["env", "HOCKET_BACKEND=epoll", programs / "redis_load"],
    }
    if importlib.util.find_spec("redis"):
        found["redis-py"] = [sys.executable, pathlib.Path(__file__).parent / "with_redis_py.py"]
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--commands", type=int, default=200_000)
    how = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/redis.sock"
        server = subprocess.Popen(["taskset", "-c", "0", "redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder],
                                  stdout=subprocess.DEVNULL)
        try:
            while not pathlib.Path(socket).exists():
                time.sleep(0.01)
            for tasks in TASKS:
                found = {name: [] for name in clients(how.programs)}
                commands = how.commands if tasks > 1 else how.commands // 10
                for _ in range(how.runs):
                    for name, command in clients(how.programs).items():
                        said = subprocess.run(["taskset", "-c", "1", *command, socket, str(tasks), str(commands)], capture_output=True, text=True, check=True)
                        found[name].append(1e6 * float(said.stdout.split()[0]) / commands)
                reference = statistics.median(found["hiredis"])
                for name, each in found.items():
                    median = statistics.median(each)
                    print(f"{tasks:4} tasks  {name:16} {median:7.3f} us a command  {median / reference:5.2f}", flush=True)
        finally:
            server.kill()
            server.wait()


main()
