"""A real training on a live stack: followed from a prediction to its file and back, then removed."""

import json
import re
import time
import uuid
from pathlib import Path

import pandas as pd
import pytest

from tests.service.platform_fixtures import run_platform
from tests.service.training_fixtures import write_shop

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def platform(mlflow_server, tmp_path_factory):
    var_dir = tmp_path_factory.mktemp("journey")
    with run_platform(mlflow_server.uri, var_dir, with_gateway=True, log_segment_s=1) as running:
        yield running


def done(answer):
    assert answer.status == 200, answer.body
    return answer.json()


class Story:
    """What a person did."""

    def __init__(self, platform, folder):
        file = Path(write_shop(folder, "kept"))
        self.dataset = platform.dataset(file, target_column="kept")
        asked = {"dataset_id": self.dataset, "task_type": "classification", "algorithm": "logistic"}
        self.job = done(platform.post("/api/ml/models/train", asked))["job_id"]
        assert platform.wait_for_job(self.job)["status"] == "completed"
        self.name = f"shop {uuid.uuid4().hex[:6]}"
        wanted = {"training_job_id": self.job, "model_name": self.name, "promote_to_production": True}
        self.model = done(platform.post("/api/ml/models/deploy", wanted))["model_id"]
        (row,) = json.loads(pd.read_csv(file).iloc[[1]].to_json(orient="records"))
        self.features = {name: value for name, value in row.items() if name != "kept"}
        self.predictions = [self._predicted(platform) for _ in range(3)]

    def _predicted(self, platform):
        asked = {"model_id": self.model, "features": self.features, "user_id": "customer-17"}
        deadline = time.monotonic() + 120
        while True:
            answer = platform.post("/api/ml/models/predict", asked)
            if answer.status in (200, 422) or time.monotonic() > deadline:
                assert answer.status == 200, answer.body
                return answer.json()["prediction_id"]
            time.sleep(0.5)


@pytest.fixture(scope="module")
def story(platform, tmp_path_factory):
    return Story(platform, tmp_path_factory.mktemp("shop"))


def test_a_prediction_leads_to_the_commit_the_file_and_the_person(platform, story):
    found = done(platform.get(f"/api/ml/lineage/predictions/{story.predictions[0]}"))
    origin = found["origin"]
    assert origin["version"]["model_id"] == story.model
    assert re.fullmatch("[0-9a-f]{40}", origin["run"]["git_commit"])
    assert (origin["run"]["entry_point"], origin["job"]["job_id"]) == ("train", story.job)
    (dataset,) = origin["datasets"]
    assert (dataset["dataset_id"], dataset["files"][0]["sha256"]) == (story.dataset, dataset["sha256"])
    assert dataset["owner"]
    assert [step["name"] for step in dataset["steps"]]
    assert "promote" in [event["action"] for event in origin["events"]]
    assert found["notices"] == []


def test_the_file_leads_to_its_predictions(platform, story):
    sha256 = done(platform.get(f"/api/ml/lineage/models/{story.model}"))["datasets"][0]["sha256"]
    found = done(platform.get(f"/api/ml/lineage/datasets/{sha256}"))
    (touched,) = [each for each in found["touched"] if each["version"]["model_id"] == story.model]
    assert touched["predictions"] == 3
    page = platform.get(f"/api/ml/lineage/datasets/{sha256}/models/{story.model}/predictions?limit=2")
    rest = platform.get(page.headers["link"].partition(">")[0][1:])
    ids = [each["prediction_id"] for each in done(page) + done(rest)]
    assert sorted(ids) == sorted(story.predictions)


def test_who_did_it_is_in_the_trail_which_holds(platform, story):
    actions = [entry["action"] for entry in done(platform.get("/api/ml/audit?limit=1000&source=audit"))]
    assert {"dataset.upload", "job.submit", "model.train", "model.deploy", "lineage.read"} <= set(actions)
    verdict = done(platform.get("/api/ml/audit/verify"))
    assert (verdict["is_intact"], verdict["problem"]) == (True, None)


def test_what_depends_on_the_data_set_stops_its_removal(platform, story):
    refused = platform.call("DELETE", f"/api/ml/datasets/{story.dataset}")
    error = refused.json()["error"]
    assert (refused.status, error["code"]) == (409, "has_dependents")
    (version,) = error["details"]["versions"]
    assert (version["model_id"], version["stage"], version["predictions"]) == (story.model, "Production", 3)


def test_a_customers_records_are_found_and_removed_until_none_is_left(platform, story):
    asked = {"user_id": "customer-17", "model": story.name}
    assert done(platform.post("/api/ml/people-records/find", asked))["predictions"] == 3
    done(platform.post("/api/ml/people-records/remove", asked))
    deadline = time.monotonic() + 240
    while done(platform.post("/api/ml/people-records/find", asked))["predictions"]:
        assert time.monotonic() < deadline, platform.logs()
        time.sleep(1)
    assert platform.get(f"/api/ml/lineage/predictions/{story.predictions[0]}").status == 404


def test_force_removes_the_data_set_and_its_lineage_stays(platform, story):
    done(platform.call("DELETE", f"/api/ml/datasets/{story.dataset}?force=true"))
    assert platform.get(f"/api/ml/datasets/{story.dataset}").status == 404
    (dataset,) = done(platform.get(f"/api/ml/lineage/models/{story.model}"))["datasets"]
    assert (dataset["removed_s"] > 0, len(dataset["files"])) == (True, 1)
    left = list((platform.var_dir / "projects").rglob(f"*{story.dataset}*"))
    assert left == []
