"""The look of the quality page: one column on a phone, dark where the reader's machine is."""

STYLE = """
:root{--p:#fff;--q:#f5f6f8;--t:#1b1f24;--u:#59636e;--l:#d8dee4;--a:#2f6fb3;--r:#b3261e;--y:#8a5a00;
--g:#3d6b4f;--rb:#fdecea;--yb:#fff4db;--gb:#e9f3ec}
@media(prefers-color-scheme:dark){:root{--p:#14171b;--q:#1d2127;--t:#e6e9ec;--u:#9aa4ae;--l:#343b43;--a:#6ea8dc;
--r:#ff9d94;--y:#f0c36d;--g:#93cfa8;--rb:#3a1f1d;--yb:#352a14;--gb:#1c2e23}}
*{box-sizing:border-box}
body{margin:0;background:var(--p);color:var(--t);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1120px;margin:0 auto;padding:24px 20px 48px}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 16px;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:36px 0 12px;overflow-wrap:anywhere}
h3{font-size:1rem;margin:20px 0 8px;overflow-wrap:anywhere}
small{color:var(--u);font-weight:400;font-size:.8rem}
p{margin:0}
dl{margin:0}dd{margin:0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px}
.tiles div{background:var(--q);border-radius:8px;padding:12px 14px;min-width:0}
.tiles dt{color:var(--u);font-size:.8rem}
.tiles dd{font-size:1.35rem;font-weight:600;line-height:1.3;overflow-wrap:anywhere}
.tiles dd.x{font-size:.8rem;font-weight:400;color:var(--u)}
.f{list-style:none;margin:0;padding:0;display:grid;gap:8px}
.f li{border-left:4px solid;border-radius:6px;padding:9px 14px;overflow-wrap:anywhere;background:var(--q)}
.f .high{border-color:var(--r);background:var(--rb)}
.f .medium{border-color:var(--y);background:var(--yb)}
.f .low{border-color:var(--g)}
.f li:target{outline:2px solid var(--a)}
.do{color:var(--u);font-size:.9rem;margin-top:2px}
.good{background:var(--gb);border-radius:6px;padding:10px 14px}
.s{font-size:.72rem;font-weight:600;padding:2px 8px;border-radius:99px;text-decoration:none;
white-space:nowrap;vertical-align:2px;margin-right:3px}
.s.high{color:var(--r);background:var(--rb)}.s.medium{color:var(--y);background:var(--yb)}
.s.low{color:var(--g);background:var(--gb)}.s.target{color:var(--p);background:var(--a)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(310px,1fr));gap:14px}
article{border:1px solid var(--l);border-radius:10px;padding:12px 16px 14px;min-width:0;display:flex;
flex-direction:column;gap:8px}
article h3{margin:0}
article dl{display:grid;grid-template-columns:auto 1fr;gap:1px 12px;font-size:.85rem}
article dt{color:var(--u)}
article dd{text-align:right;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
.h{width:100%;height:auto;display:block}
.h rect{fill:var(--a)}.h path{stroke:var(--l)}.h text{fill:var(--u);font-size:11px}
.m{position:relative;background:var(--q);border-radius:4px;font-size:.78rem;padding:1px 8px;overflow:hidden}
.m i{position:absolute;inset:0 auto 0 0;background:var(--y);opacity:.3}.m span{position:relative}
.bars{list-style:none;margin:0;padding:0;display:grid;gap:4px 10px;font-size:.85rem;align-items:center;
grid-template-columns:fit-content(45%) minmax(40px,1fr) auto}
.bars li{display:contents}
.bars .l{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bars .b{background:var(--q);border-radius:3px;height:12px}
.bars i{display:block;height:12px;border-radius:3px;background:var(--a);min-width:1px}
.bars .v{color:var(--u);text-align:right;font-variant-numeric:tabular-nums}
section>.bars{max-width:720px}
.note{color:var(--u);font-size:.85rem;overflow-wrap:anywhere}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.85rem;width:100%}
th,td{text-align:left;padding:3px 12px 3px 0;border-bottom:1px solid var(--l)}
footer{margin-top:36px;color:var(--u);font-size:.8rem;border-top:1px solid var(--l);padding-top:12px}
@media(max-width:480px){main{padding:16px 14px 40px}.tiles{grid-template-columns:1fr 1fr}
.cards{grid-template-columns:1fr}}
@media print{article,.f li{break-inside:avoid}}
"""
