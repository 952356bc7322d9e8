#pragma once

#include <string_view>

namespace hocket::graph::detail {

// Each is inline in the report and allowed by its hash alone (base64 of SHA-256): who changes one changes its hash; the test
// `report.allows_its_own_style_and_script` says to what.

inline constexpr std::string_view report_style_hash = "GZMaCAuqppvTKi/pESbdsEhf7g/cWNhU5GAP9bEkE+U=";
inline constexpr std::string_view report_style = R"(
:root { color-scheme: light dark; --text: #1a202c; --soft: #5a6678; --line: #d9dfe7; --back: #f5f7fa; --card: #fff; --accent: #2b6cb0; --bad: #c53030; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6eaf0; --soft: #9aa7b8; --line: #323b48; --back: #14181f; --card: #1c222b; --accent: #7fb2ea; --bad: #f28b82; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 24px 20px 64px; }
h1 { font-size: 26px; margin: 8px 0 20px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 0; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 12px; margin: 0 0 16px; }
.tiles div, section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.tiles div { padding: 12px 14px; }
.tiles dt { color: var(--soft); font-size: 13px; }
.tiles dd { margin: 0; font-size: 22px; font-variant-numeric: tabular-nums; }
.bad { color: var(--bad); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(340px, 100%), 1fr)); gap: 16px; }
section { padding: 16px 18px; margin: 0 0 16px; min-width: 0; }
.head { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: baseline; justify-content: space-between; margin-bottom: 8px; }
.note { color: var(--soft); margin: 0 0 8px; font-size: 13px; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
tr:last-child td { border-bottom: 0; }
th { color: var(--soft); font-weight: 600; font-size: 13px; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; padding-right: 14px; width: 1%; }
.words { width: 1%; min-width: 150px; }
.long { min-width: 240px; }
.bar { width: 45%; }
.bar svg { display: block; width: 100%; height: 14px; margin-top: 4px; fill: var(--accent); }
th button { all: unset; cursor: pointer; }
th button:hover { color: var(--text); }
th button:focus-visible { outline: 2px solid var(--accent); }
th[aria-sort=ascending] button::after { content: " \25b4"; }
th[aria-sort=descending] button::after { content: " \25be"; }
input { font: inherit; color: inherit; background: var(--back); border: 1px solid var(--line); border-radius: 6px; padding: 4px 10px; width: 220px; max-width: 100%; }
details { margin: 0; }
summary { cursor: pointer; color: var(--soft); }
ul, ol { margin: 4px 0; padding-left: 20px; }
.picture svg { display: block; width: 100%; height: auto; border-radius: 6px; }
[hidden] { display: none; }
)";

inline constexpr std::string_view report_script_hash = "4lrZoFiQc2PDRoOPEe48N1tDCHDjQV02avoW8bSDhjs=";
inline constexpr std::string_view report_script = R"(
'use strict';
for (const table of document.querySelectorAll('table.rows')) {
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...table.tBodies[0].rows];
  const value = (row, column) => {
    const cell = row.cells[column];
    return 'value' in cell.dataset ? Number(cell.dataset.value) : cell.textContent;
  };
  const compare = (one, other) => typeof one === 'number' ? one - other : one < other ? -1 : one > other ? 1 : 0;
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const direction = head.getAttribute('aria-sort') === 'descending' ? 'ascending' : 'descending';
      heads.forEach(other => other.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', direction);
      const sign = direction === 'ascending' ? 1 : -1;
      rows.sort((one, other) => sign * compare(value(one, column), value(other, column)));
      table.tBodies[0].append(...rows);
    });
  });
  if (rows.length < 5 || table.querySelector('.bar')) continue;
  const filter = document.createElement('input');
  filter.type = 'search';
  filter.placeholder = 'Filter';
  filter.setAttribute('aria-label', 'Show only rows that have this text');
  filter.addEventListener('input', () => {
    const wanted = filter.value.toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
  table.closest('section').querySelector('.head').append(filter);
}
)";

}  // namespace hocket::graph::detail
