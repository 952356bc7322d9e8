"""Measures a hello of HTTP/2 in one run: hocket's server beside nginx and nghttpd, asked by h2load.

Usage: compare.py DIRECTORY_OF_PROGRAMS [--runs N] [--requests N]

CPU time of the server for each request, medians and ratios to nginx; 1 and 64 connections, each with 32 streams at once, without TLS (prior
knowledge). Server and load run on a core each. The servers take turns, so that a change of the machine meets all of them.
"""

import argparse
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tls"))
from compare import cpu_seconds, free_port, pinned, wait_for_port  # noqa: E402

CONNECTIONS = (1, 64)
NGINX = """daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 1000; }}
http {{ access_log off; tcp_nodelay on; keepalive_requests 1000000000;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port} http2; location / {{ default_type text/plain; return 200 "hello world\\n"; }} }} }}
"""


def servers(programs, folder):
    (folder / "index.html").write_text("hello world\n")

    def nginx(port):
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=port))
        return ["nginx", "-c", config, "-e", "stderr"]

    def hocket(backend):
        return lambda port: ["env", f"HOCKET_BACKEND={backend}", f"{programs}/http_hello", port]

    return {
        "nginx": nginx,
        "nghttpd": lambda port: ["nghttpd", "--no-tls", "-n", 1, "-a", "127.0.0.1", "-d", folder, port],
        "hocket io_uring": hocket("io_uring"),
        "hocket epoll": hocket("epoll"),
    }


def measured(command_of, connections, requests):
    """Microseconds of CPU a request, and requests a second."""
    port = free_port()
    server = subprocess.Popen(pinned(0, command_of(port)), stdout=subprocess.DEVNULL)
    try:
        wait_for_port(port, server)
        load = ["h2load", "-c", connections, "-m", 32, "-n", requests, f"http://127.0.0.1:{port}/"]
        before, begun = cpu_seconds(server.pid), time.monotonic()
        said = subprocess.run(pinned(1, load), capture_output=True, text=True, timeout=600, check=True).stdout
        took, cpu = time.monotonic() - begun, cpu_seconds(server.pid) - before
        if not re.search(rf"status codes: {requests} 2xx, 0 3xx, 0 4xx, 0 5xx", said):
            sys.exit(f"compare.py: {server.args} did not answer each request:\n{said}")
        return cpu / requests * 1e6, requests / took
    finally:
        server.kill()
        server.wait()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("programs")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--requests", type=int, default=200_000)
    asked = options.parse_args()
    missing = [tool for tool in ("nginx", "nghttpd", "h2load") if shutil.which(tool) is None]
    if missing:
        sys.exit(f"compare.py: {', '.join(missing)} not installed (scripts/setup bench)")
    with tempfile.TemporaryDirectory() as place:
        table = servers(os.path.abspath(asked.programs), pathlib.Path(place))
        for connections in CONNECTIONS:
            found = {name: [] for name in table}
            for _ in range(asked.runs):
                for name, command_of in table.items():
                    found[name].append(measured(command_of, connections, asked.requests))
            print(f"{connections} connections, 32 streams each{'':12} us/request   of nginx   requests/s   {asked.runs} runs, medians")
            medians = {name: [statistics.median(column) for column in zip(*figures)] for name, figures in found.items()}
            for name, (cost, rate) in medians.items():
                print(f"{name:40} {cost:12.2f} {cost / medians['nginx'][0]:10.2f} {rate:12,.0f}")


if __name__ == "__main__":
    main()
