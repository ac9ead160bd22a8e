#include "harness/report/page/page_assets.h"

namespace skipbench {

const char* const kPageStyle = R"css(
:root { color-scheme: light dark; --ink: #1a1a1a; --muted: #595959; --line: #d9d9d9; --paper: #ffffff; --soft: #f5f6f8; --accent: #0060a0; --warn: #8a4b00; --good: #00704f; --bad: #b3400a; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --muted: #b4b4b4; --line: #3b3f46; --paper: #16181c; --soft: #1f2228; --accent: #7cc0f0; --warn: #f0b93a; --good: #2fc79a; --bad: #ff8c42; }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 80rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .6rem; padding-top: .6rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.02rem; margin: 1.4rem 0 .4rem; }
p, ul, dl { max-width: 48rem; margin: .5rem 0; }
a { color: var(--accent); }
.muted, figcaption, .notes, .files { color: var(--muted); }
.warn { border-left: .3rem solid var(--warn); background: var(--soft); padding: .5rem .8rem; max-width: 48rem; }
nav ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: .8rem 0; max-width: none; }
.scroll { overflow-x: auto; margin: .8rem 0; border: 1px solid var(--line); border-radius: .3rem; }
.scroll:focus-visible { outline: 2px solid var(--accent); }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
.scroll > table { width: 100%; }
th, td { padding: .35rem .5rem; text-align: right; vertical-align: top; border-bottom: 1px solid var(--line); white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { vertical-align: bottom; color: var(--muted); font-weight: 600; white-space: normal; }
th:first-child, td.text { text-align: left; }
tbody th { position: sticky; left: 0; background: var(--paper); font-weight: 500; white-space: normal; min-width: 12.5rem; max-width: 17rem; overflow-wrap: break-word; }
td.text { white-space: normal; min-width: 7rem; }
.published td.text { min-width: 5.5rem; max-width: 22rem; overflow-wrap: anywhere; }
.published th { text-align: left; }
tr.reference > * { background: var(--soft); }
.ci { display: block; color: var(--muted); font-size: .78rem; }
.notes { font-size: .87rem; padding-left: 1.2rem; max-width: 60rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: 1.6rem 1.4rem; margin: 1rem 0; align-items: start; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figure.wide { grid-column: 1 / -1; max-width: 46rem; }
figure img { display: block; width: 100%; height: auto; }
figcaption { font-size: .87rem; line-height: 1.4; margin-top: .3rem; }
figcaption b { color: var(--ink); display: block; }
.files { font-size: .8rem; }
details { margin: .8rem 0; }
summary { cursor: pointer; color: var(--accent); }
pre { overflow-x: auto; background: var(--soft); padding: .8rem; font-size: .8rem; line-height: 1.35; border-radius: .3rem; }
dt { font-weight: 600; font-size: .87rem; margin-top: .5rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.grid td, .grid th { padding: .3rem; vertical-align: top; text-align: left; border: 0; white-space: normal; }
.grid thead th { min-width: 8rem; max-width: 12rem; overflow-wrap: break-word; }
.grid tbody th { font-size: .85rem; font-weight: 400; min-width: 6.5rem; max-width: 11rem; }
.grid img { display: block; width: 100%; min-width: 8rem; max-width: 16rem; height: auto; }
.grid img.small { image-rendering: pixelated; }
.grid .none { display: block; background: var(--soft); min-height: 6rem; padding: .5rem; }
.verdict { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: .4rem 2rem; align-items: start; }
.verdict h3 { margin: .6rem 0 .2rem; }
.verdict p { margin: .2rem 0 .4rem; }
.verdict td.text { min-width: 0; }
.verdict td.setting { text-align: left; white-space: normal; min-width: 9.5rem; }
.verdict th:nth-child(2) { text-align: left; }
.verdict td.setting.second { padding-left: 1.3rem; color: var(--muted); }
.verdict .scroll { margin: .4rem 0; }
.narrow { display: none; }
.better { color: var(--good); font-weight: 600; }
.worse { color: var(--bad); font-weight: 600; }
.unclear { color: var(--muted); font-weight: 600; }
figure.overview { margin: 1.2rem 0; }
figure.overview img { width: auto; max-width: 100%; }
.verdict figure.overview { margin: .4rem 0; }
tr.pareto > th::before { content: "P "; color: var(--good); font-weight: 700; }
tr.between > th::before { content: "p "; color: var(--muted); }
th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-align: inherit; }
th button::after { content: " \2195"; color: var(--line); }
th[aria-sort="ascending"] button::after { content: " \2191"; color: var(--accent); }
th[aria-sort="descending"] button::after { content: " \2193"; color: var(--accent); }
.slider { max-width: 24rem; margin: 1rem 0; }
.slider .pair { position: relative; line-height: 0; }
.slider .pair img { width: 100%; height: auto; display: block; }
.slider .pair img + img { position: absolute; inset: 0; }
.slider .pair.small img { image-rendering: pixelated; }
.slider input { width: 100%; margin: .4rem 0 0; }
.slider figcaption { display: flex; justify-content: space-between; gap: 1rem; }
.slider figcaption span { min-width: 0; overflow-wrap: anywhere; }
.slider figcaption span:first-child { flex: none; }
.pickable { cursor: pointer; }
.pickable:focus-visible, .picked { outline: 3px solid var(--accent); }
@media (max-width: 30rem) {
  body { padding: 1rem .75rem 3rem; }
  th, td { padding: .3rem .45rem; }
  .grid tbody th { position: static; }
  figure.wide picture { display: block; overflow-x: auto; }
  .verdict th, .verdict td { padding: .3rem .3rem; font-size: .8rem; }
  .verdict tr > :nth-child(3) { display: none; }
  .verdict .narrow { display: block; color: var(--muted); }
  header p { font-size: .8rem; margin: .3rem 0; }
  nav ul { flex-wrap: nowrap; overflow-x: auto; white-space: nowrap; margin: .4rem 0; }
  .verdict td { white-space: normal; }
  .verdict td.setting { min-width: 8rem; }
  .verdict td.setting.second { padding-left: .8rem; }
  figure.wide img { min-width: 34rem; }
  tbody th { min-width: 7.5rem; max-width: 8.5rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .files { display: none; }
  .scroll { overflow: visible; border: 0; }
  table { font-size: 6.5pt; }
  th, td { padding: .12rem .25rem; white-space: normal; }
  tbody th { position: static; min-width: 0; }
  .figures { grid-template-columns: 1fr 1fr; }
  .grid img { min-width: 0; }
  .grid thead th { min-width: 0; }
  h2 { break-after: avoid; }
  tr { break-inside: avoid; }
}
)css";

const char* const kPageScript = R"js(
"use strict";
// A cell's number: "51.33 [49.68, 52.89]" is 51.33, "identical" more than any number, what has none comes last.
const numberOf = text => text.startsWith("identical") ? Infinity : parseFloat(text.replace(/,/g, ""));
const before = (a, b) => {
  const x = numberOf(a), y = numberOf(b);
  if (Number.isNaN(x) && Number.isNaN(y)) return a.localeCompare(b);
  return Number.isNaN(x) ? 1 : Number.isNaN(y) ? -1 : x === y ? 0 : x - y;
};
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = heading.ariaSort === "ascending";
      for (const other of headings) other.ariaSort = null;
      heading.ariaSort = down ? "descending" : "ascending";
      const rows = [...table.tBodies[0].rows];
      const text = row => row.cells[column].textContent.trim();
      const missing = row => column > 0 && text(row) !== "identical" && Number.isNaN(numberOf(text(row)));
      rows.sort((a, b) => missing(a) - missing(b) || (down ? before(text(b), text(a)) : before(text(a), text(b))));
      table.tBodies[0].append(...rows);
    });
  });
}
// Two pictures of the same noise, one over the other up to where the slider stands.
for (const grid of document.querySelectorAll(".pictures")) {
  const pictures = [...grid.querySelectorAll("img[data-full]")];
  if (!pictures.length) continue;
  const figure = document.createElement("figure"), pair = document.createElement("div");
  const caption = document.createElement("figcaption"), range = document.createElement("input");
  const full = new Image(), other = new Image();
  const left = document.createElement("span"), right = document.createElement("span");
  figure.className = "slider";
  pair.className = "pair";
  range.type = "range";
  range.value = 50;
  range.setAttribute("aria-label", "share of the picture that is the full run's");
  pair.append(full, other);
  caption.append(left, right);
  figure.append(pair, range, caption);
  grid.before(figure);
  const move = () => { other.style.clipPath = `inset(0 0 0 ${range.value}%)`; };
  const pick = picture => {
    for (const one of pictures) one.classList.toggle("picked", one === picture);
    full.src = picture.dataset.full;
    full.alt = "the full run";
    other.src = picture.getAttribute("src");
    other.alt = picture.alt;
    full.width = other.width = picture.width;
    full.height = other.height = picture.height;
    pair.classList.toggle("small", picture.classList.contains("small"));
    left.textContent = "the full run";
    right.textContent = picture.alt;
    move();
  };
  range.addEventListener("input", move);
  for (const picture of pictures) {
    picture.classList.add("pickable");
    picture.tabIndex = 0;
    picture.setAttribute("role", "button");
    picture.addEventListener("click", () => pick(picture));
    picture.addEventListener("keydown", event => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick(picture); }
    });
  }
  pick(grid.querySelector("img[data-first]") || pictures[0]);
}
)js";

}  // namespace skipbench
