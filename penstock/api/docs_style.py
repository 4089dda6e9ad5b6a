"""The looks of the page of documentation."""

STYLE = """\
:root { color-scheme: light dark; --ink: #1b2430; --paper: #fff; --line: #d7dde5; --soft: #f3f6f9;
  --mark: #0a5c8a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e9ef; --paper: #14191f; --line: #323b46; --soft: #1d242c; --mark: #7cc4ef; } }
* { box-sizing: border-box; }
body { margin: 0; display: flex; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif; }
nav { flex: 0 0 13rem; padding: 1.5rem; position: sticky; top: 0; height: 100vh; overflow: auto;
  border-right: 1px solid var(--line); }
nav ul { list-style: none; padding: 0; }
nav .home { font-weight: 700; font-size: 1.2rem; }
main { flex: 1; min-width: 0; max-width: 62rem; padding: 1.5rem 2rem 6rem; }
a { color: var(--mark); }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); text-transform: capitalize; }
h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; padding: 0 .8rem; }
details[open] { padding-bottom: .8rem; }
summary { cursor: pointer; padding: .5rem 0; overflow-wrap: anywhere; }
summary:focus-visible, a:focus-visible, pre:focus-visible {
  outline: 3px solid var(--mark); outline-offset: 2px; }
summary b { display: inline-block; min-width: 4.2rem; }
pre { background: var(--soft); padding: .7rem; overflow: auto; border-radius: 6px; max-height: 30rem; }
code, pre { font: .88em/1.45 ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-top: 1px solid var(--line); }
tbody th { font-weight: 400; }
@media (max-width: 50rem) {
  body { display: block; }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); }
  main { padding: 1rem; } }
"""
