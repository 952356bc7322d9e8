#!/usr/bin/env python3
"""Looks into a process of many tasks, each four coroutines deep: for how long it stands still, and how long each command takes.

Usage: measure.py BENCH HOCKET [--tasks 10000] [--runs 20]
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import time


def measure(hocket, process, words):
    """Seconds that passed, those of the CPU, and what was printed."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    text = subprocess.run([hocket, *words, str(process)], stdout=subprocess.PIPE, check=True).stdout
    passed, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return passed, used, text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("hocket")
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=20)
    given = parser.parse_args()
    with subprocess.Popen([os.path.join(given.bench, "many_tasks"), str(given.tasks)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        stopped = []
        for words in (["ps"], ["pstree"], ["ps", "--json"]):
            runs = [measure(given.hocket, process.pid, words) for _ in range(given.runs)]
            passed, used = ([run[n] * 1000 for run in runs] for n in (0, 1))
            name = "hocket " + " ".join(words)
            print(f"{name:16} median {statistics.median(passed):6.1f} ms, least {min(passed):6.1f} ms, CPU {statistics.median(used):6.1f} ms")
            if "--json" in words:
                seen = [json.loads(run[2]) for run in runs]
                stopped = [each["seconds_stopped"] * 1000 for each in seen]
                frames = sum(len(task["frames"]) for loop in seen[0]["loops"] for task in loop["tasks"])
                tasks = sum(len(loop["tasks"]) for loop in seen[0]["loops"])
        print(f"stood still      median {statistics.median(stopped):6.1f} ms, least {min(stopped):6.1f} ms ({tasks} tasks, {frames} frames)")
        process.kill()


if __name__ == "__main__":
    main()
