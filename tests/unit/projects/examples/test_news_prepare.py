"""The raw file of headlines becomes a table of articles."""

import csv
import gzip

import pandas as pd
import pytest

from projects.errors import BadInput
from projects.examples.news.prepare import prepare, row_of
from projects.examples.news.step import REQUIREMENT
from projects.requirement.policy import policy_of
from projects.requirement.read import read_requirement

LINES = (
    '1\tFed official says "weak data" is weather\thttp://x\tReuters\tb\tdd\tx.com\t1394470370698\r\n',
    "2\tNoah, a film — review\thttp://x\tContactmusic.com\te\tdd\tx.com\t1394470370698\n",
    "3\tA watch that reads\thttp://x\tReuters\tt\tdd\tx.com\t1394470370698\n",
    "4\tEbola spreads\thttp://x\tReuters\tm\tdd\tx.com\t1394470370698\n",
)


def written(folder, *lines, encoding="utf-8"):
    path = folder / "raw.tsv"
    path.write_bytes("".join(lines).encode(encoding))
    return path


def test_each_line_is_an_article(tmp_path):
    made = prepare(written(tmp_path, *LINES), tmp_path / "out")
    frame = pd.read_csv(made.path)
    assert list(frame.columns) == ["title", "source", "published", "category"]
    assert frame["category"].tolist() == ["business", "entertainment", "technology", "health"]
    assert frame["title"][0] == 'Fed official says "weak data" is weather'
    assert (made.articles, made.left_out) == (4, {})


def test_milliseconds_become_a_moment_in_utc(tmp_path):
    frame = pd.read_csv(prepare(written(tmp_path, *LINES), tmp_path).path)
    assert pd.to_datetime(frame["published"])[0] == pd.Timestamp("2014-03-10T16:52:50Z")


def test_a_moment_that_cannot_be_read_is_none():
    assert row_of("1\tA\tu\tR\tb\td\tx\tyesterday")[2] == ""
    assert row_of("1\tA\tu\tR\tb\td\tx\t" + "9" * 30)[2] == ""


def test_a_packed_file_is_read_as_a_plain_one(tmp_path):
    plain = prepare(written(tmp_path, *LINES), tmp_path / "plain").path
    packed = tmp_path / "raw.gz"
    packed.write_bytes(gzip.compress("".join(LINES).encode()))
    assert prepare(packed, tmp_path / "packed").path.read_bytes() == plain.read_bytes()


def test_the_first_articles_alone_can_be_taken(tmp_path):
    made = prepare(written(tmp_path, *LINES), tmp_path, articles=2)
    assert (made.articles, len(pd.read_csv(made.path))) == (2, 2)


def test_the_files_name_tells_what_is_in_it(tmp_path):
    raw = written(tmp_path, *LINES)
    assert prepare(raw, tmp_path / "a").path.name == prepare(raw, tmp_path / "b").path.name
    assert prepare(raw, tmp_path, articles=2).path != prepare(raw, tmp_path).path


def test_lines_that_are_no_articles_are_left_out_and_counted(tmp_path):
    odd = ("1\tcut short\n", "5\tA\tu\tR\tz\td\tx\t1\n", "6\t \tu\tR\tb\td\tx\t1\n", "\n")
    made = prepare(written(tmp_path, *LINES, *odd), tmp_path)
    reasons = {"other than 8 fields": 1, "a category other than b, e, m, t": 1, "no title": 1}
    assert (made.articles, made.left_out) == (4, reasons)


def test_a_line_that_is_no_utf8_is_read_as_latin_1(tmp_path):
    made = prepare(written(tmp_path, "1\tBeyoncé\tu\tR\te\td\tx\t1\n", encoding="latin-1"), tmp_path)
    assert pd.read_csv(made.path)["title"][0] == "Beyoncé"


def test_another_file_is_refused_with_what_was_wanted(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("title,category\nA,b\n")
    with pytest.raises(
        BadInput, match=r"is not the raw news: 0 of 2 lines .*2 have other than 8 fields; name"
    ):
        prepare(path, tmp_path)


@pytest.mark.parametrize("content", [b"", gzip.compress(b"1\tA", mtime=0)[:-9]], ids=["empty", "cut"])
def test_an_empty_and_a_cut_file_are_refused(tmp_path, content):
    path = tmp_path / "raw"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"is not the raw news|cannot be read"):
        prepare(path, tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"'.*nowhere.tsv' cannot be read .* with -P data=FILE"):
        prepare(tmp_path / "nowhere.tsv", tmp_path)


def test_all_of_the_real_file_is_read(shared_data, tmp_path):
    made = prepare(shared_data / "text" / "news_aggregator_train.tsv.gz", tmp_path)
    with made.path.open(newline="", encoding="utf-8") as file:
        assert sum(1 for _ in csv.reader(file)) == made.articles + 1 == 8879


def test_the_policy_trains_again_by_200_rows_and_on_sundays():
    watched = policy_of(read_requirement(spec=str(REQUIREMENT)))["monitoring"]
    assert watched["retrain"] == ["rows", "0 2 * * 0"]
    assert watched["retraining"]["new_rows"] == 200


def test_a_gate_that_is_given_takes_the_place_of_085():
    own = read_requirement(spec=str(REQUIREMENT))
    given = read_requirement(spec=str(REQUIREMENT), parameters={"gate": "macro F1 > 0.3"})
    assert (own.gate, given.gate, given.target_metric) == ("macro F1 >= 0.85", "macro F1 > 0.3", "")


def test_a_packed_file_that_is_damaged_is_refused(tmp_path):
    packed = bytearray(gzip.compress("".join(LINES).encode()))
    packed[10:13] = b"\xff\xff\xff"
    (tmp_path / "raw.gz").write_bytes(packed)
    with pytest.raises(BadInput, match="cannot be read"):
        prepare(tmp_path / "raw.gz", tmp_path)
