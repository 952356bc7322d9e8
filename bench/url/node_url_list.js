// The same as url_list.cpp by Node's URL, which is ada within: node node_url_list.js can_parse|href FILE [ROUNDS]; prints JSON.
const { readFileSync } = require("node:fs");
const { performance } = require("node:perf_hooks");

const [way, path, rounds = "100"] = process.argv.slice(2);
const texts = readFileSync(path, "latin1").split("\n").filter((line) => line !== "");

function canParse() {
  let valid = 0;
  for (const text of texts) if (URL.canParse(text)) ++valid;
  return { valid, href_bytes: 0 };
}

function href() {
  let valid = 0, href_bytes = 0;
  for (const text of texts) {
    try {
      href_bytes += new URL(text).href.length;
      ++valid;
    } catch {}
  }
  return { valid, href_bytes };
}

const parseAll = way === "href" ? href : canParse;
for (let warm = 0; warm < 5; ++warm) parseAll();
const seconds = [];
let found;
for (let round = 0; round < Number(rounds); ++round) {
  const begun = performance.now();
  found = parseAll();
  seconds.push((performance.now() - begun) / 1000);
}
seconds.sort((a, b) => a - b);
console.log(JSON.stringify({
  ...found, urls: texts.length, bytes: texts.reduce((sum, text) => sum + text.length, 0),
  best: seconds[0], median: seconds[Math.floor(seconds.length / 2)], ada: process.versions.ada,
}));
