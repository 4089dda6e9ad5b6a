"""What was found unused is removed: runs and models by MLflow's own garbage collector, the rest as files.

`mlflow gc` itself takes all deleted runs, models and experiments, whatever versions use of them; so its core
is called with lists, in a process of its own.
"""

import json
import subprocess
import sys
from collections.abc import Sequence

from penstock.backup.databases import Place
from penstock.backup.rooms import Room
from penstock.problems import Away
from penstock.tidying.unused import Find

_COLLECT = """
import json, sys
from mlflow import set_tracking_uri
from mlflow.cli import _gc_tracking_resources
from mlflow.tracking import _get_store
uri, tracking, runs, models = json.loads(sys.stdin.read())
set_tracking_uri(tracking)
store = _get_store(uri, None)
known = set(store._get_deleted_logged_models())
for model in models:
    if model not in known:
        store.delete_logged_model(model)
_gc_tracking_resources(store, runs, [], models, None, 0, skip_experiments=True, skip_logged_models=False)
"""


def remove(found: Sequence[Find], mlflow: Place, artifacts: Room, jobs: Room, *, tracking_uri: str) -> int:
    """Remove finds, and give how many bytes they took.

    Args:
        found: What `unused` and `unknown_jobs` found just now.
        mlflow: MLflow's database.
        artifacts: Where its artefacts are.
        jobs: Where jobs' folders are.
        tracking_uri: MLflow's server, which removes artefacts that it serves.

    Raises:
        Away: MLflow or a place refuses; what was removed until then stays so.
    """
    of = {kind: [find for find in found if find.kind == kind] for kind in ("run", "model", "orphan", "job")}
    if of["run"] or of["model"]:
        told = [
            _with_driver(mlflow.url), tracking_uri,
            [find.name for find in of["run"]], [find.name for find in of["model"]],
        ]  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", _COLLECT],
            input=json.dumps(told),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["no reason given"])[-1][:300]
            raise Away(f"MLflow's garbage collector refused: {said}; see that MLflow's server runs")
    try:
        for room, finds in ((artifacts, of["orphan"]), (jobs, of["job"])):
            room.remove(path for find in finds for path in find.paths)
    except OSError as error:
        raise Away(f"files could not be removed: {error}; see that the place can be written to") from error
    return sum(find.size_bytes for find in found)


def _with_driver(url: str) -> str:
    from serving.lifecycle.engines import parsed

    return parsed(url).render_as_string(hide_password=False)
