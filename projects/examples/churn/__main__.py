"""`python -m projects.examples.churn generate FILE`: a raw file of synthetic customers with ticket notes."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from projects.errors import BadInput
from projects.examples.churn.customers import generate_customers
from projects.examples.churn.written import write_table


def main(words: Sequence[str] | None = None) -> int:
    """Write the customers; return the exit code."""
    line = argparse.ArgumentParser(prog="python -m projects.examples.churn")
    generate = line.add_subparsers(dest="command", required=True).add_parser(
        "generate", help="write synthetic customers with ticket notes as CSV"
    )
    generate.add_argument("file", type=Path, help="the CSV file to write")
    generate.add_argument("--rows", type=int, default=5000, help="how many customers")
    generate.add_argument("--seed", type=int, default=0, help="the same seed makes the same customers")
    asked = line.parse_args(words)
    try:
        made = generate_customers(asked.rows, asked.seed)
        write_table(made.frame, asked.file)
    except BadInput as error:
        print(f"penstock: {error}", file=sys.stderr)
        return 2
    share = made.frame["churn"].mean()
    print(
        f"{asked.rows:,} synthetic customers in {asked.file}, of whom {share:.0%} leave; none of them exists"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
