"""Requests in the gateway's and the platform's own shapes, and answers a row."""

import json
import threading
import time

import numpy as np
import pandas as pd
import pytest

from penstock import PredictionClient
from penstock.client.errors import Refused
from penstock.client.transport import encoded
from tests.unit.penstock.client.scripted_server import serving


def gateway(server, path, headers, body):
    """Answer each row with its `x`."""
    if path == "/feedback":
        return 200, {}, {"accepted": len(json.loads(body)), "rejected": []}
    split = json.loads(body)["dataframe_split"]
    found = [row[split["columns"].index("x")] for row in split["data"]]
    headers = {
        "X-Prediction-Id": f"id{found[0]}",
        "X-Penstock-Version": "3",
        "X-Penstock-Variant": "champion",
    }
    return 200, headers, {"predictions": found, "probabilities": [[0.5, 0.5]] * len(found)}


def platform(server, path, headers, body):
    asked = json.loads(body)
    if path == "/api/ml/feedback":
        return 200, {}, {"accepted": 0, "rejected": [{"index": 0, "message": "there is no such prediction"}]}
    rows = asked["features"]
    return 200, {}, {
        "status": "success", "model_id": "M", "prediction": [row["x"] for row in rows],
        "prediction_proba": None, "prediction_id": "P", "variant": "v",
    }  # fmt: skip


@pytest.mark.parametrize("rows", [{"x": 1}, [{"x": 1}], pd.DataFrame({"x": [1]})])
def test_a_row_may_be_a_mapping_a_list_or_a_frame(rows):
    with serving(gateway) as server, PredictionClient(server.url) as client:
        found = client.predict("churn", rows)
    assert found.predictions == [1]
    assert found.prediction_ids == ["id1"]
    assert (found.versions, found.variants) == (["3"], ["champion"])


def test_names_are_quoted_and_users_sticky():
    with serving(gateway) as server, PredictionClient(server.url, user_id="anna") as client:
        client.predict("my model/é", {"x": 1})
        client.predict("m", {"x": 1}, user_id="bob")
        assert server.seen[0][1] == "/models/my%20model%2F%C3%A9/invocations"
        assert [seen[2]["x-user-id"] for seen in server.seen] == ["anna", "bob"]


def test_rows_with_other_columns_share_a_table():
    with serving(gateway) as server, PredictionClient(server.url) as client:
        client.predict("m", [{"x": 1}, {"x": 2, "y": "a"}])
        assert json.loads(server.seen[0][3])["dataframe_split"]["data"] == [[1, None], [2, "a"]]


def test_many_rows_come_back_in_order_over_several_connections():
    def slow(server, path, headers, body):
        at = json.loads(body)["dataframe_split"]["data"][0][0]
        time.sleep(0.05 if at % 20 == 0 else 0)
        return gateway(server, path, headers, body)

    with serving(slow) as server, PredictionClient(server.url, connections=4) as client:
        found = client.predict_many("m", [{"x": at} for at in range(95)], batch_size=10)
        assert found.predictions == list(range(95))
        assert len(found) == len(found.prediction_ids) == len(found.probabilities) == 95
        assert len(server.seen) == 10
    assert found.prediction_ids[10:12] == ["id10-0", "id10-1"]


def test_one_refused_batch_refuses_all():
    def picky(server, path, headers, body):
        if b"13" in body:
            return 400, {}, {"error_code": "BAD_REQUEST", "message": "row 3 has no number"}
        return gateway(server, path, headers, body)

    rows = [{"x": at} for at in range(30)]
    with (
        serving(picky) as server,
        PredictionClient(server.url) as client,
        pytest.raises(Refused, match="row 3 has no number"),
    ):
        client.predict_many("m", rows, batch_size=10)


def test_a_client_is_for_several_threads():
    found = {}
    with serving(gateway) as server, PredictionClient(server.url, connections=3) as client:
        threads = [
            threading.Thread(target=lambda at=at: found.setdefault(at, client.predict("m", {"x": at})))
            for at in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {at: answer.predictions for at, answer in found.items()} == {at: [at] for at in range(8)}


def test_feedback_bears_its_time_so_that_it_may_be_repeated():
    dropped = []

    def lossy(server, path, headers, body):
        if not dropped:
            dropped.append(body)
            return None
        return gateway(server, path, headers, body)

    with serving(lossy) as server, PredictionClient(server.url, now_s=lambda: 5.0) as client:
        client.feedback("id1", label="yes")
        assert server.seen[0][3] == server.seen[1][3]
        assert json.loads(server.seen[1][3]) == [{"ts": 5.0, "prediction_id": "id1", "label": "yes"}]


def test_the_platform_is_asked_by_id_or_by_test():
    with serving(platform) as server, PredictionClient(server.url, through="platform") as client:
        found = client.predict("0198c0de-0000-7000-8000-000000000000", [{"x": 1}, {"x": 2}])
        client.predict("summer", {"x": 1}, user_id="u")
        bodies = [json.loads(seen[3]) for seen in server.seen]
    assert found.prediction_ids == ["P-0", "P-1"]
    assert found.probabilities is None
    assert bodies[0]["model_id"].startswith("0198c0de")
    assert bodies[1] == {"ab_test_name": "summer", "features": [{"x": 1}], "user_id": "u"}


def test_an_outcome_that_was_not_taken_is_told():
    with (
        serving(platform) as server,
        PredictionClient(server.url, through="platform") as client,
        pytest.raises(Refused, match="outcome 0 was not taken: there is no such prediction"),
    ):
        client.feedback("nope", label=1)


@pytest.mark.parametrize("rows", ["x", 5, [], [1, 2]])
def test_what_is_no_row_is_told(rows):
    with pytest.raises(ValueError, match="row"):
        PredictionClient().predict("m", rows)


@pytest.mark.parametrize(
    ("user", "sent"),
    [("Jörg", "Jörg"), ("東京 7", "東京 7"), (0, "0"), (" ann ", "ann"), ("", None), (None, None)],
)
def test_a_user_is_the_same_by_both_doors(user, sent):
    told = {}

    def noting(server, path, headers, body):
        told["gateway"] = headers.get("x-user-id")
        return gateway(server, path, headers, body)

    def asked(server, path, headers, body):
        told["platform"] = json.loads(body).get("user_id")
        return platform(server, path, headers, body)

    with serving(noting) as server, PredictionClient(server.url) as client:
        client.predict("m", {"x": 1}, user_id=user)
    with serving(asked) as server, PredictionClient(server.url, through="platform") as client:
        client.predict("t", {"x": 1}, user_id=user)
    on_the_wire = None if sent is None else sent.encode().decode("latin-1")
    assert told == {"gateway": on_the_wire, "platform": sent}


def test_a_user_who_cannot_stand_in_a_header_is_refused():
    with pytest.raises(ValueError, match="must be printable"):
        PredictionClient(user_id="ann\r\nX-Other: 1")


def test_missing_values_and_arrays_become_json():
    row = {"a": pd.NA, "b": np.array([1.0, np.nan]), "c": pd.NaT, "d": np.float32(2)}
    assert json.loads(encoded(row)) == {"a": None, "b": [1.0, None], "c": None, "d": 2.0}


def test_a_name_like_an_id_is_a_test_all_the_same():
    told = []

    def noting(server, path, headers, body):
        told.append(json.loads(body))
        return platform(server, path, headers, body)

    with serving(noting) as server, PredictionClient(server.url, through="platform") as client:
        client.predict("the-4-marks-long-name-of-a-certain-x", {"x": 1})
        client.predict("6a7c9d04-870a-5720-bf35-8c29e3658cbd", {"x": 1})
    assert ["ab_test_name" in each for each in told] == [True, False]
