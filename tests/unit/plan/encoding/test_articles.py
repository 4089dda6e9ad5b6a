"""A plan reads texts as their fitted extractor does, and is refused where it could not."""

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from projects.text.extractor import AdaptiveFeatureExtractor
from serving.plan.encoding.articles import ArticleBlock
from serving.plan.encoding.encoder import Encoder
from serving.plan.encoding.load import load_encoder
from serving.plan.encoding.write import write_encoder
from serving.plan.explaining.explain import explain
from serving.plan.load import digest, load_plan
from serving.plan.model import Column, PlanBroken, PlanInputError, PlanUnsupported
from serving.plan.plan import Plan
from serving.plan.write import write_plan

ROLES = ("title", "text", "source")
COLUMNS = tuple(Column(name, "string", required=False) for name in ROLES)
WORDS = {
    "a": "profit shares market bank rises falls oil",
    "b": "goal match coach league final team striker",
    "c": "virus doctors study vaccine patients heart drug",
}
PARTS = ("tfidf", "domain", "keywords", "rules", "statistics", "source", "entities")
RULES = [{"name": "money", "label": "a", "any": ["profit", "shares"], "pattern": r"\d+ %"}]
ODD = [
    (None, None, None),
    ("", " ", ""),
    ("<b>Profit</b>&nbsp;rises", None, "Reuters"),
    ("goal", "&lt;goal&gt; <goal", "nobody knows"),
    ("🙂 مرحبا 心脏病", "e\u0301 é", "Reuters"),
    ("x", "y " * 200, None),
    ("word " * 20_001, "word " * 20_001, "Reuters"),
]


def table(rows: int = 150) -> tuple[pd.DataFrame, Any]:
    rng = np.random.default_rng(5)
    y = rng.choice(list(WORDS), rows)
    frame = pd.DataFrame(
        {
            "title": [" ".join(rng.choice(WORDS[label].split(), 3)) for label in y],
            "text": [" ".join(rng.choice(WORDS[label].split(), 6)) + " 12 %." for label in y],
            "source": rng.choice(np.array(["Reuters", "The Daily", None], dtype=object), rows),
        },
        dtype=object,
    )
    return frame, y


@dataclass(frozen=True)
class Made:
    pipeline: Pipeline
    folder: Path
    plan: Plan

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "plan.json").read_text("utf-8"))
        return found


def fitted(scaler: Any = None, parts: Any = PARTS, **options: Any) -> Pipeline:
    frame, y = table()
    extractor = AdaptiveFeatureExtractor(parts=parts, roles=ROLES, rules=RULES, dataset_size=500, **options)
    steps = [("texts", extractor)] + ([] if scaler is None else [("scale", scaler)])
    columns = ColumnTransformer([("texts", Pipeline(steps), list(ROLES))])
    return Pipeline([("columns", columns), ("model", LogisticRegression(max_iter=300))]).fit(frame, y)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    pipeline, folder = fitted(StandardScaler()), tmp_path_factory.mktemp("plan") / "plan"
    write_plan(pipeline, COLUMNS, folder, task="multiclass")
    return Made(pipeline, folder, load_plan(folder, sha256=digest(folder)))


def extractor_of(pipeline: Pipeline) -> Any:
    return pipeline.named_steps["columns"].named_transformers_["texts"].named_steps["texts"]


def as_frame(rows: Any) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(ROLES), dtype=object)


def matrices(pipeline: Pipeline, encoder: Any, rows: Any) -> tuple[Any, Any]:
    return encoder.encode(rows), pipeline.named_steps["columns"].transform(as_frame(rows))


def test_one_text_has_the_pipelines_numbers(made: Made) -> None:
    for row in ODD:
        ours, theirs = matrices(made.pipeline, made.plan.encoders[0], [row])
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_many_texts_have_the_pipelines_numbers(made: Made) -> None:
    rows = [*table()[0].itertuples(index=False, name=None), *ODD]
    ours, theirs = matrices(made.pipeline, made.plan.encoders[0], rows)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_columns_have_the_numbers_of_their_rows(made: Made) -> None:
    encoder = made.plan.encoders[0]
    columns = [np.array(column, dtype=object) for column in zip(*ODD, strict=True)]
    assert (encoder.encode_columns(columns) == encoder.encode(ODD)).all()


@settings(max_examples=60)
@given(title=st.none() | st.text(max_size=60), text=st.none() | st.text(max_size=200))
def test_whatever_is_written_has_the_pipelines_numbers(made: Made, title: Any, text: Any) -> None:
    rows = [(title, text, "Reuters")]
    ours, theirs = matrices(made.pipeline, made.plan.encoders[0], rows)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("part", ["sentiment", "word2vec"])
def test_parts_of_other_libraries_are_served_without_them(part: str, tmp_path: Path) -> None:
    pytest.importorskip("textblob" if part == "sentiment" else "gensim")
    pipeline = fitted(StandardScaler(), (*PARTS, part))
    write_plan(pipeline, COLUMNS, tmp_path / "plan", task="multiclass")
    ours, theirs = matrices(pipeline, load_plan(tmp_path / "plan").encoders[0], ODD)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("scaler", [None, MinMaxScaler()], ids=["unscaled", "stretched"])
def test_other_scalings_have_the_pipelines_answers(scaler: Any, tmp_path: Path) -> None:
    pipeline = fitted(scaler)
    write_plan(pipeline, COLUMNS, tmp_path / "plan", task="multiclass")
    scores = load_plan(tmp_path / "plan").score(ODD)
    assert scores.predictions == pipeline.predict(as_frame(ODD)).tolist()
    np.testing.assert_allclose(scores.probabilities, pipeline.predict_proba(as_frame(ODD)), rtol=0, atol=1e-9)


def test_a_text_is_weighed_once_for_all_views_of_its_words(made: Made) -> None:
    [block] = made.document["encoders"][0]["articles"]
    extractor = extractor_of(made.pipeline)
    assert sum(len(getattr(part, "views_", ())) for _, part in extractor.parts_) > 2
    assert [view["analyzer"] for view in block["views"]] == ["words", "letters"]


def test_such_a_plan_has_a_format_that_older_readers_refuse(made: Made) -> None:
    assert made.document["format"] == 3


def test_explanations_go_to_the_texts_and_the_source_and_add_up(made: Made) -> None:
    rows = [("profit rises", "shares", "Reuters")]
    [told] = explain(made.plan, rows, made.plan.score(rows))
    assert set(told["contributions"]) == set(ROLES)
    [[*shares]] = made.plan.score(rows).probabilities or [[]]
    assert told["base"] + sum(told["contributions"].values()) == pytest.approx(max(shares))


def test_a_changed_file_is_refused(made: Made, tmp_path: Path) -> None:
    folder = copied(made, tmp_path)
    [file] = folder.glob("articles-*.npz")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(PlanBroken, match="not the file that the plan was written with"):
        load_plan(folder)


def test_a_missing_file_is_refused(made: Made, tmp_path: Path) -> None:
    folder = copied(made, tmp_path)
    [file] = folder.glob("articles-*.npz")
    file.unlink()
    with pytest.raises(PlanBroken, match="cannot be read whole"):
        load_plan(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"width": 10_000},
        {"start": -1},
        {"start": 1},
        {"roles": {"title": 3}},
        {"roles": {"body": 0}},
        {"views": []},
        {"views": [{"analyzer": "lines", "sizes": [1, 1], "groups": []}]},
        {"measures": [{"kind": "moods", "document": {}}]},
        {"sources": ["Reuters"]},
        {"scaling": "twice"},
        {"file": "../plan.json"},
    ],
    ids=str,
)
def test_a_block_that_is_not_whole_is_refused(made: Made, change: dict[str, Any]) -> None:
    files: dict[str, bytes] = {}
    steps = [made.pipeline.named_steps["columns"]]
    document = copy.deepcopy(write_encoder(steps, COLUMNS, files))
    document["articles"][0] |= change
    with pytest.raises((KeyError, ValueError, TypeError, PlanBroken)):
        load_encoder(document, COLUMNS, lambda name, _: files[name])


def test_a_part_that_needs_its_own_code_is_refused_by_name() -> None:
    pipeline = fitted()
    extractor_of(pipeline).parts_.append(("sentences", Named()))
    with pytest.raises(PlanUnsupported, match="the texts' part 'sentences' needs its own code"):
        write_encoder([pipeline.named_steps["columns"]], COLUMNS)


@pytest.mark.parametrize(
    ("option", "value"),
    [("lowercase", False), ("strip_accents", "unicode"), ("token_pattern", r"\w+"), ("sublinear_tf", False)],
)
def test_a_vectorizer_that_reads_otherwise_is_refused(option: str, value: Any) -> None:
    pipeline = fitted()
    view = next(part for _, part in extractor_of(pipeline).parts_ if hasattr(part, "views_")).views_[0]
    setattr(view.vectorizer, option, value)
    with pytest.raises(PlanUnsupported, match=f"a vectorizer with {option}="):
        write_encoder([pipeline.named_steps["columns"]], COLUMNS)


def test_a_cell_that_is_no_text_at_all_is_refused_with_its_column(made: Made) -> None:
    with pytest.raises(PlanInputError, match="column 'title' must be text; row 0 has"):
        made.plan.score([(["a list"], None, None)])


def test_numbers_that_are_equal_are_not_the_same_text(made: Made) -> None:
    encoder = made.plan.encoders[0]
    for title in (1, 1.0, True):
        ours, theirs = matrices(made.pipeline, encoder, [(title, None, None)])
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_what_is_remembered_is_bounded_and_changes_no_answer(made: Made) -> None:
    encoder: Any = made.plan.encoders[0]
    [block] = encoder._blocks
    small = ArticleBlock(block._articles, remembered_bytes=5_000)
    other = Encoder(COLUMNS, (), (small,), [0.0] * encoder.width)
    for _ in range(2):
        for row in table()[0].itertuples(index=False, name=None):
            assert (other.encode([row]) == encoder.encode([row])).all()
            assert small._memory.size_bytes <= 5_000


def test_a_text_that_is_too_long_to_be_remembered_leaves_the_others(made: Made) -> None:
    encoder: Any = made.plan.encoders[0]
    [block] = encoder._blocks
    small = ArticleBlock(block._articles, remembered_bytes=50_000)
    other = Encoder(COLUMNS, (), (small,), [0.0] * encoder.width)
    other.encode([("profit rises", "shares", None)])
    other.encode([("profit rises", "shares " * 10_000, None)])
    assert len(small._memory.known) == 1


class Named:
    names = ("one",)


def copied(made: Made, folder: Path) -> Path:
    for file in made.folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder
