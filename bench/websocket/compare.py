"""Measures echoes of WebSocket messages in one run: hocket's server beside Boost.Beast's and that of Python's websockets.

Usage: compare.py DIRECTORY_OF_PROGRAMS [--runs N] [--secs S] [--rows WORDS...] [--servers WORDS...]

CPU time of the server for each message, medians and ratios to Beast. Each of 64 connections (or one) has one message under way, of text, which
must come back as it was sent. Server and load run on a core each. The servers take turns, so that a change of the machine meets all of them.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tls"))
from compare import cpu_seconds, free_port, pinned, wait_for_port  # noqa: E402

HERE = pathlib.Path(__file__).parent
PYTHON = "/usr/bin/python3"  # that of the distribution, for which the package is
ROWS = {  # name: connections, bytes, what the load is told, what the servers are told
    "64 B": (64, 64, [], []),
    "16 KiB": (64, 16 * 1024, [], []),
    "64 B, deflate": (64, 64, ["deflate"], ["deflate"]),
    "16 KiB, deflate": (64, 16 * 1024, ["deflate"], ["deflate"]),
    "64 B, 1 connection": (1, 64, [], []),
    "16 KiB of Greek": (64, 16 * 1024, ["greek"], []),
}


def servers(programs):
    def hocket(backend):
        return ["env", f"HOCKET_BACKEND={backend}", programs / "echo_websocket"]

    table = {
        "Beast": [programs / "echo_with_beast"],
        "hocket, epoll": hocket("epoll"),
        "hocket, io_uring": hocket("io_uring"),
    }
    if subprocess.run([PYTHON, "-c", "import websockets"], capture_output=True).returncode == 0:
        table["websockets"] = [PYTHON, HERE / "echo_with_python.py"]
    return table


def measured(programs, command, row, seconds):
    """Microseconds of CPU a message, and messages a second."""
    port = free_port()
    connections, size, told_load, told_server = ROWS[row]
    server = subprocess.Popen(pinned(0, [*command, port, *told_server]), stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port, server)
        load = [programs / "websocket_load", port, connections, size, seconds, *told_load]
        before = cpu_seconds(server.pid)
        said = subprocess.run(pinned(1, load), capture_output=True, text=True, timeout=120)
        if said.returncode != 0:
            sys.exit(f"compare.py: {row}: {command[-1]}: {said.stderr.strip()}")
        cpu = cpu_seconds(server.pid) - before
        words = said.stdout.split()
        return cpu / int(words[1]) * 1e6, int(words[1]) / float(words[3])
    finally:
        server.kill()
        server.wait()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("programs", type=pathlib.Path)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--secs", type=float, default=1)
    options.add_argument("--rows", nargs="+", default=[""], help="only those whose name contains one of these")
    options.add_argument("--servers", nargs="+", default=[""], help="only Beast and those whose name contains one of these")
    asked = options.parse_args()
    programs = asked.programs.resolve()
    if not (programs / "echo_with_beast").exists():
        sys.exit("compare.py: Boost 1.81 or later is not installed (scripts/setup bench)")
    found = servers(programs)
    table = {name: found[name] for name in found if name == "Beast" or any(word in name for word in asked.servers)}
    others = [name for name in table if name != "Beast"]
    print("| " + " | ".join(["CPU a message, messages a second", *table, *(f"{name} / Beast" for name in others)]) + " |")
    print("|---" * (2 * len(table)) + "|")
    for row in (row for row in ROWS if any(word in row for word in asked.rows)):
        figures = {name: [] for name in table}
        for _ in range(asked.runs):
            for name, command in table.items():
                figures[name].append(measured(programs, command, row, asked.secs))
        medians = {name: [statistics.median(column) for column in zip(*all)] for name, all in figures.items()}
        cells = [f"{cost:.1f} µs, {rate:,.0f}" for cost, rate in medians.values()]
        ratios = [f"{medians[name][0] / medians['Beast'][0]:.2f}" for name in others]
        print("| " + " | ".join([row, *cells, *ratios]) + " |", flush=True)


if __name__ == "__main__":
    main()
