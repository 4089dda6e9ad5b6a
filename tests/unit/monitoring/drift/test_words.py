"""Text columns: Evidently's classifier, its area under the curve as a distance."""

import pandas as pd
import pytest
from evidently.legacy.utils.data_drift_utils import calculate_text_drift_score

from monitoring.drift.words import told_apart
from tests.unit.monitoring.drift.drift_frames import column, drift_of


@pytest.fixture(scope="module")
def tickets(shared_data) -> pd.DataFrame:
    rows = pd.read_csv(shared_data / "text" / "it_service_tickets.csv.gz", nrows=6_000)
    return rows.sample(frac=1.0, random_state=0)


def of_topic(tickets: pd.DataFrame, topic: str, count: int) -> list[str]:
    return tickets.loc[tickets["Topic_group"] == topic, "Document"].head(count).tolist()


def test_the_distance_is_evidentlys_area_under_the_curve(tickets):
    left, right = of_topic(tickets, "Hardware", 300), of_topic(tickets, "Access", 200)
    area, _ = calculate_text_drift_score(pd.Series(left), pd.Series(right), bootstrap=False)
    assert told_apart(left, right)[0] == pytest.approx(2 * area - 1)


def test_texts_of_the_same_kind_have_not_drifted(tickets):
    left, right = tickets[["Document"]].iloc[:2_000], tickets[["Document"]].iloc[2_000:3_000]
    found = column(drift_of(left, right), "Document")
    assert (found.kind, found.is_drifted) == ("text", False)


def test_texts_of_another_kind_have_drifted(tickets):
    left = tickets.loc[tickets["Topic_group"] != "Storage", ["Document"]]
    right = tickets.loc[tickets["Topic_group"] == "Storage", ["Document"]]
    assert column(drift_of(left, right), "Document").is_drifted


def test_p_values_of_the_same_kind_of_texts_are_not_small(tickets):
    texts = tickets["Document"].tolist()
    found = [told_apart(texts[at : at + 300], texts[at + 300 : at + 500]) for at in range(0, 5_500, 550)]
    assert sum(chance.p_value(distance) < 0.05 for distance, chance in found) <= 2


@pytest.mark.parametrize("texts", [[""] * 50, ["the of and"] * 50, ["same words here"] * 50])
def test_texts_without_words_to_learn_from_are_not_judged(texts):
    assert told_apart(texts, texts) is None


def test_too_few_texts_are_not_judged():
    assert told_apart(["some words"] * 100, ["other words"] * 5) is None
