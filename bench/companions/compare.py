"""Runs companions.cpp and its peers in turn and prints medians in nanoseconds, and ratios.

Usage: compare.py DIRECTORY_OF_PROGRAMS [--runs N] [--metrics a,b]
"""

import argparse
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
METRICS = ("generator", "async_generator", "pipeline", "merge", "thread", "process")


def measured(command, metric):
    """Nanoseconds an operation; None if the peer does not have the metric."""
    done = subprocess.run([*command, metric], capture_output=True, text=True, timeout=300)
    if done.returncode == 2:
        return None
    if done.returncode != 0:
        sys.exit(f"compare.py: {' '.join(map(str, command))} {metric} failed: {done.stderr.strip()}")
    return float(done.stdout.split()[1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--metrics", type=lambda text: text.split(","), default=METRICS)
    options = parser.parse_args()
    peers = {
        "by hand": [options.programs / "companions_by_hand"],
        "asio": [options.programs / "companions_with_asio"],
        "python": [sys.executable, HERE / "with_python.py"],
        "hocket": [options.programs / "companions"],
    }
    peers = {name: command for name, command in peers.items() if name == "python" or command[0].exists()}

    print("| metric | " + " | ".join(peers) + " | hocket / by hand | hocket / best rival |")
    print("|---" * (len(peers) + 3) + "|")
    for metric in options.metrics:
        figures = {name: [] for name in peers}
        for _ in range(options.runs):
            for name, command in peers.items():
                if (figure := measured(command, metric)) is not None:
                    figures[name].append(figure)
        medians = {name: statistics.median(list_) for name, list_ in figures.items() if list_}
        rivals = [medians[name] for name in ("asio", "python") if name in medians]
        row = [f"{medians[name]:,.1f}" if name in medians else "" for name in peers]
        ratios = [f"{medians['hocket'] / medians['by hand']:.2f}", f"{medians['hocket'] / min(rivals):.3f}"]
        print("| " + " | ".join([metric, *row, *ratios]) + " |", flush=True)


if __name__ == "__main__":
    main()
