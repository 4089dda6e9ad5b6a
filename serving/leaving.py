"""The log's last way to the bucket: a gateway that is scaled away may never come back to its folder.

Runs in gunicorn's own process once all workers have left, so that each has closed its segment.
"""

import json
import logging
import subprocess
import sys
from pathlib import Path

from serving.prediction_log import layout
from serving.prediction_log.bucket import Bucket
from serving.prediction_log.upload import waiting_files
from serving.settings import Settings

_logger = logging.getLogger(__name__)

LAST_S = 10.0
"""Who stops a gateway grants it this on top of its workers' time to drain."""


def hand_over(settings: Settings, last_s: float = LAST_S) -> int:
    """Seal what the workers left and copy it to the bucket; what stays behind is said in the log.

    Args:
        settings: Where the log is, and where its copy goes; without a bucket there is nothing to do.
        last_s: The time that it may take, in seconds.

    Returns:
        How many files of the log are not in the bucket.
    """
    folder = settings.prediction_log_dir
    if not (settings.log_s3_uri and folder.exists()):
        return 0
    why = _handed_over(last_s)
    left = _left(folder, Bucket(settings.log_s3_uri))
    if left:
        size_bytes = sum(path.stat().st_size for path in left)
        _logger.warning(
            "%d files of the prediction log, %d bytes, are not in %s as the gateway leaves: %s; they stay in "
            "'%s': start a gateway over this folder again, or run 'python -m serving.prediction_log upkeep'",
            len(left),
            size_bytes,
            settings.log_s3_uri,
            why,
            folder,
        )
    return len(left)


def _handed_over(last_s: float) -> str:
    """Do it in a process of its own, which can be ended; gives what was wrong."""
    command = [sys.executable, "-m", "serving.prediction_log", "upkeep", "--json", "--leaving", f"{last_s:g}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=last_s, check=False)
        report = json.loads(done.stdout) if done.stdout else {"problems": [done.stderr.strip()[-500:]]}
    except subprocess.TimeoutExpired:
        return f"{last_s:g} s were not enough"
    except (OSError, ValueError) as error:
        return str(error)
    if report is None:
        return "another process is keeping it up"
    return "; ".join(report["problems"])[:500]


def _left(folder: Path, bucket: Bucket) -> list[Path]:
    open_segments = [*layout.segments(folder), *layout.segments(layout.outcomes_dir(folder))]
    return [*open_segments, *waiting_files(folder, bucket)]
