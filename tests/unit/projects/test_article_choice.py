"""What free text becomes is chosen once, on rows that are learned from; every style finds its fits kept."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from projects.article_choice import with_articles
from projects.problem import read_problem
from projects.progress import Progress
from projects.read_text import tags_of
from projects.text.inside import extractors_in
from tests.unit.projects.problem_fixtures import read_table

ROWS = 240
ASKED = "features.text.configuration=conservative; split.folds=3; tuning.seconds=1"
THINGS = {"bank": ("shares", "profit", "interest"), "health": ("virus", "doctor", "vaccine")}


def news(rows=ROWS):
    rng = np.random.default_rng(5)
    labels = rng.choice(list(THINGS), rows)
    texts = [
        f"the {rng.choice(THINGS[label])} of {chr(97 + n % 26)}{chr(97 + n // 26)} was seen by us today"
        for n, label in enumerate(labels)
    ]
    return pd.DataFrame({"note": texts, "size": rng.normal(size=rows), "level": labels})


@pytest.fixture(scope="module")
def lines():
    return []


@pytest.fixture(scope="module")
def problem(tmp_path_factory, lines):
    table = read_table(tmp_path_factory.mktemp("news"), "level", frame=news(), set=ASKED)
    return with_articles(read_problem(table), Progress(3, write=lines.append))


def fitted(problem, style, fold=0):
    at = problem.rows.folds[fold][0]
    return Pipeline(problem.prepare(style)).fit(problem.rows.X.iloc[at], problem.rows.y[at])


def extractor(pipeline):
    return next(extractors_in(pipeline))


def test_a_person_is_told(problem, lines):
    said = "".join(lines)
    assert problem.texts[0].sentences[0] in said
    assert "[1/4] reading the texts of 'note'" in said
    assert "'note' becomes" in said
    assert "conservative was asked for" in said


@pytest.mark.parametrize("style", ["linear", "distance"])
def test_styles_share_a_folds_fit(problem, style):
    assert extractor(fitted(problem, style)) is extractor(fitted(problem, "trees"))


def test_folds_do_not(problem):
    assert extractor(fitted(problem, "trees", 0)) is not extractor(fitted(problem, "trees", 1))


def test_the_last_fit_is_the_one_of_the_choice(problem):
    X, y = problem.features.frame.iloc[problem.learned].reset_index(drop=True), problem.target.truth
    codes = np.unique(y[problem.learned], return_inverse=True)[1]
    steps = Pipeline(problem.prepare("linear")).fit(X, codes)
    assert extractor(steps).classes_.tolist() == ["bank", "health"]


def test_only_rows_to_learn_from_are_read(problem):
    assert problem.texts[0].labelled == len(problem.learned) < ROWS


def test_free_text_is_no_label(problem):
    names = fitted(problem, "linear").get_feature_names_out().tolist()
    assert any(name.startswith("articles__") for name in names)
    assert not any(name.startswith("texts__") for name in names)


def test_numbers_stand_beside(problem):
    assert "numbers__size" in fitted(problem, "trees").get_feature_names_out().tolist()


def test_unseen_rows_and_gaps_are_read(problem):
    rows = pd.DataFrame({"note": ["", None, "a virus " * 9], "size": [0.0, np.nan, 1.0]}, dtype=object)
    matrix = fitted(problem, "linear").transform(rows.astype({"size": float}))
    assert np.isfinite(np.asarray(matrix, dtype=float)).all()


def test_what_was_chosen_is_json(problem):
    told = json.loads(json.dumps(problem.texts[0].as_json))
    assert told["configuration"] == "conservative"
    assert told["columns"] == ["note"]
    assert told["dataset_size"] == len(problem.learned)


def test_the_version_says_it(problem):
    tags = tags_of(problem.texts, 0.91234567)
    assert tags == {
        "dataset_size": str(len(problem.learned)),
        "configuration": "conservative",
        "features_count": str(problem.texts[0].features),
        "f1_score": "0.912346",
    }


def test_a_table_without_free_text_is_left_as_it_is(tmp_path):
    table = read_table(tmp_path, "level", frame=news()[["size", "level"]].assign(more=1.0 * np.arange(ROWS)))
    problem, progress = read_problem(table), Progress(3)
    assert with_articles(problem, progress) is problem
    assert progress.total == 3


def test_none_reads_texts_as_labels(tmp_path):
    problem = read_problem(
        read_table(tmp_path, "level", frame=news(), set="features.text.configuration=none")
    )
    assert problem.inputs.articles == ()
    assert problem.inputs.texts == ("note",)


def test_when_time_is_up_fewer_folds_are_compared(tmp_path):
    table = read_table(tmp_path, "level", frame=news(), set=ASKED)
    ticks = iter(range(0, 1000, 30))
    lines = []
    found = with_articles(read_problem(table), Progress(1, write=lines.append), clock=lambda: next(ticks))
    assert len(found.rows.folds) == 2
    assert "candidates are compared on 2 of 6 folds: reading all texts takes long" in "".join(lines)


def test_selection_keeps_free_text(tmp_path):
    asked = f"{ASKED}; features.selection=mutual_info; features.n_features=1"
    problem = with_articles(
        read_problem(read_table(tmp_path, "level", frame=news(), set=asked)),
        Progress(1, write=lambda _: None),
    )
    assert extractor(fitted(problem, "trees")).n_features_out_ > 0
