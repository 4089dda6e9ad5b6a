import json
import re

import numpy as np
import pytest

from projects.errors import BadInput
from projects.text.article import read_articles
from projects.text.extractor import AdaptiveFeatureExtractor
from projects.text.keywords import FoundKeywords, declared_keywords
from projects.text.labels import read_labels
from projects.text.measured import Measured
from projects.text.rules import read_rules
from projects.text.weighing import Weighing
from serving.plan.text.keywords import Keywords
from serving.plan.text.measures import measure_of
from serving.plan.text.reading import Reading
from serving.plan.text.rules import Rule, Rules
from serving.plan.text.statistics import Statistics
from tests.unit.projects.text.texts import SAID, made_texts

FILE = """
- {name: outage, group: incident, any: [is down, outage], weight: 2}
- {name: ticket number, label: incident, pattern: 'INC\\d{6}'}
- {group: praise, any: thanks}
"""


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "rules.yaml").write_text(FILE, encoding="utf-8")
    return Rules(read_rules(tmp_path / "rules.yaml"))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("The mail server IS  down, INC123456", [3, 0]),
        ("Outages are rare", [0, 0]),
        ("thanks for fixing the outage", [2, 1]),
        ("", [0, 0]),
    ],
)
def test_a_group_is_the_sum_of_the_weights_that_hold(rules, text, numbers):
    assert rules.names == ("incident", "praise")
    assert list(rules.of(Reading(text))) == numbers


def test_json_rules_are_read_too(tmp_path):
    (tmp_path / "rules.json").write_text(json.dumps({"rules": [{"group": "a", "any": ["b"]}]}))
    assert read_rules(str(tmp_path / "rules.json")) == [Rule("0", "a", ("b",))]


def test_a_pattern_is_searched_in_the_first_10_000_characters():
    rules = Rules([Rule("end", "end", pattern="z")])
    assert rules.of(Reading("a" * 9_999 + "z")) == [1.0]
    assert rules.of(Reading("a" * 10_000 + "z")) == [0.0]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (
            {"name": "odd", "group": "a", "pattern": "("},
            "rule 'odd': the pattern '(' is no regular expression",
        ),
        (
            {"name": "slow", "group": "a", "pattern": "(a+)+b"},
            "rule 'slow': the pattern '(a+)+b' repeats a rep",
        ),
        (
            {"name": "all", "group": "a", "pattern": "x*"},
            "rule 'all': the pattern 'x*' holds for an empty text",
        ),
        ({"group": "a", "patern": "x"}, "rule 0 has the unknown key 'patern'; did you mean 'pattern'?"),
        ({"name": "none", "any": ["x"]}, "rule 'none' must say its group (or label)"),
        ({"name": "void", "group": "a"}, "rule 'void' must have words in 'any' or a 'pattern'"),
        (
            {"name": "w", "group": "a", "any": ["x"], "weight": "2"},
            "rule 'w': 'weight' must be a number, not '2'",
        ),
        (
            {"name": "n", "group": "a", "any": [3]},
            "rule 'n': 'any' must be a list of words and phrases, not 3",
        ),
        ("text", "rule 0 must be a mapping with 'group' and 'any' or 'pattern'; it is 'text'"),
    ],
)
def test_a_bad_rule_is_refused_by_its_name(rule, told):
    with pytest.raises(BadInput, match=re.escape(told)):
        read_rules([rule])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        ("[1, 2", "is neither YAML nor JSON"),
        ("", "rules must be a list with one rule"),
    ],
)
def test_a_file_that_holds_no_rules_is_refused(tmp_path, content, told):
    if content is not None:
        (tmp_path / "rules.yaml").write_text(content)
    with pytest.raises(BadInput, match=told):
        read_rules(tmp_path / "rules.yaml")


def test_rules_are_numbers_of_the_extractor(tmp_path):
    texts, labels = made_texts(60)
    (tmp_path / "rules.yaml").write_text(FILE)
    fitted = AdaptiveFeatureExtractor(configuration="conservative", rules=tmp_path / "rules.yaml")
    fitted.fit(texts, labels)
    place = fitted.get_feature_names_out().tolist().index("rules_incident")
    assert fitted.transform("an outage")[place] == 2.0


def test_a_density_is_hits_for_each_word():
    keywords = Keywords({"sport": ["goal", "World Cup"], "money": ["bank"]})
    assert keywords.names == ("sport", "money", "any")
    assert keywords.of(Reading("A goal at the world cup bank holiday")) == [2 / 8, 1 / 8, 3 / 8]
    assert keywords.of(Reading("")) == [0, 0, 0]


def test_lists_are_found_from_labels():
    texts, labels = made_texts(300)
    articles = read_articles(texts)
    found = FoundKeywords(Weighing()).fit(articles, read_labels(labels, articles))
    for name, words in SAID.items():
        assert set(words) <= set(found.measure.lists[name])
        assert not set(found.measure.lists[name]) & {
            word for other in SAID if other != name for word in SAID[other]
        }


def test_words_of_chance_are_on_few_lists():
    rng = np.random.default_rng(0)
    articles = read_articles([" ".join(f"w{word}" for word in rng.integers(0, 50, 8)) for _ in range(200)])
    found = FoundKeywords(Weighing()).fit(articles, read_labels(rng.integers(0, 2, 200), articles))
    singles = [word for words in found.measure.lists.values() for word in words if " " not in word]
    assert len(singles) <= 12


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        (["goal"], "keywords must be a mapping from a list's name to its words"),
        ({"sport": "goal"}, "keyword list 'sport' must be a list of words; it is 'goal'"),
        ({"sport": []}, "keyword list 'sport' must be a list of words"),
        ({"sport": ["goal", "!"]}, "keyword list 'sport' must hold words; it has '!'"),
    ],
)
def test_bad_lists_are_refused(lists, told):
    with pytest.raises(BadInput, match=told):
        declared_keywords(lists)


@pytest.mark.parametrize(
    "measure",
    [Statistics(), Keywords({"a": ["b c", "d"]}), Rules([Rule("r", "g", ("x y",), "z+", 2.0)])],
    ids=lambda measure: measure.kind,
)
def test_a_measure_is_the_same_after_json(measure):
    again = measure_of(measure.kind, json.loads(json.dumps(measure.as_json())))
    for text in ("", "A d and b c, x y!", "zzz 12 ÄÖ"):
        assert list(again.of(Reading(text))) == list(measure.of(Reading(text)))
    assert again.names == measure.names


def test_statistics_tell_how_a_text_looks():
    numbers = Statistics().of(Reading("AB cde 12!"))
    assert numbers == pytest.approx([np.log(4), 7 / 3, 2 / 5, 3 / 10])


def test_a_measured_part_names_its_numbers():
    assert Measured(Statistics()).names[0] == "statistics_log_words"


def test_a_rule_of_marks_alone_is_refused():
    with pytest.raises(BadInput, match="rule 'loud': 'any' must be a list of words and phrases, not '!!!'"):
        read_rules([{"name": "loud", "group": "mood", "any": ["so", "!!!"]}])
