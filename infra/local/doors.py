"""The doors of the local stack: waiting until they open, and the page that names them."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from infra.local.project import GuideError
from serving.callers.administrator import read_administrator
from serving.settings import Settings

START_LIMIT_S = 180.0
PAUSE_S = 0.25
MAKE_KEY = "-m serving.keys make guide --actions predict,read --days 0.05 --json"


def wait_for(
    url: str,
    name: str,
    limit_s: float = START_LIMIT_S,
    is_enough: Callable[[dict[str, Any]], bool] | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Poll a URL until it answers 200 with a JSON object that is enough, and return that.

    Raises:
        GuideError: It did not answer within the limit.
    """
    last = "no answer"
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        try:
            request = urllib.request.Request(url, headers=headers or {})
            with urllib.request.urlopen(request, timeout=5) as answer:
                last = answer.read().decode("utf-8", "replace")
                found = _json_object(last)
                if is_enough is None or is_enough(found):
                    return found
        except urllib.error.HTTPError as error:
            last = error.read().decode("utf-8", "replace")
        except OSError as error:
            last = str(error)
        time.sleep(PAUSE_S)
    raise GuideError(
        f"{name} did not answer at {url} within {limit_s:.0f} s; the last answer was: {last[:500]}"
    )


def _json_object(body: str) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def credentials(settings: Settings) -> dict[str, str]:
    """The headers with which the guide comes to the gateway: as MLflow's administrator, or with a key.

    Raises:
        GuideError: No key could be made.
    """
    if settings.gateway_auth == "keys":
        return {"Authorization": f"Bearer {made_key()}"}
    if settings.gateway_auth != "mlflow" or not settings.mlflow_admin_file:
        return {}
    name, password = read_administrator(Path(settings.mlflow_admin_file))
    return {"Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}


@cache
def made_key() -> str:
    """A key of this process's own, which ends after an hour; gateways know it within two seconds.

    Raises:
        GuideError: It could not be made.
    """
    done = subprocess.run([sys.executable, *MAKE_KEY.split()], check=False, capture_output=True, text=True)
    if done.returncode:
        raise GuideError(f"the gateway asks for a key, and none could be made: {done.stderr.strip()}")
    return str(json.loads(done.stdout)["key"])


def console_url(settings: Settings) -> str:
    """Where the console and the platform API answer."""
    return f"http://{settings.host}:{settings.api_port}"


def gateway_url(settings: Settings) -> str:
    """Where the gateway answers."""
    return f"http://{settings.host}:{settings.gateway_port}"


def wait_for_model(settings: Settings, name: str, variants: set[str]) -> dict[str, Any]:
    """Wait until the gateway serves these variants of a model, and return its description."""

    def is_served(model: dict[str, Any]) -> bool:
        return variants <= {variant["name"] for variant in model.get("variants", []) if variant["version"]}

    url = f"{gateway_url(settings)}/models/{urllib.parse.quote(name)}"
    return wait_for(url, "the gateway", is_enough=is_served, headers=credentials(settings))


def directory(settings: Settings, model: dict[str, Any], experiment_id: str) -> str:
    """Say what is where, with a line that predicts when pasted.

    Args:
        settings: The ports.
        model: What the gateway says of the model.
        experiment_id: MLflow's experiment of the trainings.
    """
    name = model["name"]
    served = "\n".join(f"    {_share(variant)}" for variant in model["variants"])
    ui = settings.tracking_uri
    nobody = f"nobody: promote a version (python -m serving.lifecycle promote {name} VERSION)"
    return f"""
  console      {console_url(settings)}   (projects, data, jobs, models; the API's pages: /docs)
  MLflow UI    {ui}
    the runs   {ui}/#/experiments/{experiment_id}/runs?workflowType=machine_learning
    the stages {ui}/#/models/{urllib.parse.quote(name)}   (switch "New model registry UI" off)
  gateway      {gateway_url(settings)}   (predictions, /models, /metrics)
  monitor      http://{settings.host}:{settings.monitor_port}   (drift, /metrics)
  files        {settings.var_dir.absolute()}   (logs in log/)

  {name} is served by
{served}

  Ask it for a prediction:
  {model["curl"] or nobody}{_signing_in(settings)}

  For `mlflow run` and other clients of this MLflow:
  export MLFLOW_TRACKING_URI={ui}
"""


def _signing_in(settings: Settings) -> str:
    users = f"""

  Every door asks who you are: MLflow's users, and service keys of the console's.
  The administrator's name and password are in {settings.mlflow_admin_file}; users are made in the console.
  curl asks for the password itself with   --user NAME"""
    keys = """

  The gateway asks for a key, and for nothing else; this makes one:
  .venv/bin/python -m serving.keys make NAME
  curl shows it with   --oauth2-bearer KEY"""
    return ("" if settings.auth == "off" else users) + (keys if settings.gateway_auth == "keys" else "")


def _share(variant: dict[str, Any]) -> str:
    if not variant["version"]:
        return f"{variant['name']}: no version yet"
    return f"{variant['name']}: version {variant['version']}, {variant['weight']:g} % of the traffic"
