#!/usr/bin/env python3
"""Runs `hocket graph` as a user does, and compares what it computes with networkx, where that is installed.

Usage: graph_test.py HOCKET [unittest options]
"""

import csv
import io
import json
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import unittest
import xml.dom.minidom

import program
from program import AppTest, hocket

try:
    import networkx
    from networkx.algorithms.link_analysis.pagerank_alg import _pagerank_python as pagerank  # the other one needs scipy
except ImportError:
    networkx = None
    print("SKIPPED: there is no networkx here (scripts/setup peers); measures of graphs were not compared", file=sys.stderr)

ALL = 1_000_000


class GraphTest(AppTest):
    def write(self, links, pages=()):
        """A crawl's folder. A page is a URL, or what is to be different from an ordinary one."""
        self.out.mkdir(exist_ok=True)
        rows = "".join(f"{source}\t{target}\n" for source, target in links)
        (self.out / "links.tsv").write_text("source_url\tparsed_url\n" + rows)
        with (self.out / "pages.jsonl").open("w") as file:
            for page in pages:
                page = page if isinstance(page, dict) else {"url": page}
                ordinary = {"final_url": page["url"], "status": 200, "content_type": "text/html", "bytes": 1, "depth": 0, "links": 0, "ms": 1, "error": None}
                file.write(json.dumps({**ordinary, **page}) + "\n")

    def analysis(self, *options):
        answer = hocket("graph", self.out, "--json", *options)
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        return json.loads(answer.stdout)


class Measures(GraphTest):
    def test_are_printed_as_text_or_json(self):
        self.write([("http://a/", "http://a/gone")], ["http://a/", {"url": "http://a/gone", "status": 404, "error": "404 Not Found"}])
        text = hocket("graph", self.out).stdout
        self.assertTrue(text.startswith("2 pages (1 ok, 1 failed), 2 URLs, 1 link\n"), text)
        self.assertIn("\n  http://a/gone  404 Not Found\n    on http://a/\n", text)
        broken = self.analysis()["broken_links"]
        expected = {"url": "http://a/gone", "status": 404, "error": "404 Not Found", "links": 1, "pages": ["http://a/"]}
        self.assertEqual(broken, {"links": 1, "urls": 1, "top": [expected]})

    def test_list_as_many_as_wanted(self):
        self.write([(f"http://a/{n}", f"http://a/{n + 1}") for n in range(20)])
        self.assertEqual(len(self.analysis()["in_degree"]), 10)
        self.assertEqual(len(self.analysis("--top", 3)["in_degree"]), 3)
        self.assertEqual(self.analysis("--top", 0)["in_degree"], [])

    def test_tell_orphans_by_a_sitemap(self):
        self.write([("http://a/", "http://a/b")])
        sitemap = self.folder / "sitemap.xml"
        sitemap.write_text("<urlset><url><loc>http://a/b</loc></url><url><loc>http://a/c</loc></url></urlset>")
        self.assertEqual(self.analysis("--sitemap", sitemap)["orphans"], {"count": 1, "first": ["http://a/c"]})

    def test_are_told_of_a_crawl_that_is_being_written(self):
        self.write([("http://a/", "http://a/b")], ["http://a/"])
        with (self.out / "links.tsv").open("a") as file:
            file.write("http://a/\thttp")
        answer = hocket("graph", self.out)
        self.assertEqual(answer.returncode, 0)
        self.assertEqual(answer.stderr, f"hocket graph: a file of '{self.out}' ends within a line, which was passed over\n")

    def test_of_a_folder_that_may_not_be_written_stand_elsewhere_meanwhile(self):
        self.write([("http://a/", "http://a/b")])
        scratch = self.folder / "scratch"
        self.assert_one_line(hocket("graph", self.out, "--scratch", scratch), 1, "cannot make a temporary file in '.*/scratch': No such", "hocket graph")
        scratch.mkdir()
        self.assertEqual(self.analysis("--scratch", scratch)["links"], 1)
        self.assertEqual(list(scratch.iterdir()), [])


HOSTILE = [
    "http://a/",
    'http://a/?"quoted"&lt;=\\N\\',
    "http://a/<script>alert(1)</script>'",
    "http://a/,;={}[]",
    "http://a/\u00e4\u20ac",
]
HOSTILE_LINKS = [(HOSTILE[0], url) for url in HOSTILE[1:]] + [(HOSTILE[1], HOSTILE[0])]


class Exports(GraphTest):
    def export(self, kind, *options):
        self.write(HOSTILE_LINKS, [HOSTILE[0], {"url": "http://a/old", "final_url": HOSTILE[0], "status": 301}])
        answer = hocket("graph", self.out, "--format", kind, *options)
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        return answer.stdout

    def test_as_csv_are_read_by_python(self):
        rows = list(csv.DictReader(io.StringIO(self.export("csv"), newline="")))
        self.assertEqual({row["url"] for row in rows}, {*HOSTILE, "http://a/old"})
        old = next(row for row in rows if row["url"] == "http://a/old")
        self.assertEqual((old["status"], old["redirect"], old["out_degree"]), ("301", HOSTILE[0], "0"))

    def test_as_edges_are_the_links(self):
        self.assertEqual({tuple(line.split("\t")) for line in self.export("edges").splitlines()}, set(HOSTILE_LINKS))

    def test_as_sqlite_are_read_by_sqlite(self):
        file = self.folder / "graph.db"
        self.export("sqlite", "-o", file)
        with sqlite3.connect(file) as database:
            self.assertEqual(set(database.execute("SELECT source, target FROM named_links")), set(HOSTILE_LINKS))

    def test_as_dot_are_read_by_graphviz(self):
        if not shutil.which("dot"):
            self.skipTest("there is no Graphviz here (scripts/setup peers)")
        drawn = subprocess.run(["dot", "-Tsvg"], input=self.export("dot"), capture_output=True, text=True, check=True, timeout=60).stdout
        texts = {node.firstChild.data for node in xml.dom.minidom.parseString(drawn).getElementsByTagName("text")}
        self.assertEqual(texts, {*HOSTILE, "http://a/old"})

    @unittest.skipUnless(networkx, "there is no networkx")
    def test_as_graphml_are_read_by_networkx(self):
        file = self.folder / "graph.graphml"
        self.export("graphml", "--output", file)
        graph = networkx.read_graphml(file)
        names = networkx.get_node_attributes(graph, "url")
        kinds = {(names[source], names[target]): kind for source, target, kind in graph.edges(data="kind")}
        self.assertEqual(kinds, {**dict.fromkeys(HOSTILE_LINKS, "link"), ("http://a/old", HOSTILE[0]): "redirect"})

    def test_as_svg_are_pictures_with_all_names(self):
        if not shutil.which("sfdp"):
            self.skipTest("there is no Graphviz here (scripts/setup peers)")
        picture = xml.dom.minidom.parseString(self.export("svg"))
        titles = {node.firstChild.data for node in picture.getElementsByTagName("title")}
        self.assertEqual({title.removesuffix(" (not fetched)").removesuffix(" (redirected)") for title in titles}, {*HOSTILE, "http://a/old"})
        self.assertEqual(picture.getElementsByTagName("script"), [])

    def test_leave_a_file_as_it_was_if_they_fail(self):
        target = self.folder / "there/graph.dot"
        self.write(HOSTILE_LINKS)
        self.assert_one_line(hocket("graph", self.out, "--format", "dot", "-o", target), 1, "cannot write '.*/there/graph.dot': No such", "hocket graph")
        answer = subprocess.run(f"{program.path} graph {self.out} --format edges > /dev/full", shell=True, capture_output=True, text=True, timeout=60)
        self.assertEqual((answer.returncode, answer.stderr), (1, "hocket graph: cannot write to standard output: No space left on device\n"))

    def test_need_a_file_for_a_database_and_a_format_for_a_file(self):
        self.write(HOSTILE_LINKS)
        self.assert_one_line(hocket("graph", self.out, "--format", "sqlite"), 2, "give -o FILE", "hocket graph")
        self.assert_one_line(hocket("graph", self.out, "-o", "file"), 2, "--output requires --format", "hocket graph")
        self.assert_one_line(hocket("graph", self.out, "--format", "png"), 2, "--format", "hocket graph")


BROWSER = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)


class Reports(GraphTest):
    def test_are_written_into_the_folder_or_elsewhere(self):
        self.write([("http://a/", "http://a/b")], ["http://a/"])
        answer = hocket("report", self.out, "--no-picture")
        self.assertEqual((answer.returncode, answer.stdout, answer.stderr), (0, f"{self.out}/report.html\n", ""))
        self.assertIn("<title>Crawl of a</title>", (self.out / "report.html").read_text())
        elsewhere = self.folder / "elsewhere.html"
        self.assertEqual(hocket("report", self.out, "-o", elsewhere).stdout, f"{elsewhere}\n")
        self.assertIn("<h2>Picture</h2>", elsewhere.read_text())
        self.assert_one_line(hocket("report", self.out, "-o", "/nowhere/x"), 1, "cannot write '/nowhere/x': No such", "hocket report")

    def shown_by_browser(self, html):
        """The page after its scripts have run."""
        page = self.folder / "page.html"
        page.write_text(html)
        command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--virtual-time-budget=2000", "--dump-dom", f"file://{page}"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout

    def report(self):
        nasty = "<img src=x onerror=\"document.title='harmed'\"><script>document.title='harmed'</script>"
        pages = [{"url": f"http://a/{n}", "ms": n, "status": 404, "error": nasty + str(n)} for n in range(1, 8)]
        self.write([("http://a/" + nasty.replace(" ", ""), page["url"]) for page in pages], pages)
        self.assertEqual(hocket("report", self.out).returncode, 0)
        return (self.out / "report.html").read_text()

    @unittest.skipUnless(BROWSER, "there is no browser (scripts/setup browser)")
    def test_run_their_own_script_and_no_other(self):
        html = self.report()
        shown = self.shown_by_browser(html.replace("</body>", "<script>document.title = 'harmed'</script></body>"))
        self.assertIn("<title>Crawl of a</title>", shown)
        self.assertIn('<input type="search"', shown)
        self.assertIn('<button type="button">Links</button>', shown)

    @unittest.skipUnless(BROWSER, "there is no browser (scripts/setup browser)")
    def test_sort_and_filter(self):
        act = """<script>
            const section = [...document.querySelectorAll('section')].find(each => each.textContent.includes('Slowest pages'));
            const seen = () => [...section.querySelectorAll('tbody tr')].filter(row => !row.hidden).map(row => row.cells[0].textContent).join(' ');
            const result = [seen()];
            const head = section.querySelector('th button');
            head.click();
            head.click();
            result.push(seen());
            const filter = section.querySelector('input');
            filter.value = 'A/3';
            filter.dispatchEvent(new Event('input'));
            result.push(seen());
            document.title = result.join('; ');
        </script></body>"""
        html = self.report().replace("Content-Security-Policy", "Nothing").replace("</body>", act)
        self.assertIn("<title>7 6 5 4 3 2 1; 1 2 3 4 5 6 7; 3</title>", self.shown_by_browser(html))


class Crawls(GraphTest):
    def test_make_graph_and_report_of_what_they_found(self):
        server = program.start("serve", self.make_site(), "--port", 0)
        self.addCleanup(server.communicate, timeout=program.WAIT)
        self.addCleanup(server.terminate)
        url = re.search(r"http://\S+/", server.stdout.readline()).group()
        answer = hocket("crawl", url, "--out", self.out, "-q", "--graph", "edges", "--report")
        self.assertEqual((answer.returncode, answer.stdout, answer.stderr), (0, "", ""))
        rows, _ = self.read_out()
        self.assertEqual(sorted((self.out / "graph.edges").read_text().splitlines()), sorted(rows))
        self.assertTrue(f"<dt>Links</dt><dd>{len(rows)}</dd>" in (self.out / "report.html").read_text())


    def test_write_elements_and_check_fragments_if_asked_to(self):
        site = self.folder / "elements"
        site.mkdir()
        (site / "index.html").write_text('<img src=i.png id=here><a href="#here">1</a><a href="#gone">2</a><a href="b.html#x%20y">3</a><style>a: url(s.png)</style>')
        (site / "b.html").write_text('<p id="x y"><a href="b.html#z">4</a>')
        server = program.start("serve", site, "--port", 0)
        self.addCleanup(server.communicate, timeout=program.WAIT)
        self.addCleanup(server.terminate)
        url = re.search(r"http://\S+/", server.stdout.readline()).group()
        answer = hocket("crawl", url, "--out", self.out, "--elements", "all", "--check-fragments", "--progress", "never")
        self.assertTrue(answer.stdout.endswith(f"\n2 of 4 fragments name nothing on their page; hocket graph {self.out} lists them\n"), answer.stdout)
        self.assertEqual((self.out / "resources.tsv").read_text(), f"source_url\tparsed_url\tkind\n{url}\t{url}i.png\timg\n{url}\t{url}s.png\tcss\n")
        broken = self.analysis()["broken_fragments"]
        self.assertEqual({(row["page"], row["url"], row["fragment"]) for row in broken["first"]}, {(url, url, "gone"), (url + "b.html", url + "b.html", "z")})


class Complaints(GraphTest):
    def complain(self, *arguments, code=1, line=""):
        self.assert_one_line(hocket("graph", *arguments), code, line, "hocket graph")

    def test_are_one_line(self):
        self.complain("/nowhere", line="cannot open '/nowhere/pages.jsonl': No such file")
        self.write([("http://a/", "http://a/b")])
        self.complain(self.out, "--sitemap", "/nowhere", line="cannot read sitemap '/nowhere': No such file")
        (self.out / "links.tsv").write_text("source_url\tparsed_url\nnonsense\n")
        self.complain(self.out, line=r"/links\.tsv:2: there is no tab$")

    def test_of_wrong_usage_have_code_2(self):
        self.complain(code=2, line="DIR is required")
        for option, value in (("--damping", "nan"), ("--damping", "1.1"), ("--top", "-1")):
            self.complain(self.out, option, value, code=2, line=option)


@unittest.skipUnless(networkx, "there is no networkx")
class Networkx(GraphTest):
    """On graphs made at random, some with many links and some with few, with redirects and URLs that lead nowhere."""

    def each_graph(self):
        for seed in range(12):
            choose = random.Random(seed)
            count = choose.choice([5, 40, 300])
            urls = [f"http://h{n % 3}/{n}" for n in range(count)]
            links = {(choose.choice(urls), choose.choice(urls[: count * 3 // 4])) for _ in range(count * choose.choice([1, 4]))}
            linking = {source for source, _ in links}
            redirects = {url: choose.choice(urls) for url in urls if url not in linking and choose.random() < 0.5}
            redirects = {source: target for source, target in redirects.items() if source != target}
            shuffled = sorted(links)
            choose.shuffle(shuffled)
            self.write(shuffled, [{"url": url, "final_url": redirects.get(url, url), "status": 301 if url in redirects else 200} for url in urls])
            graph = networkx.DiGraph()
            graph.add_nodes_from(urls)
            graph.add_edges_from(links)
            with_redirects = graph.copy()
            with_redirects.add_edges_from(redirects.items())
            with self.subTest(seed=seed):
                yield graph, with_redirects

    def test_has_the_same_ranks(self):
        for _, graph in self.each_graph():
            for damping in (0.85, 0.5):
                expected = pagerank(graph, alpha=damping, tol=1e-12, max_iter=1000)
                found = {row["url"]: row["rank"] for row in self.analysis("--top", ALL, "--damping", damping)["page_rank"]["top"]}
                self.assertEqual(found.keys(), expected.keys())
                for url, rank in expected.items():
                    self.assertAlmostEqual(found[url], rank, delta=1e-8)

    def test_has_the_same_components(self):
        for _, graph in self.each_graph():
            sizes = sorted(map(len, networkx.strongly_connected_components(graph)), reverse=True)
            self.assertEqual(self.analysis("--top", ALL)["components"], {"count": len(sizes), "largest": sizes})

    def test_has_the_same_degrees(self):
        for graph, _ in self.each_graph():
            found = self.analysis("--top", ALL)
            self.assertEqual({row["url"]: row["links"] for row in found["in_degree"]}, {url: n for url, n in graph.in_degree() if n})
            self.assertEqual({row["url"]: row["links"] for row in found["out_degree"]}, {url: n for url, n in graph.out_degree() if n})


if __name__ == "__main__":
    sys.exit(program.main(__doc__))
