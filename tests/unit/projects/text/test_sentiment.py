"""Sentiment: TextBlob's own answers, negation, and what a plan holds."""

import json

import numpy as np
import pytest

from projects.text.article import Article
from projects.text.part import PartMissingError
from serving.plan.text.reading import Reading
from serving.plan.text.sentiment import Sentiment

pytest.importorskip("textblob")
from projects.text import sentiment
from projects.text.sentiment import SentimentPart, read_lexicon


@pytest.fixture(scope="module")
def part():
    return SentimentPart()


def polarity_of(part, text):
    return part.transform([Article(text)])[0, 0]


@pytest.mark.parametrize(
    "text",
    [
        "a great day",
        "not a great day",
        "really very good!",
        "a terribly boring film",
        "no news",
        "",
        "bad, bad!!",
    ],
)
def test_polarity_and_subjectivity_are_textblobs(part, text):
    from textblob.en import sentiment as own

    assert part.transform([Article(text)])[0, :2] == pytest.approx(own(text))


def test_the_lexicon_holds_textblobs_words(part):
    from textblob.en import sentiment as own

    own("load")
    assert set(part.measure.lexicon) == set(own)


def test_a_contraction_turns_a_word_over(part):
    assert polarity_of(part, "it isn't good") == polarity_of(part, "it is not good") < 0
    assert polarity_of(part, "it isn\u2019t good") < 0


def test_shares_of_good_and_bad_words_are_of_all_words(part):
    assert part.transform([Article("good one, bad other")])[0, 2:4].tolist() == [0.25, 0.5]


def test_the_strongest_word_speaks_for_itself(part):
    assert part.transform([Article("awful and nice")])[0, 4] == -1.0


@pytest.mark.parametrize("text", ["", "\U0001f600\U0001f600", "مرحبا", "!" * 10_000, "good " * 20_000, "not"])
def test_any_text_has_five_finite_numbers(part, text):
    numbers = part.transform([Article(text)])
    assert numbers.shape == (1, 5)
    assert np.isfinite(numbers).all()


def test_a_plan_makes_the_same_measure(part):
    again = Sentiment.from_json(json.loads(json.dumps(part.measure.as_json())))
    reading = Reading("An extremely good day, not a bad one!")
    assert again.of(reading) == part.measure.of(reading)


def test_other_languages_than_english_are_missing():
    with pytest.raises(
        PartMissingError, match="sentiment knows English words alone; the texts' language is 'de'"
    ):
        SentimentPart(language="de")


def test_without_textblob_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(sentiment.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PartMissingError, match=r"lexicon of TextBlob: pip install 'textblob>=0.19'"):
        SentimentPart()


def test_senses_of_a_word_are_averaged(tmp_path):
    file = tmp_path / "words.xml"
    word = '<word form="fine" pos="JJ" polarity="{}" subjectivity="1" intensity="1"/>'
    file.write_text(f"<sentiment>{word.format(0.2)}{word.format(0.6)}</sentiment>")
    assert read_lexicon(file)["fine"].polarity == pytest.approx(0.4)
    assert read_lexicon(file)["finely"].is_adverb
