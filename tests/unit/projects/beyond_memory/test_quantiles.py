"""Quantiles learned in parts are those of all rows at once."""

import numpy as np
import pytest

from projects.beyond_memory.quantiles import Quantiles

SHARES = (0.25, 0.5, 0.75)


def learned(cells, scout, parts=7):
    quantiles = Quantiles(scout, SHARES, len(cells))
    for part in np.array_split(np.arange(len(cells)), parts):
        quantiles.learn(cells[part], part)
    return quantiles


def kinds(rows):
    rng = np.random.default_rng(2)
    gaps = rng.normal(size=rows)
    gaps[rng.random(rows) < 0.3] = np.nan
    return {
        "normal": rng.normal(size=rows),
        "heavy": rng.standard_cauchy(rows),
        "ties": rng.integers(0, 3, rows).astype(float),
        "mostly one": np.where(rng.random(rows) < 0.9, 0.0, rng.random(rows)),
        "gaps": gaps,
    }


@pytest.mark.parametrize("kind", kinds(1))
@pytest.mark.parametrize("rows", [3, 1000, 50_001])
def test_they_equal_numpys(kind, rows):
    cells = kinds(rows)[kind][:, None]
    scout = cells[np.random.default_rng(1).integers(0, rows, 2000)]
    found = learned(cells, scout)
    np.testing.assert_allclose(
        found.found()[:, 0], np.nanquantile(cells[:, 0], SHARES), rtol=1e-15, atol=1e-300
    )
    assert found.missed == []


def test_a_column_of_gaps_alone_has_none():
    cells = np.full((100, 1), np.nan)
    assert np.isnan(learned(cells, cells).found()).all()


def test_a_sample_of_other_rows_is_told_of():
    cells = np.arange(10_000.0)[:, None]
    found = learned(cells, cells[-3000:])
    np.testing.assert_allclose(found.found()[:, 0], np.quantile(cells[-3000:], SHARES))
    assert found.missed == [0]


def test_where_all_rows_would_be_too_many_the_rank_is_right_to_the_stated_error(monkeypatch):
    monkeypatch.setattr("projects.beyond_memory.quantiles.MOST_KEPT_BYTES", 2000)
    cells = np.random.default_rng(3).random((100_000, 1))
    found = learned(cells, cells[:5000])
    assert found.every > 1
    np.testing.assert_allclose(found.found()[:, 0], SHARES, atol=4 * found.error)
