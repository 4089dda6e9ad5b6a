"""Dates become parts, ages and cycles."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.transformers.date_parts import CYCLES, PARTS, DateParts, part_of, read_date
from serving.plan.encoding import dates


def column(*texts):
    return pd.DataFrame({"d": pd.Series(texts, dtype=object)})


DAYS = column("2020-02-29T13:45:00", "2021-12-31", "2022-01-01T06:00:00")


@pytest.mark.parametrize("part", ["year", "month", "day", "weekday", "hour"])
def test_parts_are_pandas_own(part):
    wanted = getattr(pd.to_datetime(DAYS["d"], format="ISO8601").dt, part).to_numpy(dtype=float)
    assert DateParts((part,)).fit_transform(DAYS).ravel().tolist() == wanted.tolist()


def test_weeks_are_iso_weeks():
    assert DateParts(("week",)).fit_transform(DAYS).ravel().tolist() == [9.0, 52.0, 52.0]


def test_weekends_are_saturday_and_sunday():
    assert DateParts(("is_weekend",)).fit_transform(DAYS).ravel().tolist() == [1.0, 0.0, 1.0]


def test_ages_count_back_from_the_newest_training_date():
    made = DateParts(("age_days",)).fit(DAYS)
    assert made.newest_ == ["2022-01-01T06:00:00"]
    assert made.transform(column("2021-12-31T18:00:00", "2022-01-02T06:00:00")).ravel().tolist() == [
        0.5,
        -1.0,
    ]


@pytest.mark.parametrize("part", CYCLES)
def test_cycles_close(part):
    moments = [
        read_date(f"2021-{month:02}-{month + 1:02}T{month * 2 - 1:02}:00:00") for month in range(1, 13)
    ]
    for moment in moments:
        turn = 2 * math.pi * part_of(moment, part, None) / CYCLES[part]
        assert part_of(moment, f"sin_{part}", None) == math.sin(turn)
        assert part_of(moment, f"cos_{part}", None) == math.cos(turn)


def test_what_is_no_date_is_missing():
    made = DateParts(("year", "day")).fit(DAYS)
    for text in ("yesterday", "2021-02-30", "", "31.12.2021", None):
        assert np.isnan(made.transform(column(text))).all(), text


def test_a_time_zone_is_left_aside_and_blanks_are_trimmed():
    made = DateParts(("hour",)).fit(DAYS)
    assert made.transform(column(" 2021-01-01T05:00:00+09:00 ")).tolist() == [[5.0]]


def test_parts_that_do_not_vary_are_left_out():
    made = DateParts().fit(column("2021-01-05", "2021-01-06"))
    assert "hour" not in made.kept_[0]
    assert made.get_feature_names_out().tolist() == ["d_day", "d_weekday", "d_age_days"]


def test_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match=r"parts must be of year, month.*; 'century' is none"):
        DateParts(("century",)).fit(DAYS)


@given(st.one_of(st.datetimes().map(str), st.text(max_size=20)), st.sampled_from(PARTS))
def test_the_plan_reads_dates_as_the_transformer_does(text, part):
    moment = read_date(text)
    assert dates.read_date(text) == moment
    assert dates.PARTS == PARTS
    if moment is not None:
        newest = read_date("2022-01-01")
        assert dates.part_of(moment, part, newest) == part_of(moment, part, newest)
