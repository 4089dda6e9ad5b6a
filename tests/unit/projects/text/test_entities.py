"""What texts name: by patterns, and by a real spaCy pipeline that is trained here."""

import json
import time
from math import log1p

import cloudpickle
import numpy as np
import pytest

from projects.errors import BadInput
from projects.pickled import own_classes_by_value
from projects.text import spacy_pipeline
from projects.text.article import Article
from projects.text.entities import EntitiesPart
from projects.text.part import PartMissingError
from serving.plan.text.entities import NAMES, Entities
from serving.plan.text.reading import Reading

SMALL = {
    "@architectures": "spacy.TransitionBasedParser.v2", "state_type": "ner", "extra_state_tokens": False,
    "hidden_width": 16, "maxout_pieces": 2, "use_upper": False,
}  # fmt: skip
SMALL_READER = {
    "@architectures": "spacy.HashEmbedCNN.v2", "width": 16, "depth": 1, "embed_size": 200, "window_size": 1,
    "maxout_pieces": 2, "subword_features": True, "pretrained_vectors": None,
}  # fmt: skip


@pytest.fixture(scope="module")
def patterns():
    return EntitiesPart("patterns")


def named(part, text):
    counts = dict(zip(NAMES, part.measure.counts(text), strict=True))
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("we met Angela Merkel there", {"persons": 1}),
        ("then Mr Kowalski left", {"persons": 1}),
        ("they read Wu Lingzhi at school", {"others": 1}),
        ("as Jane Roeford said", {"persons": 1}),
        ("shares of Acme Inc fell", {"organisations": 1}),
        ("the IMF agreed", {"organisations": 1}),
        ("flights from New York to Paris", {"places": 2}),
        ("flights to the US", {"places": 1}),
        ("Ask Us for it", {}),
        ("it cost $3.5 million", {"money": 1, "numbers": 1}),
        ("it cost 20 euros", {"money": 1, "numbers": 1}),
        ("up 12 percent, down 3%", {"percents": 2, "numbers": 2}),
        ("on Tuesday at 10:30 am", {"times": 2, "numbers": 1}),
        ("in 2014, or 2015-03-01", {"times": 2, "numbers": 4}),
        ("we may march on", {}),
        ("The Lord Of The Rings Is A Very Long Book", {}),
        ("Kim Kardashian And Kanye West Wed In Florence, Italy", {"persons": 2, "places": 1}),
        ("THIS TEXT IS ALL IN CAPITALS", {}),
        ("", {}),
    ],
)
def test_patterns_find_names(patterns, text, wanted):
    assert named(patterns, text) == wanted


def test_numbers_are_logarithms_of_counts(patterns):
    numbers = patterns.transform([Article("from Paris to Rome"), Article("")])
    assert numbers[:, NAMES.index("places")].tolist() == [log1p(2), 0.0]


@pytest.mark.parametrize(
    "text", ["$" * 100_000, "A. " * 30_000, "1:" * 50_000, "Mr " * 30_000, "\u05d0" * 9, "'"]
)
def test_any_text_has_eight_finite_numbers(patterns, text):
    numbers = patterns.transform([Article(text)])
    assert numbers.shape == (1, 8)
    assert np.isfinite(numbers).all()


def test_a_plan_makes_the_same_measure(patterns):
    again = Entities.from_json(json.loads(json.dumps(patterns.measure.as_json())))
    reading = Reading("Mr Smith paid $5 to Acme Inc in Paris")
    assert again.of(reading) == patterns.measure.of(reading)


def test_equal_measures_have_equal_pickles(patterns):
    assert cloudpickle.dumps(patterns.measure) == cloudpickle.dumps(EntitiesPart("patterns").measure)


def test_without_an_installed_pipeline_auto_takes_patterns():
    assert EntitiesPart("auto", language="xx").measure is not None


def test_a_named_pipeline_without_spacy_is_missing(monkeypatch):
    monkeypatch.setattr(spacy_pipeline.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PartMissingError, match=r"needs spaCy: pip install 'spacy>=3.8,<4'"):
        EntitiesPart("en_core_web_sm")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A pipeline that learned that Bolt is an organisation and Ada a person."""
    spacy = pytest.importorskip("spacy")
    from spacy.training import Example

    spacy.util.fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("ner", config={"model": {**SMALL, "tok2vec": SMALL_READER}})
    lessons = [
        ("Ada works at Bolt", [(0, 3, "PERSON"), (13, 17, "ORG")]),
        ("Bolt hired Ada", [(0, 4, "ORG"), (11, 14, "PERSON")]),
    ]
    examples = [Example.from_dict(nlp.make_doc(text), {"entities": found}) for text, found in lessons]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(60):
        nlp.update(examples, sgd=optimizer)
    folder = tmp_path_factory.mktemp("pipeline") / "tiny"
    nlp.to_disk(folder)
    return folder


def test_a_pipeline_finds_what_it_learned(trained):
    part = EntitiesPart(str(trained))
    assert part.measure is None
    assert part.transform([Article("Ada works at Bolt"), Article("")])[:, :2].tolist() == [
        [log1p(1)] * 2,
        [0, 0],
    ]


def test_a_pipeline_goes_into_the_pickle(trained, tmp_path):
    part, texts = EntitiesPart(str(trained)), [Article("Bolt hired Ada")]
    with own_classes_by_value():
        pickled = cloudpickle.dumps(part)
    assert str(trained).encode() not in pickled
    assert cloudpickle.loads(pickled).transform(texts).tolist() == part.transform(texts).tolist()


def test_a_pipeline_needs_spacy_where_it_is_served(trained):
    import spacy

    assert EntitiesPart(str(trained)).requirements_ == (f"spacy=={spacy.__version__}",)


def test_a_pipeline_that_finds_nothing_is_refused(tmp_path):
    pytest.importorskip("spacy").blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(BadInput, match="finds no entities; name one with 'ner', or 'patterns'"):
        EntitiesPart(str(tmp_path / "blank"))


def test_an_unknown_pipeline_is_refused():
    pytest.importorskip("spacy")
    with pytest.raises(BadInput, match=r"there is no spaCy pipeline 'pattern': .* did you mean 'patterns'"):
        EntitiesPart("pattern")


def test_a_folder_without_a_pipeline_is_refused(tmp_path):
    pytest.importorskip("spacy")
    with pytest.raises(BadInput, match=r"cannot be loaded \(.*\); save it anew"):
        EntitiesPart(str(tmp_path))


def test_a_long_text_in_capitals_takes_no_longer_than_another():
    def seconds(text):
        started = time.thread_time()
        patterns.of(Reading(text))
        return time.thread_time() - started

    patterns = EntitiesPart("patterns").measure
    assert min(seconds("ABCD " * 2000) for _ in range(3)) < 8 * min(seconds("Abcd " * 2000) for _ in range(3))
