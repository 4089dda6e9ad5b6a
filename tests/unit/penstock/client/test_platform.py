"""What the platform's client sends."""

import pandas as pd

from penstock.client.platform import PlatformClient
from tests.unit.penstock.client.scripted_server import serving


def test_a_list_in_a_question_is_asked_value_by_value():
    with serving(lambda *_: (200, {}, {"jobs": []})) as server:
        assert PlatformClient(server.url).jobs(state=["running", "failed"]) == []
    assert "state=running&state=failed" in server.seen[0][1]


def test_a_frame_may_have_any_name():
    frame = pd.DataFrame({"size": [1, 2]})
    with serving(lambda *_: (200, {}, {"dataset_id": "d"})) as server:
        assert PlatformClient(server.url).upload_dataset(frame, name="2026/07") == {"dataset_id": "d"}
    assert b"2026/07" in server.seen[0][3]
    assert b'filename="table.parquet"' in server.seen[0][3]
