"""What is in a table, and what to do: `python -m projects.quality FOLDER_OR_PARQUET [--target X] [--json]`.

A folder of clean rows gets its report written anew; of a single Parquet file the findings are printed.
"""

import argparse
import json
import sys
from pathlib import Path

from projects.errors import BadInput
from projects.quality.markdown import markdown
from projects.quality.profile import profile
from projects.quality.report import as_dict, write_report


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 2 for what cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m projects.quality", description="Profile a table.")
    parser.add_argument("path", type=Path, help="a folder with rows.parquet, or a Parquet file")
    parser.add_argument("--target", default="", help="the column to predict")
    parser.add_argument("--json", action="store_true", help="print the whole profile as JSON")
    asked = parser.parse_args(arguments)
    try:
        print(_told(asked.path, asked.target, as_json=asked.json))
    except BadInput as error:
        print(f"penstock: {error}", file=sys.stderr)
        return 2
    return 0


def _told(path: Path, target: str, *, as_json: bool) -> str:
    title = f"Data quality: {path.resolve().stem}"
    is_folder = path.is_dir()
    found = write_report(path, target=target, title=title) if is_folder else profile(path, None, target)
    if as_json:
        return json.dumps(as_dict(found), ensure_ascii=False)
    written = f"\nthe report is {path / 'quality.html'}" if is_folder else ""
    return markdown(found, title) + written


if __name__ == "__main__":
    sys.exit(main())
