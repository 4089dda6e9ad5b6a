"""What the gateways have counted for each side of a test since it began."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.problems import Away
from serving.lifecycle.canary.counts import Counts, LaneName, read_counts
from serving.lifecycle.canary.gateways import read_all
from serving.lifecycle.errors import LifecycleError

if TYPE_CHECKING:
    from penstock.desk import Desk

_TYPES = ("# TYPE penstock_requests", "# TYPE penstock_request_seconds")


def counts_of(desk: "Desk", lanes: Sequence[LaneName]) -> Mapping[LaneName, Counts]:
    """The counts of some lanes, of all gateways together.

    Raises:
        Away: A gateway does not answer: what it counted would be missing.
    """
    totals = dict.fromkeys(lanes, Counts())
    for text in metrics_texts(desk):
        for lane, counts in read_counts(_of_lanes(text, lanes), lanes).items():
            totals[lane] = totals[lane].plus(counts)
    return totals


def metrics_texts(desk: "Desk") -> list[str]:
    """The text of each gateway's `/metrics`: of those that the settings name, else of this machine's.

    Raises:
        Away: One does not answer.
    """
    settings = desk.settings
    addresses = settings.gateway_metrics.replace(",", " ").split()
    if addresses:
        try:
            return list(read_all(settings, addresses, _key(settings.gateway_metrics_key_file)).values())
        except (LifecycleError, OSError) as error:
            raise Away(str(error)) from error
    headers = [(name.encode(), value.encode()) for name, value in desk.gateway_key.headers().items()]
    told = desk.gateway.call("GET", "/metrics", headers=headers)
    if told.status != 200:
        raise Away(f"the gateway answered {told.status} for its counts; check gateway_status_doors")
    return [told.body.decode()]


def _key(path: str) -> str:
    return Path(path).read_text(encoding="utf-8").strip() if path else ""


def _of_lanes(text: str, lanes: Iterable[LaneName]) -> str:
    """The lines that are about some variants: a whole exposition takes the parser a hundred times as long."""
    needles = [f'variant="{lane.variant}"' for lane in lanes]
    lines = [
        line
        for line in text.splitlines()
        if line.startswith(_TYPES) or any(needle in line for needle in needles)
    ]
    return "\n".join([*lines, ""])
