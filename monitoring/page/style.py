"""The pages' looks: one column on a phone, one line a lane on a desk, by day and by night."""

STYLE = """
:root {
  color-scheme: light dark; --page:#f6f7f9; --card:#fff; --ink:#1a1f26; --soft:#5b6572;
  --rule:#dfe3e8; --line:#3b6fb6; --bad:#c2272d; --warn:#a15c00; --good:#2c8a4b; --idle:#8a94a0;
  --link:#1d5fbf; --bad-bg:#fdecec; --warn-bg:#fdf3e1; --good-bg:#e9f6ed; --idle-bg:#eef0f3
}
@media (prefers-color-scheme: dark) {
  :root {
    --page:#0f1318; --card:#171c23; --ink:#e6eaef; --soft:#97a2af; --rule:#2a323c; --line:#7fb0ee;
    --bad:#ff7b7b; --warn:#f0b35a; --good:#69c98a; --idle:#7d8895; --link:#82b4ff;
    --bad-bg:#3a1d20; --warn-bg:#382a14; --good-bg:#173022; --idle-bg:#232a33
  }
}
* { box-sizing: border-box }
body {
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; margin: 0 auto;
  max-width: 84rem; padding: 1rem 1.25rem 3rem; color: var(--ink); background: var(--page);
  font-variant-numeric: tabular-nums
}
a { color: var(--link); text-decoration: none }
a:hover { text-decoration: underline }
h1 { font-size: 1.3rem; margin: 0; line-height: 1.25; overflow-wrap: anywhere }
h2 { font-size: 1.05rem; margin: 2rem 0 .6rem }
.top + .box, .banner + .box { margin-top: .9rem }
h3 { font-size: .95rem; margin: 1.1rem 0 .4rem }
p { margin: .3rem 0 }
small, .soft { color: var(--soft); font-size: .85rem }
.top {
  display: flex; flex-wrap: wrap; align-items: baseline; gap: .3rem 1.2rem; margin-bottom: .2rem
}
.links { display: flex; flex-wrap: wrap; gap: .15rem .9rem; font-size: .88rem; align-items: center }
.top .links { margin-left: auto }
.sum {
  display: flex; flex-wrap: wrap; gap: .4rem .5rem; margin: .8rem 0 1rem; padding: 0;
  list-style: none
}
.chip {
  display: inline-block; border-radius: 1rem; padding: .08rem .6rem; font-size: .8rem;
  font-weight: 600; white-space: nowrap; color: var(--idle); background: var(--idle-bg)
}
.bad .chip, .chip.bad { color: var(--bad); background: var(--bad-bg) }
.warn .chip, .chip.warn { color: var(--warn); background: var(--warn-bg) }
.good .chip, .chip.good { color: var(--good); background: var(--good-bg) }
.banner {
  border: 1px solid var(--rule); border-left: .3rem solid var(--warn); background: var(--card);
  border-radius: .4rem; padding: .6rem .9rem; margin: .8rem 0; overflow-wrap: anywhere
}
.banner.plain { border-left-color: var(--line) }
.lane {
  background: var(--card); border: 1px solid var(--rule); border-left: .3rem solid var(--idle);
  border-radius: .45rem; padding: .75rem .95rem; margin: 0 0 .6rem; display: grid;
  column-gap: 1.4rem; row-gap: .5rem; grid-template-columns: minmax(12rem, 1.15fr) 4fr
}
.lane.bad { border-left-color: var(--bad) }
.lane.warn { border-left-color: var(--warn) }
.lane.good { border-left-color: var(--good) }
.who { overflow-wrap: anywhere }
.who b { font-size: 1.02rem; margin-right: .35rem }
.figures {
  display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: .5rem 1.4rem; margin: 0
}
.figures.one { display: block }
.figures dt { color: var(--soft); font-size: .78rem }
.figures dd { margin: 0; font-size: 1.08rem; font-weight: 600 }
.figures dd small { font-weight: 400; font-size: .78rem }
.figures > div { min-width: 0 }
.said {
  grid-column: 1 / -1; font-size: .88rem; overflow-wrap: anywhere;
  border-top: 1px solid var(--rule); padding-top: .45rem; display: flex; flex-wrap: wrap;
  gap: .2rem 1.4rem; justify-content: space-between
}
.why { flex: 1 1 22rem }
.spark { display: block; width: 100%; height: 2.1rem; overflow: visible; margin-top: .1rem }
.spark path { fill: none; vector-effect: non-scaling-stroke }
.spark .line { stroke: var(--line); stroke-width: 1.6 }
.spark .beside { stroke: var(--soft); stroke-width: 1.3; stroke-dasharray: 3 3 }
.spark .limit { stroke: var(--bad); stroke-width: 1; stroke-dasharray: 2 4; opacity: .75 }
.spark .dot { stroke: var(--line); stroke-width: 5; stroke-linecap: round }
.spark .marked { stroke: var(--bad) }
.box > h3:first-child { margin-top: 0 }
.quiet {
  columns: 20rem; column-gap: 1.4rem; padding: 0; margin: .4rem 0; list-style: none;
  font-size: .9rem
}
.quiet li { break-inside: avoid; padding: .16rem 0; overflow-wrap: anywhere }
.charts {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: .9rem 1.6rem
}
.chart .spark { height: 6rem; border-bottom: 1px solid var(--rule) }
.chart .ends {
  display: flex; justify-content: space-between; color: var(--soft); font-size: .75rem
}
.box {
  background: var(--card); border: 1px solid var(--rule); border-radius: .45rem;
  padding: .9rem 1rem; margin: 0 0 .9rem
}
.box h2 { margin-top: 0 }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: .88rem }
th { color: var(--soft); font-weight: 500; font-size: .78rem; text-align: left }
th, td { padding: .28rem .9rem .28rem 0; border-bottom: 1px solid var(--rule); vertical-align: top }
td.n, th.n { text-align: right; white-space: nowrap }
td.when { white-space: nowrap }
td.note { min-width: 28rem; overflow-wrap: anywhere }
td.name { overflow-wrap: anywhere; min-width: 8rem }
tr:last-child td { border-bottom: 0 }
.bar {
  position: relative; height: .5rem; min-width: 5rem; background: var(--idle-bg);
  border-radius: .25rem; margin-top: .42rem; overflow: hidden
}
.bar i { position: absolute; inset: 0 auto 0 0; background: var(--line) }
.bar.over i { background: var(--bad) }
.bar u { position: absolute; top: 0; bottom: 0; width: 2px; background: var(--ink); opacity: .5 }
ul.plain { padding-left: 1.1rem; margin: .3rem 0 }
.decisions { list-style: none; padding: 0; margin: 0 }
.decisions li { padding: .35rem 0; border-bottom: 1px solid var(--rule); overflow-wrap: anywhere }
.decisions li:last-child { border-bottom: 0 }
summary { cursor: pointer; color: var(--link); font-size: .9rem }
form { display: inline }
button {
  font: inherit; font-size: .85rem; color: var(--link); background: none;
  border: 1px solid var(--rule); border-radius: .35rem; padding: .12rem .6rem; cursor: pointer
}
button:hover { border-color: var(--link) }
button:disabled { color: var(--soft); cursor: default }
@media (max-width: 52rem) {
  body { padding: .8rem .7rem 2rem }
  .lane { grid-template-columns: minmax(0, 1fr) }
  .top .links { margin-left: 0 }
}
@media (max-width: 34rem) {
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)) }
  .lane .figures dd small { display: block }
  .box { padding: .8rem }
}
"""
