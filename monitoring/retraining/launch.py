"""`python -m monitoring.retraining.launch FOLDER`: writes the labelled rows, then becomes `mlflow run`.

It is a process of its own, so that the monitor's rounds wait for nothing and its memory holds no rows. Exit
code 2 where there is nothing to train on.
"""

import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from monitoring.retraining.rows import LabelledRows, NoRowsError
from serving.prediction_log.bucket import BucketError
from serving.prediction_log.scan import Scanner

ASKED, WRITTEN, ROWS = "asked.json", "written.json", "rows.parquet"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a retraining is started with.

    Attributes:
        command: What this process becomes when the rows are written.
        project: The folder to run it in.
        log_folder: The prediction log.
        log_s3_uri: Its copy.
        model: The registered model.
        target: The name that labels get.
        learned_s: The champion has learned from what was predicted until then.
        late_s: How long after its prediction an outcome is waited for.
        most: The most rows.
        hidden: Columns to leave out.
    """

    command: list[str]
    project: str
    log_folder: str
    log_s3_uri: str
    model: str
    target: str
    learned_s: float
    late_s: float
    most: int
    hidden: list[str]


@dataclass(frozen=True, slots=True)
class Given:
    """The rows that a retraining was given.

    Attributes:
        rows: How many.
        cut_s: When the newest outcome among them came.
        left_out: Columns that the log does not hold as they were.
    """

    rows: int = 0
    cut_s: float = 0.0
    left_out: tuple[str, ...] = ()


def ask(folder: Path, asked: Asked) -> None:
    """Leave what is asked in a ticket's folder.

    Raises:
        OSError: It cannot be written.
    """
    (folder / ASKED).write_bytes(orjson.dumps(asked, option=orjson.OPT_INDENT_2))


def given(folder: Path) -> Given:
    """What a retraining was given; nothing where it did not come so far."""
    try:
        found = orjson.loads((folder / WRITTEN).read_bytes())
        return Given(int(found["rows"]), float(found["cut_s"]), tuple(found["left_out"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Given()


def main(folder: Path) -> int:
    """Write the rows and become the command; gives an exit code only where that failed."""
    asked = Asked(**orjson.loads((folder / ASKED).read_bytes()))
    code = _write(asked, folder)
    if code == 0:
        os.chdir(asked.project)
        os.execvp(asked.command[0], asked.command)  # noqa: S606 - the list is the monitor's own
    return code


def _write(asked: Asked, folder: Path) -> int:
    try:
        wrote = _rows(asked).write(
            folder / ROWS, target=asked.target, most=asked.most, hidden=frozenset(asked.hidden)
        )
    except NoRowsError as error:
        print(f"penstock: {error}", file=sys.stderr)
        return 2
    except (OSError, BucketError) as error:
        print(f"penstock: the labelled rows could not be written: {error}", file=sys.stderr)
        return 1
    written = asdict(Given(wrote.rows, wrote.cut_s, wrote.left_out))
    (folder / WRITTEN).write_bytes(orjson.dumps(written))
    return 0


def _rows(asked: Asked) -> LabelledRows:
    scanner = Scanner(Path(asked.log_folder), asked.log_s3_uri)
    return LabelledRows(scanner, asked.model, asked.learned_s, asked.late_s, time.time())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
