// The page's style sheet.
#pragma once

namespace skipbench {

inline constexpr const char* kPageStyle = R"css(
:root { color-scheme: light dark; --ink: #1a1a1a; --muted: #595959; --line: #d9d9d9; --paper: #ffffff; --soft: #f5f6f8; --accent: #0060a0; --warn: #8a4b00; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --muted: #b4b4b4; --line: #3b3f46; --paper: #16181c; --soft: #1f2228; --accent: #7cc0f0; --warn: #f0b93a; }
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
@media (max-width: 30rem) {
  body { padding: 1rem .75rem 3rem; }
  th, td { padding: .3rem .45rem; }
  .grid tbody th { position: static; }
  figure.wide picture { display: block; overflow-x: auto; }
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

}  // namespace skipbench
