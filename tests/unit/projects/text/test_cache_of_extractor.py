"""An extractor with its cache: the answers of one without, also after a refit."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone

from projects.text.code_version import code_version
from projects.text.extractor import AdaptiveFeatureExtractor

WORDS = (
    "market",
    "bank",
    "shares",
    "star",
    "film",
    "song",
    "virus",
    "health",
    "doctor",
    "phone",
    "app",
    "maker",
)
TEXTS = [f"{WORDS[n % 12]} {WORDS[n * 5 % 12]} and {WORDS[(n * 7 + 3) % 12]} number {n}" for n in range(120)]
LABELS = [WORDS.index(text.split()[0]) // 3 for text in TEXTS]
NEW = ["a bank and a film", "the doctor's app", "", "nothing of this"]


def made(texts=TEXTS, labels=LABELS, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return AdaptiveFeatureExtractor(configuration="conservative", **options).fit(texts, labels)


@pytest.fixture(scope="module")
def extractor():
    return made()


def test_cached_rows_are_the_rows_that_are_made(extractor):
    wanted = extractor.transform(NEW, use_cache=False)
    extractor.clear_cache()

    assert np.array_equal(extractor.transform(NEW), wanted)
    assert np.array_equal(extractor.transform(NEW[::-1]), wanted[::-1])
    assert extractor.get_cache_stats()["hit_rate"] == 0.5


def test_a_refit_on_other_articles_never_answers_from_before():
    extractor = made()
    before = extractor.transform(NEW)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        extractor.fit(TEXTS[::2], LABELS[::2])

    after = extractor.transform(NEW)
    assert np.array_equal(after, extractor.transform(NEW, use_cache=False))
    assert not np.array_equal(before, after)


def test_extractors_of_other_labels_share_a_folder_and_no_answer(tmp_path):
    pytest.importorskip("lmdb")
    one = made(cache_dir=tmp_path)
    one.transform(NEW)
    other = made(labels=LABELS[::-1], cache_dir=tmp_path)

    assert np.array_equal(other.transform(NEW), other.transform(NEW, use_cache=False))
    assert other.cache.stats().disk_hits == 0
    assert other.cache.stats().disk_entries == 8


def test_a_loaded_extractor_is_answered_from_the_folder(tmp_path):
    pytest.importorskip("lmdb")
    extractor = made(cache_dir=tmp_path / "cache")
    rows = extractor.transform(NEW)
    extractor.save(tmp_path / "extractor")
    loaded = AdaptiveFeatureExtractor.load(tmp_path / "extractor")

    assert np.array_equal(loaded.transform(NEW), rows)
    assert loaded.cache.stats().disk_hits == 4


def test_a_clone_has_no_entries(extractor):
    extractor.transform(NEW)

    assert clone(extractor).get_cache_stats() == {
        "enabled": True,
        "size": 0,
        "memory_mb": 0.0,
        "hit_rate": 0.0,
    }


def test_without_a_cache_nothing_is_kept():
    extractor = made(enable_cache=False)
    extractor.transform(NEW)
    extractor.transform_batch(NEW)

    assert extractor.get_cache_stats() == {"enabled": False, "size": 0, "memory_mb": 0.0, "hit_rate": 0.0}


def test_the_cache_stays_below_its_bytes():
    extractor = made(cache_bytes=20_000)
    rows = extractor.transform(TEXTS)

    assert 0 < extractor.get_cache_stats()["memory_mb"] <= 0.02
    assert np.allclose(extractor.transform(TEXTS), rows, rtol=1e-12)


def test_articles_that_say_the_same_after_cleaning_share_an_entry(extractor):
    extractor.clear_cache()
    extractor.transform(["a <b>bank</b>", "a  bank", {"title": "a", "text": "bank"}])

    assert extractor.get_cache_stats()["size"] == 1


def test_changed_code_asks_for_other_keys(extractor, monkeypatch):
    monkeypatch.setattr("projects.text.code_version.PACKAGES", ("projects.text",))
    other = made()

    assert np.array_equal(other.transform(NEW), extractor.transform(NEW))
    assert other.fingerprint_ != extractor.fingerprint_


def test_the_same_code_has_the_same_version():
    assert code_version() == code_version()


def test_code_that_is_not_at_hand_is_never_the_same(monkeypatch):
    monkeypatch.setattr("projects.text.code_version.PACKAGES", ("no_such_package",))

    assert code_version() != code_version()
