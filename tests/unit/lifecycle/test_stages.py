import pytest

from serving.lifecycle.errors import InvalidMoveError
from serving.lifecycle.stages import promotion_target


@pytest.mark.parametrize(("given", "stage"), [("production", "Production"), (" Staging ", "Staging")])
def test_a_stage_is_known_in_any_case(given, stage):
    assert promotion_target(given) == stage


@pytest.mark.parametrize("stage", ["Archived", "None", "", "prod"])
def test_another_stage_is_no_promotion(stage):
    with pytest.raises(InvalidMoveError, match=f"is promoted to Staging or Production, not to '{stage}'"):
        promotion_target(stage)
