"""Crawls one site by hocket and by others, and compares what they took and what they found.

Usage: compare.py BENCH_PROGRAMS HOCKET [--docs FOLDER] [--start /index.html] [--copies N] [--runs N] [--crawlers NAMES] [--floor PROGRAM]
       compare.py BENCH_PROGRAMS HOCKET --generated PAGES [--links N] ...

The site is copies of a folder, served by nginx, and a page that links to each; or it is made up by generated_site. Which pages were
asked for is told by the server, not by the crawler; they must be those that hocket asked for, or the difference is told. The rows of
links.tsv are compared where a crawler writes such. Server and crawler run on a processor each; the crawlers take turns; medians.

Bytes a URL, of generated pages: by how much the highest resident memory is more than for a tenth of them, over the URLs that are more.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tls"))
from compare import free_port, pinned, wait_for_port  # noqa: E402

HERE = pathlib.Path(__file__).parent
MANUAL = "/usr/share/doc/postgresql-doc-15/html"
CONCURRENCY = "100"
# Pictures and style sheets are no links. With --spider it asks for each page twice, and leaves some out.
WGET2 = ["wget2", "-q", "-r", "-l0", "--delete-after", "--progress=none", f"--max-threads={CONCURRENCY}", "-P", "{out}",
         "--ignore-tags=img,link,script,style,body,object,embed,input,table,td,th,iframe,frame,source,video,audio", "{url}"]

NGINX = """daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr crit; worker_rlimit_nofile 20000;
events {{ worker_connections 10000; }}
http {{ log_format asked '$status $request_method $request_uri'; access_log {folder}/asked.log asked buffer=1m;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  keepalive_requests 100000000; sendfile on; tcp_nopush off; open_file_cache max=20000;
  default_type text/plain; types {{ text/html html htm; text/css css; image/svg+xml svg; image/png png; }}
  server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}/site;
    location = /robots.txt {{ return 200 "User-agent: *\\nDisallow: /no-such-folder/\\n"; }} }} }}
"""


def crawlers(programs, hocket, floor):
    """Those that are there: name -> command, with {url} and {out}."""
    def ours(backend, *options):
        return ["env", f"HOCKET_BACKEND={backend}", hocket, "crawl", "{url}", "--out", "{out}", "-q", "--per-host", CONCURRENCY, *options]

    found = {"floor": [floor, "{url}", "{out}"]} if floor and os.access(floor, os.X_OK) else {}
    found |= {
        "hocket epoll": ours("epoll"),
        "hocket io_uring": ours("io_uring"),
        "hocket epoll --frontier": ours("epoll", "--frontier", "{out}/frontier"),
        "hocket io_uring --frontier": ours("io_uring", "--frontier", "{out}/frontier"),
    }
    if os.access(programs / "curl_crawler", os.X_OK):
        found["libcurl multi"] = [str(programs / "curl_crawler"), "{url}", "{out}", CONCURRENCY]
    if built := build_go(programs):
        found["Go net/http"] = ["env", "GOMAXPROCS=1", built, "{url}", "{out}", CONCURRENCY]
    if shutil.which("wget2"):
        found["wget2"] = WGET2
    if subprocess.run(["/usr/bin/python3", "-c", "import scrapy"], capture_output=True).returncode == 0:
        found["Scrapy"] = ["/usr/bin/python3", str(HERE / "rivals/scrapy_crawler.py"), "{url}", "{out}", CONCURRENCY]
    return found


def build_go(programs):
    """Debian keeps the sources of x/net where Go looked for them before there were modules."""
    sources = pathlib.Path("/usr/share/gocode")
    if shutil.which("go") is None or not (sources / "src/golang.org/x/net/html").is_dir():
        return None
    built = programs / "go_crawler"
    subprocess.run(["go", "build", "-o", built, HERE / "rivals/go_crawler.go"], check=True,
                   env={"GOCACHE": str(programs / "go-cache"), **os.environ, "GO111MODULE": "off", "GOPATH": str(sources)})
    return str(built)


def plain(url):
    """The path, with nothing percent-encoded: crawlers differ in what they encode."""
    return urllib.parse.unquote(url if url.startswith("/") else "/" + url.split("/", 3)[3] if url.count("/") > 2 else "/")


class folder_site:
    """A folder, by nginx, whose log tells what was asked for."""

    def __init__(self, place, docs, start, copies):
        (place / "site").mkdir()
        for copy in range(copies):
            (place / f"site/{copy}").symlink_to(os.path.abspath(docs))
        (place / "site/index.html").write_text("".join(f'<a href="/{copy}{start}">{copy}</a>\n' for copy in range(copies)))
        port, self.log = free_port(), place / "asked.log"
        config = place / "nginx.conf"
        config.write_text(NGINX.format(folder=place, port=port))
        self.url = f"http://127.0.0.1:{port}/index.html"
        self.server = subprocess.Popen(pinned(0, ["nginx", "-c", config, "-e", "stderr"]))
        wait_for_port(port, self.server)

    def forget(self):
        self.asked()
        os.truncate(self.log, 0)

    def asked(self):
        """The pages that were sent, and how often one was sent again."""
        os.kill(self.server.pid, signal.SIGUSR1)  # writes out what nginx holds back
        time.sleep(0.2)
        lines = [line.split(" ", 2) for line in self.log.read_text().splitlines()]
        sent = [plain(path) for status, method, path in lines if (status, method) == ("200", "GET") and path != "/robots.txt"]
        return set(sent), len(sent) - len(set(sent))


class generated_site:
    """Pages that are made up; the server counts them."""

    def __init__(self, programs, pages, links):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/"
        self.server = subprocess.Popen(pinned(0, [programs / "generated_site", port, pages, links]))
        wait_for_port(port, self.server)

    def ask(self, what):
        return urllib.request.urlopen(self.url + what, timeout=10).read()

    def forget(self):
        self.ask("forget")

    def asked(self):
        told = json.loads(self.ask("fetched"))
        return range(told["pages"]), told["again"]


def peak_bytes(pid):
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def run(command, site, out):
    """Seconds, seconds of CPU and highest resident memory. The system's own figure of the last counts the pages of this program."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    site.forget()
    command = pinned(1, [part.format(url=site.url, out=out) for part in command])
    begun, peak = time.monotonic(), 0
    crawler = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        ended, status, used = os.wait4(crawler.pid, os.WNOHANG)
        if ended:
            break
        peak = max(peak, peak_bytes(crawler.pid))
        time.sleep(0.004)
    crawler.returncode = os.waitstatus_to_exitcode(status)
    return time.monotonic() - begun, used.ru_utime + used.ru_stime, peak


def rows_of(out):
    """The links of links.tsv, where there is one."""
    if not (out / "links.tsv").exists():
        return None
    with open(out / "links.tsv", errors="replace") as lines:
        next(lines, None)
        return {tuple(map(plain_link, line.rstrip("\n").split("\t"))) for line in lines}


def plain_link(url):
    return urllib.parse.unquote(url + "/" if url.count("/") == 2 else url)


def compare(site, commands, runs, place):
    """name -> seconds, CPU, peak (medians), pages, what differs."""
    figures = {name: [] for name in commands}
    found, differences = {}, {}
    out = place / "out"
    for number in range(runs):
        for name, command in commands.items():
            figures[name].append(run(command, site, out))
            found[name], again = site.asked()
            if number == 0:
                differences[name] = [f"{again} asked for again"] if again else []
                differences[name].append(rows_of(out))
    reference = next(name for name in commands if name.startswith("hocket"))
    rows = differences[reference].pop()
    for name in commands:
        if name != reference:
            mine = differences[name].pop()
            differences[name] += sets_differ(found[reference], found[name], "pages", name)
            if mine is not None and rows is not None:
                differences[name] += sets_differ(rows, mine, "links", name)
    return {name: (*(statistics.median(column) for column in zip(*figures[name])), len(found[name]), differences[name]) for name in commands}


def sets_differ(expected, got, what, name):
    expected, got = set(expected), set(got)
    for sign, items in (("-", expected - got), ("+", got - expected)):
        for item in sorted(items)[:3]:
            print(f"{name}: {sign} {item}", file=sys.stderr)
    return [f"{len(items)} {what} {word}" for items, word in ((expected - got, "missing"), (got - expected, "more")) if items]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("programs", type=pathlib.Path)
    options.add_argument("hocket")
    options.add_argument("--docs", default=MANUAL)
    options.add_argument("--start", default="/index.html")
    options.add_argument("--copies", type=int, default=1)
    options.add_argument("--generated", type=int, metavar="PAGES")
    options.add_argument("--links", type=int, default=10)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--crawlers", help="names, joined by commas")
    options.add_argument("--floor", help="the same by hand: PROGRAM URL FOLDER")
    asked = options.parse_args()
    if not asked.generated and shutil.which("nginx") is None:
        sys.exit("compare.py: nginx is not installed (Debian: nginx-light)")
    commands = crawlers(asked.programs.absolute(), os.path.abspath(asked.hocket), asked.floor)
    if asked.crawlers:
        unknown = [name for name in asked.crawlers.split(",") if name not in commands]
        if unknown:
            sys.exit(f"compare.py: '{unknown[0]}' is none of {', '.join(commands)}")
        commands = {name: commands[name] for name in asked.crawlers.split(",")}

    whole = measured(asked, commands, asked.generated, asked.runs)
    tenth = measured(asked, commands, asked.generated // 10, 1) if asked.generated else None
    least = whole["floor"][1] if "floor" in whole else None
    print("| crawler | pages | pages/s | CPU for 1,000 pages | of the floor | peak memory | bytes a URL | |")
    print("|---|---|---|---|---|---|---|---|")
    for name, (took, cpu, peak, pages, differs) in whole.items():
        of_floor = f"{cpu / least:.2f}" if least else ""
        each = f"{(peak - tenth[name][2]) / (pages - tenth[name][3]):,.0f}" if tenth else ""
        print(f"| {name} | {pages:,} | {pages / took:,.0f} | {cpu / pages * 1e6:,.1f} ms | {of_floor} | {peak / 1e6:.1f} MB | {each} | {'; '.join(differs)} |")


def measured(asked, commands, generated, runs):
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        if generated:
            site = generated_site(asked.programs, generated, asked.links)
        else:
            site = folder_site(place, asked.docs, asked.start, asked.copies)
        try:
            return compare(site, commands, runs, place)
        finally:
            site.server.kill()
            site.server.wait()


if __name__ == "__main__":
    main()
