"""`python -m infra.scaling --calls 1e8 --models 10000`: what a load takes, and which part breaks first."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from infra.scaling.breaking import worn
from infra.scaling.capacity import Asked, Needed, needed
from infra.scaling.measured import Measured, figures
from infra.scaling.targets import TARGETS

BEGIN, END = "```text\n", "```\n"
CALLS, MODELS = (1e6, 1e8, 1e10), (100, 10_000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table of one load, or of the six of SCALING.md."""
    line = _line()
    asked = line.parse_args(arguments)
    if asked.calls <= 0 or asked.models <= 0 or asked.peak < 1 or not 0 < asked.load < 1:
        line.error("calls and models must be above 0, the peak at least 1, the load between 0 and 1")
    try:
        measured = replace(Measured(), **dict(_given(one) for one in asked.measured))
    except ValueError as error:
        line.error(str(error))
    loads = [
        Asked(calls, models, asked.peak, asked.load, forwards=asked.forwards, poll_s=asked.poll)
        for calls in ((asked.calls,) if asked.calls != ALL else CALLS)
        for models in ((asked.models,) if asked.models != ALL else MODELS)
    ]
    table = "\n".join([*_inputs(measured), "", *_needs(loads, measured), "", *_breaks(loads, measured)])
    sys.stdout.write(f"{table}\n")
    if asked.into is not None:
        asked.into.write_text(written(asked.into.read_text(encoding="utf-8"), table), encoding="utf-8")
    return 0


def written(document: str, table: str) -> str:
    """A document with the table in its first block of text."""
    before, _, rest = document.partition(BEGIN)
    return f"{before}{BEGIN}{table}\n{END}{rest.partition(END)[2]}"


ALL = 0.5
"""Stands for the loads of SCALING.md."""


def _line() -> argparse.ArgumentParser:
    line = argparse.ArgumentParser(prog="python -m infra.scaling", description=__doc__)
    line.add_argument("--calls", type=float, default=ALL, help="a day; by default 1e6, 1e8 and 1e10")
    line.add_argument("--models", type=float, default=ALL, help="in traffic; by default 100 and 10,000")
    line.add_argument("--peak", type=float, default=3.0, help="the peak's rate over the day's mean")
    line.add_argument("--load", type=float, default=0.7, help="the part of a core that is used at the peak")
    line.add_argument("--poll", type=float, default=1.0, help="seconds between a gateway's polls")
    line.add_argument("--forwards", action="store_true", help="gateways forward to model servers")
    line.add_argument("--into", type=Path, help="a document whose first block of text gets the table")
    line.add_argument("measured", nargs="*", metavar="NAME=VALUE", help="a figure of another machine")
    return line


def _given(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    known = [each.name for each in fields(Measured)]
    if name not in known:
        raise ValueError(f"no input is called '{name}'; there are {', '.join(known)}")
    return name, float(value)


def _inputs(measured: Measured) -> list[str]:
    rows = [f"  {name:<18}{value:>12,g}  {unit} ({bench})" for name, value, unit, bench in figures(measured)]
    targets = [
        f"  {one.workload:<18}{one.in_flight:>12,g}  in flight a replica, {one.least} to {one.most} replicas"
        for one in TARGETS
    ]
    return ["measured:", *rows, "autoscaling:", *targets]


def _needs(loads: Sequence[Asked], measured: Measured) -> list[str]:
    found = [needed(one, measured) for one in loads]
    head = f"  {'calls a day':<22}" + "".join(f"{one.calls:>16,.0f}" for one in loads)
    lines = [head, f"  {'models':<22}" + "".join(f"{one.models:>16,.0f}" for one in loads)]
    for each in fields(Needed):
        cells = "".join(f"{float(getattr(one, each.name)):>16,.4g}" for one in found)
        lines.append(f"  {each.name:<22}{cells}")
    return ["needed:", *lines]


def _breaks(loads: Sequence[Asked], measured: Measured) -> list[str]:
    lines = ["beyond what it bears, the worst first:"]
    for one in loads:
        broken = [found for found in worn(one, needed(one, measured)) if found[2] > 1]
        lines.append(
            f"  {one.calls:,.0f} calls a day, {one.models:,.0f} models:{'' if broken else ' nothing'}"
        )
        lines += [
            f"    {part.name}: {asks:,.4g} {part.unit}, it bears {part.bears:,g} -> {part.instead}"
            for part, asks, _ in broken
        ]
    return lines


if __name__ == "__main__":
    sys.exit(main())
