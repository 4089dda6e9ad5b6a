"""The least that answers a prediction over HTTP: parse, score, write; no routing, no log, no metrics."""

import os
from pathlib import Path
from typing import Any

import orjson

from serving.plan.load import load_plan

PLAN = load_plan(Path(os.environ["BENCH_PLAN"]))
NAMES = [column.name for column in PLAN.columns]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    message = await receive()
    body = b"{}"
    if scope["method"] == "POST":
        records = orjson.loads(message["body"])["dataframe_records"]
        scores = PLAN.score([[record[name] for name in NAMES] for record in records])
        body = orjson.dumps({"predictions": scores.predictions})
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
