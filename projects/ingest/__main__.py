"""`python -m projects.ingest SOURCE --out FOLDER`: a source becomes a folder of clean rows.

Exit codes: 0 the folder is there, 2 bad input (also: the plan waits for approval), 1 a failure of ours.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from projects.errors import BadInput
from projects.shell import run_command
from serving.settings import Settings

if TYPE_CHECKING:
    from projects.ingest.discover import Source
    from projects.ingest.ingested import Ingested


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command's line."""
    made = argparse.ArgumentParser(
        prog="python -m projects.ingest", description=(__doc__ or "").splitlines()[0]
    )
    made.add_argument(
        "source", nargs="+", help="a file, folder, glob, s3://bucket/prefix, sklearn:NAME or database URL"
    )
    made.add_argument("--out", type=Path, required=True, help="the folder for the clean rows")
    made.add_argument("--target", default="", help="the column to predict")
    made.add_argument("--table", default="", help="of a database: the table")
    made.add_argument("--query", default="", help="of a database: what to select")
    made.add_argument("--main-table", default="", help="of several tables: the one that gives the rows")
    made.add_argument(
        "--join", choices=("auto", "none"), default="auto", help="whether other tables are joined"
    )
    made.add_argument(
        "--duplicates", choices=("keep", "drop"), default="keep", help="what happens to repeated rows"
    )
    made.add_argument(
        "--approve", choices=("auto", "ask"), default="auto", help="ask waits for the plan's approval"
    )
    made.add_argument("--plan", type=Path, help="a corrected cleaning plan")
    made.add_argument("--json", action="store_true", help="print the result as one JSON object")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Ingest; return the exit code."""
    asked = parser().parse_args(arguments)

    def work(_: Settings) -> None:
        from projects.ingest.run import ingest
        from projects.requirement.sections import Cleaning, Tables

        say = (lambda line: print(line, file=sys.stderr, flush=True)) if asked.json else print
        done = ingest(
            _source(asked),
            asked.out,
            tables=Tables(main=asked.main_table or None, join=asked.join),
            cleaning=Cleaning(approve=asked.approve, duplicates=asked.duplicates),
            target=asked.target,
            plan=asked.plan,
            earlier=asked.out,
            say=say,
        )
        if asked.json:
            print(json.dumps(_told(done), ensure_ascii=False))

    return run_command(work)


def _source(asked: argparse.Namespace) -> "Source":
    from projects.requirement.sections import Database

    if asked.table and asked.query:
        raise BadInput("name a table or a query of the database, not both")
    if asked.table or asked.query:
        if len(asked.source) != 1:
            raise BadInput("a table or a query needs one source, the database's URL")
        return Database(url=asked.source[0], table=asked.table or None, query=asked.query or None)
    return asked.source[0] if len(asked.source) == 1 else tuple(asked.source)


def _told(done: "Ingested") -> dict[str, object]:
    return {
        "folder": str(done.folder),
        "name": done.name,
        "rows": done.rows,
        "columns": [
            {"name": column.name, "type": column.type, "missing": column.missing} for column in done.columns
        ],
        "sha256": done.sha256,
        "target": done.target,
        "tables": [{"name": t.name, "rows": t.rows, "role": t.role} for t in done.tables],
        "files": [fact.shown for fact in done.sources],
        "skipped": [{"file": entry.shown, "reason": entry.reason} for entry in done.skipped],
        "notices": list(done.notices),
    }


if __name__ == "__main__":
    sys.exit(main())
