"""Measures echo servers with very many connections that say nothing: memory a connection, and the latency of those that talk.

Usage: compare.py SERVERS.json ECHO_LOAD [--connections N] [--runs N] [--secs S] [--servers NAMES]

SERVERS.json: {"name": ["command", "{port}"]}. Memory: two processes open N connections between them, each says 64 bytes and hears
them, then all are silent; what the server's resident memory grew by, over N. The kernel's share is what its slabs grew by: it
counts both ends of each connection, for both are on this machine. Latency: 100 connections talk among 10,000 that are silent,
by ECHO_LOAD of the benchmark kit. Server and load run on a core each. The servers take turns; medians.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tls"))
from compare import free_port, pinned, wait_for_port  # noqa: E402

CLIENT = """
import resource, socket, sys
port, count = map(int, sys.argv[1:])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
def dial():
    made = socket.create_connection(("127.0.0.1", port))
    made.sendall(b"x" * 64)
    left = 64
    while left:
        left -= len(made.recv(left)) or sys.exit("the server closed a connection")
    return made
kept = [dial() for _ in range(count)]
print("ready", flush=True)
sys.stdin.read()
"""


def resident_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("compare.py: a server ended")


def slab_bytes():
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("Slab:"):
            return int(line.split()[1]) * 1024
    return 0


def begin(command):
    port = free_port()
    server = subprocess.Popen(pinned(0, [part.format(port=port) for part in command]), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    wait_for_port(port, server)
    return port, server


def end(server):
    server.kill()
    server.wait()


def memory(command, connections):
    """Bytes a connection: the server's own, and the kernel's for both ends."""
    port, server = begin(command)
    clients = []
    try:
        warm = subprocess.run([sys.executable, "-c", CLIENT, str(port), "64"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        assert warm.returncode == 0
        own, kernel = resident_bytes(server.pid), slab_bytes()
        for _ in range(2):
            clients.append(subprocess.Popen(pinned(1, [sys.executable, "-c", CLIENT, str(port), str(connections // 2)]),
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        for each in clients:
            if each.stdout.readline() != b"ready\n":
                raise SystemExit("compare.py: a client could not connect")
        return ((resident_bytes(server.pid) - own) / connections, (slab_bytes() - kernel) / connections)
    finally:
        for each in clients:
            each.kill()
            each.wait()
        end(server)


def latency(load, command, seconds):
    """Microseconds that 99 of 100 answers stay below, and CPU time an answer."""
    port, server = begin(command)
    try:
        said = subprocess.run(pinned(1, [load, port, 100, 64, seconds, "--pid", server.pid, "--idle", 10000]),
                              capture_output=True, text=True)
        if said.returncode != 0:
            raise SystemExit(f"compare.py: {said.stdout}{said.stderr}")
        figures = dict(part.split("=") for part in said.stdout.split())
        return float(figures["p99"]), float(figures["srv_cpu_us"])
    finally:
        end(server)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("list")
    options.add_argument("load")
    options.add_argument("--connections", type=int, default=20000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--secs", type=float, default=1)
    options.add_argument("--servers", default="")
    asked = options.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    connections = min(asked.connections, hard - 100) // 2 * 2
    if connections < asked.connections:
        print(f"{connections} connections: this process may open {hard} descriptors")
    servers = json.loads(pathlib.Path(asked.list).read_text())
    if asked.servers:
        servers = {name: servers[name] for name in asked.servers.split(",")}
    found = {name: [] for name in servers}
    for _ in range(asked.runs):
        for name, command in servers.items():
            found[name].append(memory(command, connections) + latency(asked.load, command, asked.secs))
    floor = statistics.median(row[2] for row in found["raw-uring"]) if "raw-uring" in found else None
    print(f"{'server':16} {'bytes':>8} {'kernel':>8} {'p99 us':>8} {'ratio':>6} {'cpu us':>7}   {asked.runs} runs, medians")
    for name, rows in found.items():
        own, kernel, p99, cpu = (statistics.median(column) for column in zip(*rows))
        ratio = f"{p99 / floor:6.2f}" if floor else "     -"
        print(f"{name:16} {own:8.0f} {kernel:8.0f} {p99:8.1f} {ratio} {cpu:7.2f}")


if __name__ == "__main__":
    os.chdir(pathlib.Path(__file__).parent.parent.parent)
    main()
