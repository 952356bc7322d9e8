"""Measures echo_tls beside the floor in one run: the server's CPU time an operation, medians and ratios.

Usage: compare.py DIRECTORY_OF_PROGRAMS [--runs N] [--secs S] [--rows WORDS...]

Server and load run on a core each. The servers take turns, so that a change of the machine meets all of them.
"""

import argparse
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROWS = {  # name: mode, connections, bytes
    "echo 64 B, 1 connection": ("echo", 1, 64),
    "echo 64 B, 64 connections": ("echo", 64, 64),
    "echo 16 KiB, 64 connections": ("echo", 64, 16 * 1024),
    "full handshake": ("full", 16, 1),
    "resumed handshake": ("resumed", 16, 1),
}


def cpu_seconds(pid):
    """Of all threads, those that the kernel made for io_uring as well."""
    return sum(int(each.read_text().split()[0]) for each in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, server):
    for _ in range(1000):
        if server.poll() is not None:
            sys.exit(f"compare.py: {server.args} ended")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    sys.exit("compare.py: a server does not listen")


def pinned(cpu, command):
    return ["taskset", "-c", str(cpu), *map(str, command)] if os.cpu_count() > 1 else list(map(str, command))


def measured(programs, command, env, row, seconds):
    """Microseconds of CPU an operation, and operations a second."""
    port = free_port()
    server = subprocess.Popen(pinned(0, [part.format(port=port) for part in command]), env={**os.environ, **env})
    try:
        wait_for_port(port, server)
        mode, connections, size = ROWS[row]
        before = cpu_seconds(server.pid)
        load = subprocess.run(
            pinned(1, [programs / "tls_load", port, mode, connections, size, seconds]), capture_output=True, text=True, timeout=120
        )
        if load.returncode != 0:
            sys.exit(f"compare.py: {row}: {load.stderr.strip()}")
        words = load.stdout.split()
        operations, took = int(words[1]), float(words[3])
        if mode == "resumed" and int(words[5]) < operations / 2:
            sys.exit(f"compare.py: {command[0]} does not resume sessions")
        return (cpu_seconds(server.pid) - before) / operations * 1e6, operations / took
    finally:
        server.kill()
        server.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--secs", type=float, default=1)
    parser.add_argument("--rows", nargs="+", default=[""], help="only those whose name contains one of these")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = f"{folder}/certificate.pem", f"{folder}/key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
             "-keyout", key, "-out", certificate], check=True, capture_output=True)  # fmt: skip
        echo = [str(options.programs / "echo_tls"), "{port}", certificate, key]
        peers = {
            "by hand, epoll": ([str(options.programs / "tls_floor"), "{port}", certificate, key], {}),
            "hocket, epoll": (echo, {"HOCKET_BACKEND": "epoll"}),
            "hocket, io_uring": (echo, {"HOCKET_BACKEND": "io_uring"}),
        }
        print("| CPU an operation, operations a second | " + " | ".join(peers) + " | epoll / by hand | io_uring / by hand |")
        print("|---" * (len(peers) + 3) + "|")
        for row in (row for row in ROWS if any(word in row for word in options.rows)):
            figures = {name: [] for name in peers}
            for _ in range(options.runs):
                for name, (command, env) in peers.items():
                    figures[name].append(measured(options.programs, command, env, row, options.secs))
            cpu = {name: statistics.median(each[0] for each in list_) for name, list_ in figures.items()}
            rate = {name: statistics.median(each[1] for each in list_) for name, list_ in figures.items()}
            cells = [f"{cpu[name]:.1f} µs, {rate[name]:,.0f}" for name in peers]
            floor = cpu["by hand, epoll"]
            ratios = [f"{cpu['hocket, epoll'] / floor:.2f}", f"{cpu['hocket, io_uring'] / floor:.2f}"]
            print("| " + " | ".join([row, *cells, *ratios]) + " |", flush=True)


if __name__ == "__main__":
    main()
