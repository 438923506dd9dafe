-- SPDX-License-Identifier: MIT

--- The rest of html_page.lua: it draws the timeline, slots as rows and phases as
-- blocks, and starts the page. `dataset.ready` of the page says how long that took.
-- @internal cleantest.report.html_timeline

return [==[
const canvas = $("timeline"), pen = canvas.getContext("2d");
const drawn = ROWS.filter(row => row.phases && row.phases.length);
const ends = row => row.phases[row.phases.length - 1].reduce((_, n, i, p) => p[1] + p[2], 0);
const first = drawn.reduce((least, row) => Math.min(least, row.phases[0][1]), Infinity);
const last = drawn.reduce((most, row) => Math.max(most, ends(row)), 1);
const slots = drawn.reduce((most, row) => Math.max(most, row.slot), 0);
const HEIGHT = slots > 40 ? 8 : 18, AXIS = 20;
let view = { from: 0, to: 1 }, selected = null;
drawn.sort((a, b) => a.phases[0][1] - b.phases[0][1]);

function ticks(span) {
  const rough = span / 8, power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map(n => n * power).find(step => step >= rough);
}

function draw() {
  const width = canvas.clientWidth, height = slots * HEIGHT + AXIS, dense = devicePixelRatio || 1;
  canvas.style.height = `${height}px`;
  canvas.width = width * dense;
  canvas.height = height * dense;
  pen.scale(dense, dense);
  const style = getComputedStyle(document.documentElement);
  const color = name => style.getPropertyValue(name).trim();
  const colors = PHASES.map((_, i) => color(`--p${i}`));
  const x = time => (time - view.from) / (view.to - view.from) * width;
  const marks = { fail: color("--fail"), error: color("--error") };
  for (const row of drawn) {
    const top = (row.slot - 1) * HEIGHT + 1;
    if (x(ends(row)) < 0 || x(row.phases[0][1]) > width) continue;
    for (const [phase, begin, length] of row.phases) {
      pen.fillStyle = colors[phase];
      pen.fillRect(x(begin), top, Math.max(x(begin + length) - x(begin), .5), HEIGHT - 2);
    }
    if (marks[row.status]) {
      pen.fillStyle = marks[row.status];
      pen.fillRect(x(row.phases[0][1]), top + HEIGHT - 5, x(ends(row)) - x(row.phases[0][1]), 3);
    }
  }
  pen.fillStyle = pen.strokeStyle = color("--dim");
  pen.font = "11px system-ui, sans-serif";
  const step = ticks((view.to - view.from) / 1000);
  for (let at = Math.ceil(view.from / 1000 / step) * step; at * 1000 <= view.to; at += step) {
    pen.fillRect(x(at * 1000), slots * HEIGHT, 1, 5);
    pen.fillText(`${+at.toFixed(3)} s`, x(at * 1000) + 3, height - 5);
  }
  if (!selected) return;
  const from = x(selected.phases[0][1]);
  pen.strokeStyle = color("--ink");
  pen.lineWidth = 2;
  pen.strokeRect(from, (selected.slot - 1) * HEIGHT + 1, Math.max(x(ends(selected)) - from, 3),
    HEIGHT - 2);
}

function select(row) {
  selected = row;
  const told = row && row.phases.map(p => `${PHASES[p[0]]} ${(p[2] / 1000).toFixed(2)} s`);
  $("pointed").textContent = row ? `${row.id}: ${row.status}. ${told.join(", ")}` : "";
  if (row && (ends(row) < view.from || row.phases[0][1] > view.to)) {
    const span = view.to - view.from;
    view = { from: row.phases[0][1] - span / 2, to: row.phases[0][1] + span / 2 };
  }
  draw();
}

function show(row) {
  if (!row || !row.body) return;
  row.body.hidden = false;
  toggle(row, true);
  row.button.focus();
  row.body.scrollIntoView({ block: "center" });
}

function under(event) {
  const box = canvas.getBoundingClientRect();
  const time = view.from + (event.clientX - box.left) / box.width * (view.to - view.from);
  const slot = Math.floor((event.clientY - box.top) / HEIGHT) + 1;
  return drawn.find(row => row.slot === slot && row.phases[0][1] <= time && time <= ends(row));
}

function zoom(factor, about) {
  const least = first - (last - first) * .01, most = last + (last - first) * .01;
  const span = Math.min((view.to - view.from) * factor, most - least);
  const part = (about - view.from) / (view.to - view.from);
  const from = Math.min(Math.max(about - part * span, least), most - span);
  view = { from, to: from + span };
  draw();
}

// The job that is nearest in the slot above or below, else the one before or after.
function neighbour(key) {
  if (!selected) return drawn[0];
  const way = key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1;
  const same = key === "ArrowLeft" || key === "ArrowRight";
  const slot = same ? selected.slot : selected.slot + way;
  const there = drawn.filter(row => row.slot === slot);
  if (same) return there[there.indexOf(selected) + way] || selected;
  const far = row => Math.abs(row.phases[0][1] - selected.phases[0][1]);
  return there.reduce((best, row) => far(row) < far(best) ? row : best, there[0]) || selected;
}

canvas.onmousemove = event => { const row = under(event); if (row !== selected) select(row); };
canvas.onclick = event => show(under(event));
canvas.addEventListener("wheel", event => {
  if (!event.ctrlKey) return;
  event.preventDefault();
  const box = canvas.getBoundingClientRect();
  zoom(event.deltaY > 0 ? 1.25 : .8,
    view.from + (event.clientX - box.left) / box.width * (view.to - view.from));
}, { passive: false });
canvas.onkeydown = event => {
  const about = selected ? selected.phases[0][1] : (view.from + view.to) / 2;
  if (event.key.startsWith("Arrow")) { event.preventDefault(); select(neighbour(event.key)); }
  if (event.key === "Enter") show(selected);
  if (event.key === "+" || event.key === "=") zoom(.5, about);
  if (event.key === "-") zoom(2, about);
  if (event.key === "0") zoom(Infinity, about);
};

for (const [i, name] of PHASES.entries())
  $("legend").append(make("span", {}, make("i", { style: `background: var(--p${i})` }), name));
if (drawn.length) {
  view = { from: first - (last - first) * .01, to: last + (last - first) * .01 };
  new ResizeObserver(draw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
} else {
  for (const id of ["timeline-title", "timeline", "legend", "timeline-help"]) $(id).hidden = true;
}
if (drawn.length) draw();
for (const row of jobs) build(row);
sort();
filter();
document.documentElement.dataset.ready = Math.round(performance.now());
</script>
</html>
]==]
