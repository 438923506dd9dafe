-- SPDX-License-Identifier: MIT

--- The page of html.lua: what comes before its rows, and after. Everything is in it,
-- styles, script and data; it asks nobody for anything. A row's output is made when it is opened.
-- @internal cleantest.report.html_page

local page = {}

page.HEAD = [==[<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>cleantest</title>
<style>
:root { color-scheme: light dark; --back: #fff; --ink: #1b1f24; --dim: #59636e; --line: #d1d9e0;
  --soft: #f3f5f7; --pass: #1a7f37; --fail: #c4202b; --error: #8138c9; --skip: #8a5a00;
  --p0: #b08fd8; --p1: #7ea6d8; --p2: #57b4a8; --p3: #c9b458; --p4: #d8915f; --p5: #4a9a4f;
  --p6: #8f9aa6; --p7: #c2c8ce; }
@media (prefers-color-scheme: dark) { :root { --back: #14181d; --ink: #e4e8ec; --dim: #9aa5b1;
  --line: #363d46; --soft: #1e242b; --pass: #56c271; --fail: #ff7b80; --error: #c79bff;
  --skip: #e0b04c; --p7: #4d555e; } }
body { margin: 0 auto; padding: 1rem 1.5rem; max-width: 90rem; background: var(--back);
  color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.25rem; margin: 0; } h2 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
p { margin: .2rem 0 .6rem; color: var(--dim); }
canvas { width: 100%; border: 1px solid var(--line); border-radius: 4px; display: block; }
#legend span { margin-right: 1rem; white-space: nowrap; }
#legend i { display: inline-block; width: .8em; height: .8em; margin-right: .35em; }
#tools { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; position: sticky; top: 0;
  background: var(--back); padding: .5rem 0; }
input, button { font: inherit; color: inherit; background: var(--soft); padding: .25rem .6rem;
  border: 1px solid var(--line); border-radius: 4px; }
input { flex: 1 1 16rem; } #tools button[aria-pressed=false] { opacity: .45; }
:focus-visible { outline: 2px solid #3b82f6; outline-offset: 1px; }
.row { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr) 22% 6.5rem 6.5rem; }
.row > * { padding: .25rem .5rem; overflow-wrap: anywhere; }
.row > :nth-child(4) { text-align: right; }
.job { border-bottom: 1px solid var(--line); content-visibility: auto;
  contain-intrinsic-size: auto 2rem; }
.row button { border: 0; padding: 0; background: none; text-align: left; cursor: pointer; }
.head { border-bottom: 1px solid var(--line); } .head button { font-weight: 600; }
.pass { color: var(--pass); } .fail { color: var(--fail); font-weight: 600; }
.error { color: var(--error); font-weight: 600; } .skip, .xfail, .cancelled { color: var(--skip); }
.more { background: var(--soft); margin: 0; padding: .1rem .5rem .6rem; }
.more dt { font-weight: 600; margin-top: .4rem; }
.more dd { margin: 0; } pre { margin: .2rem 0; padding: .5rem; overflow: auto; max-height: 30rem;
  background: var(--back); border: 1px solid var(--line); white-space: pre-wrap; }
</style>
<h1>cleantest</h1>
<p id="summary"></p>
<section id="problems"></section>
<h2 id="timeline-title">Timeline</h2>
<canvas id="timeline" tabindex="0" role="application" aria-labelledby="timeline-title"
  aria-describedby="timeline-help"></canvas>
<p id="legend"></p>
<p id="timeline-help">A row is a slot, a block a phase. Arrows go from job to job, Enter opens one,
  + and - zoom, 0 shows all. <output id="pointed" aria-live="polite"></output></p>
<div id="tools" role="search"><input id="search" type="search" placeholder="Filter ( / )"
  aria-label="Filter by id, image, tag or reason"></div>
<div id="table" role="table" aria-label="Results"><div class="row head" role="row">
<span role="columnheader"><button data-key="status">status</button></span>
<span role="columnheader"><button data-key="id">test</button></span>
<span role="columnheader"><button data-key="image">image</button></span>
<span role="columnheader"><button data-key="seconds">seconds</button></span>
<span role="columnheader"><button data-key="machine">machine</button></span></div></div>
<p id="none" hidden>Nothing matches.</p>
]==]

page.TAIL = [==[
const $ = id => document.getElementById(id);
const make = (tag, set, ...inside) => {
  const made = Object.assign(document.createElement(tag), set);
  made.append(...inside);
  return made;
};
const ORDER = ["error", "fail", "cancelled", "xfail", "skip", "pass"];
const rank = row => ORDER.indexOf(row.status);
const jobs = ROWS.filter(row => rank(row) >= 0);
const hidden = new Set();

$("summary").textContent = `${REST.summary} · ${REST.at}`;
for (const problem of Object.values(REST.problems))
  $("problems").append(make("pre", {}, `${problem.what}\n${problem.message}`));

function details(row) {
  const list = make("dl", { className: "more" });
  const add = (name, ...what) =>
    list.append(make("dt", { textContent: name }), make("dd", {}, ...what));
  if (row.reason) add("what happened", make("pre", { textContent: row.reason }));
  if (row.tests) {
    const line = test => `${test.status}  ${test.name}${test.message ? `\n${test.message}` : ""}`;
    add("tests", make("pre", { textContent: row.tests.map(line).join("\n") }));
  }
  const phases = (row.phases || []).map(p => `${PHASES[p[0]]} ${(p[2] / 1000).toFixed(2)} s`);
  if (phases.length) add("phases", phases.join(", "));
  if (row.instance) add("instance", row.instance);
  for (const name of ["stdout", "stderr"])
    if (row[name]) add(name, make("pre", { textContent: row[name], tabIndex: 0 }));
  if (list.childElementCount === 0) add("output", "none");
  return list;
}

function toggle(row, open = !row.opened) {
  if (open === Boolean(row.opened)) return;
  if (open) row.body.append(row.opened = details(row));
  else { row.opened.remove(); row.opened = null; }
  row.button.setAttribute("aria-expanded", open);
}

function build(row) {
  row.button = make("button", { textContent: row.id, onclick: () => toggle(row) });
  row.button.setAttribute("aria-expanded", false);
  row.text = [row.id, row.image, row.status, row.machine, row.reason,
    ...Object.values(row.tags || {})].join(" ").toLowerCase();
  const cell = (what, name = "") =>
    make("span", { role: "cell", className: name }, what ?? "");
  row.body = make("div", { className: "job" }, make("div", { className: "row", role: "row" },
    cell(row.status, row.status), cell(row.button), cell(row.image),
    cell(row.seconds.toFixed(1)), cell(row.machine)));
  row.button.row = row;
}

let sorted = { key: "status", down: false };
function sort() {
  const value = row => sorted.key === "status" ? rank(row) : row[sorted.key] ?? "";
  const sign = sorted.down ? -1 : 1;
  jobs.sort((a, b) => {
    const x = value(a), y = value(b);
    return x === y ? a.number - b.number : x < y ? -sign : sign;
  });
  $("table").append(...jobs.map(row => row.body));
  for (const button of document.querySelectorAll(".head button"))
    button.parentElement.setAttribute("aria-sort", button.dataset.key !== sorted.key ? "none"
      : sorted.down ? "descending" : "ascending");
}

function filter() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of jobs) {
    row.body.hidden = hidden.has(row.status) || !words.every(word => row.text.includes(word));
    shown += !row.body.hidden;
  }
  $("none").hidden = shown > 0;
}

for (const status of ORDER) {
  const count = jobs.filter(row => row.status === status).length;
  if (!count) continue;
  const button = make("button", { textContent: `${count} ${status}`, className: status });
  button.setAttribute("aria-pressed", true);
  button.onclick = () => {
    if (!hidden.delete(status)) hidden.add(status);
    button.setAttribute("aria-pressed", !hidden.has(status));
    filter();
  };
  $("tools").append(button);
}
for (const button of document.querySelectorAll(".head button"))
  button.onclick = () => {
    const key = button.dataset.key;
    sorted = { key, down: sorted.key === key ? !sorted.down : key === "seconds" };
    sort();
  };
$("search").oninput = filter;

addEventListener("keydown", event => {
  const at = document.activeElement;
  if (event.key === "/" && at !== $("search")) { event.preventDefault(); $("search").focus(); }
  if (event.key === "Escape" && at === $("search")) { $("search").value = ""; filter(); }
  const way = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
  if (!way || !at.row) return;
  event.preventDefault();
  const seen = jobs.filter(row => !row.body.hidden);
  seen[seen.indexOf(at.row) + way]?.button.focus();
});
]==] .. require "cleantest.report.html_timeline"

return page
