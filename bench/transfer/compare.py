"""Measures up- and downloads of a large body over loopback: hocket's server beside nginx, its client beside curl.

Usage: compare.py TRANSFER_PROGRAM [--runs N] [--mib N]

CPU time of the server and of the client for each GiB, and GiB a second; medians. Server and client run on a core each, and those that
are compared take turns. The file is in memory (/dev/shm). nginx reads uploads away as hocket's server does, and writes nothing.
"""

import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tls"))
from compare import cpu_seconds, free_port, pinned, wait_for_port  # noqa: E402

NGINX = """daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 1000; }}
http {{ access_log off; sendfile on; tcp_nodelay on; client_max_body_size 0;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; root {folder}; location = /body {{ limit_except GET {{ deny all; }} error_page 403 = @read; }}
    location @read {{ return 200 "read"; }} }} }}
"""


def nginx(folder, port):
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port))
    return ["nginx", "-c", str(config), "-e", "stderr"]


def rows(program, folder):
    body = folder / "body"

    def hocket(backend, *words):
        return ["env", f"HOCKET_BACKEND={backend}", program, *words]

    def serve(backend):
        return lambda port: hocket(backend, "serve", str(port), str(body))

    def ngx(port):
        return nginx(folder, port)

    def curl(*words):
        return lambda port: ["curl", "-sS", "-f", "-H", "Expect:", *words, f"http://127.0.0.1:{port}/body"]

    down, up = curl("-o", "/dev/null"), curl("-o", "/dev/null", "-T", str(body))
    return {
        "download, nginx and curl": (ngx, down),
        "download, hocket io_uring and curl": (serve("io_uring"), down),
        "download, hocket epoll and curl": (serve("epoll"), down),
        "download, nginx and hocket io_uring": (ngx, lambda port: hocket("io_uring", "get", str(port))),
        "download, nginx and hocket epoll": (ngx, lambda port: hocket("epoll", "get", str(port))),
        "upload, nginx and curl": (ngx, up),
        "upload, hocket io_uring and curl": (serve("io_uring"), up),
        "upload, hocket epoll and curl": (serve("epoll"), up),
        "upload, nginx and hocket io_uring": (ngx, lambda port: hocket("io_uring", "put", str(port), str(body))),
        "upload, nginx and hocket epoll": (ngx, lambda port: hocket("epoll", "put", str(port), str(body))),
    }


def measured(server_of, client_of, gib):
    port = free_port()
    server = subprocess.Popen(pinned(0, server_of(port)), stdout=subprocess.DEVNULL)
    try:
        wait_for_port(port, server)
        before, begun = cpu_seconds(server.pid), time.monotonic()
        client_before = resource.getrusage(resource.RUSAGE_CHILDREN)
        client = subprocess.run(pinned(1, client_of(port)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        took = time.monotonic() - begun
        client_after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if client.returncode != 0:
            sys.exit(f"compare.py: {client.args}: {client.stdout.decode()}")
        client_cpu = sum(getattr(client_after, x) - getattr(client_before, x) for x in ("ru_utime", "ru_stime"))
        return (cpu_seconds(server.pid) - before) / gib, client_cpu / gib, gib / took
    finally:
        server.kill()
        server.wait()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("program")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--mib", type=int, default=1024)
    asked = options.parse_args()
    for tool in ("nginx", "curl"):
        if shutil.which(tool) is None:
            sys.exit(f"compare.py: {tool} is not installed")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as place:
        folder = pathlib.Path(place)
        with open(folder / "body", "wb") as body:
            for _ in range(asked.mib):
                body.write(os.urandom(1 << 20))
        table = rows(asked.program, folder)
        found = {name: [] for name in table}
        for _ in range(asked.runs):
            for name, (server, client) in table.items():
                found[name].append(measured(server, client, asked.mib / 1024))
    print(f"{'':40} {'server s/GiB':>12} {'client s/GiB':>12} {'GiB/s':>6}   {asked.runs} runs, medians")
    for name, figures in found.items():
        server, client, rate = (statistics.median(column) for column in zip(*figures))
        print(f"{name:40} {server:12.3f} {client:12.3f} {rate:6.2f}")


if __name__ == "__main__":
    main()
