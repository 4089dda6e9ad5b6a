"""An outcome's label arrives as it was sent."""

import json

import pytest

from penstock.api.predictions import Outcome


@pytest.mark.parametrize("label", [12345678901234567, 1, 1.5, True, "1", None])
def test_a_label_keeps_its_value_and_type(label):
    body = json.dumps({"prediction_id": "p", "label": label})
    assert repr(Outcome.model_validate_json(body).label) == repr(label)
