"""Measures what it costs that tasks and frames keep what others can look at: the micro benchmarks as built, beside a build without the notes
(HOCKET_NOTES=OFF), which this makes.

Usage: compare.py DIRECTORY_OF_PROGRAMS [--runs N] [--filter REGEX]

CPU time of each case, medians and the ratio, and the least of all runs. The two programs take turns on one core, in short runs, so that a change of
the machine meets both.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CASES = "await_coroutines|create_and_join|yield_alone|queue_|lock_that_is_free|event_that_wakes/1$|gather_coroutines/1000$|sleep_with"


def build_without_notes(programs):
    """The same build in a folder of its own, but for what is kept."""
    folder = ROOT / "build" / "without_notes"
    compilers = [f"-D{line.split(':')[0]}={line.split('=')[1]}" for line in (programs.parent / "CMakeCache.txt").read_text().splitlines()
                 if line.startswith(("CMAKE_CXX_COMPILER:", "CMAKE_C_COMPILER:", "CMAKE_BUILD_TYPE:"))]
    configure = ["cmake", "-G", "Ninja", "-S", ROOT, "-B", folder, "-DHOCKET_NOTES=OFF", *compilers,
                 *(f"-DHOCKET_BUILD_{part}=OFF" for part in ("APPS", "TESTS", "EXAMPLES"))]
    for command in configure, ["cmake", "--build", folder, "--target", "micro_cases"]:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"the build without notes failed:\n{done.stdout}{done.stderr}")
    return folder / "bench" / "micro_cases"


def measure(program, cases):
    told = subprocess.run(["taskset", "-c", "1", program, f"--benchmark_filter={cases}", "--benchmark_min_time=0.02", "--benchmark_format=json"],
                          check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return {case["name"]: case["cpu_time"] for case in json.loads(told)["benchmarks"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=25)
    parser.add_argument("--filter", default=CASES)
    arguments = parser.parse_args()
    if not (arguments.programs / "micro_cases").exists():
        sys.exit("make bench: micro_cases needs Google Benchmark (Debian: libbenchmark-dev)")
    pair = (build_without_notes(arguments.programs.resolve()), arguments.programs / "micro_cases")
    seen = {}
    for run in range(arguments.runs):
        for which in (0, 1) if run % 2 else (1, 0):
            for name, nanoseconds in measure(pair[which], arguments.filter).items():
                seen.setdefault(name, ([], []))[which].append(nanoseconds)
    print(f"{'nanoseconds, medians (least)':<32}{'without notes':>20}{'with':>20}{'ratio':>8}")
    for name, (without, with_notes) in seen.items():
        told = [f"{statistics.median(of):.1f} ({min(of):.1f})" for of in (without, with_notes)]
        print(f"{name:<32}{told[0]:>20}{told[1]:>20}{statistics.median(with_notes) / statistics.median(without):>8.2f}")


if __name__ == "__main__":
    main()
