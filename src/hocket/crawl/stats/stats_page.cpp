#include <hocket/crawl/stats/stats_page.hpp>

namespace hocket::crawl {

const char* const stats_page = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>hocket crawl</title>
<link rel="stylesheet" href="stats.css">
<script src="stats.js" defer></script>
<h1>hocket crawl</h1>
<p id="state" role="status">asking ...</p>
<noscript>Without scripts: <a href="stats.json">stats.json</a>, <a href="metrics">metrics</a>.</noscript>
<dl id="totals"></dl>
<section><h2>Slowest hosts</h2><table id="slowest"></table></section>
<section><h2>Busiest hosts</h2><table id="busiest"></table></section>
<section><h2>Status</h2><table id="status"></table></section>
<section><h2>Not fetched</h2><table id="skipped"></table></section>
</html>
)html";

const char* const stats_script = R"js("use strict";
const most_samples = 10;
const samples = [];
const whole = new Intl.NumberFormat("en");
const megabytes = (bytes) => (bytes / 1e6).toFixed(1) + " MB";
const element = (name, text) => Object.assign(document.createElement(name), { textContent: text });

function fill(id, head, rows) {
  const table = document.getElementById(id);
  const line = (cell, values) => {
    const row = document.createElement("tr");
    row.append(...values.map((value) => element(cell, value)));
    return row;
  };
  table.replaceChildren(line("th", head), ...rows.map((row) => line("td", row)));
  table.parentElement.hidden = rows.length === 0;
}

function show(now) {
  samples.push(now);
  if (samples.length > most_samples) samples.shift();
  const before = samples.length > 1 ? samples[0] : { pages: 0, bytes: 0, seconds: 0 };
  const seconds = Math.max(now.seconds - before.seconds, 0.001);
  const totals = {
    "pages": whole.format(now.pages),
    "pages/s": whole.format(Math.round((now.pages - before.pages) / seconds)),
    "MB/s": ((now.bytes - before.bytes) / 1e6 / seconds).toFixed(1),
    "in flight": whole.format(now.in_flight),
    "queued": whole.format(now.queued),
    "failed": whole.format(now.failed),
    "links": whole.format(now.links),
    "read": megabytes(now.bytes),
    "hosts": whole.format(now.hosts),
    "seconds": now.seconds.toFixed(1),
    "CPU seconds": now.cpu_seconds.toFixed(1),
    "memory": megabytes(now.rss_bytes),
  };
  const cells = Object.entries(totals).map(([name, value]) => {
    const cell = document.createElement("div");
    cell.append(element("dt", name), element("dd", value));
    return cell;
  });
  document.getElementById("totals").replaceChildren(...cells);
  const hosts = (list) => list.map((each) => [each.host, whole.format(each.ms), whole.format(each.pages), whole.format(each.failed), megabytes(each.bytes)]);
  const counts = (object) => Object.entries(object).sort((a, b) => b[1] - a[1]).map(([name, count]) => [name, whole.format(count)]);
  for (const id of ["slowest", "busiest"]) fill(id, ["host", "ms", "pages", "failed", "read"], hosts(now[id]));
  fill("status", ["status", "pages"], counts(now.status));
  fill("skipped", ["reason", "URLs"], counts(now.skipped));
}

async function refresh() {
  const state = document.getElementById("state");
  try {
    show(await (await fetch("stats.json", { cache: "no-store" })).json());
    state.textContent = "crawling";
  } catch {
    state.textContent = "no answer: the crawl has ended, or is gone";
  }
  setTimeout(refresh, 1000);
}
refresh();
)js";

const char* const stats_style = R"css(:root { color-scheme: light dark; font: 15px/1.4 system-ui, sans-serif; }
body { max-width: 60rem; margin: 1rem auto; padding: 0 1rem; }
h1 { font-size: 1.2rem; margin: 0; }
h2 { font-size: 1rem; margin: 1.5rem 0 0.3rem; }
#state { margin: 0 0 1rem; opacity: 0.7; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: 0.8rem; margin: 0; }
dt { font-size: 0.8rem; opacity: 0.7; }
dd { margin: 0; font-size: 1.2rem; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
th, td { text-align: right; padding: 0.15rem 0.4rem; border-bottom: 1px solid #8884; }
th { font-weight: normal; font-size: 0.8rem; opacity: 0.7; }
th:first-child, td:first-child { text-align: left; overflow-wrap: anywhere; }
)css";

}  // namespace hocket::crawl
