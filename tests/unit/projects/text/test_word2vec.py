"""Word vectors: trained alike everywhere, read from every form of file, a linear view of TF-IDF."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import cloudpickle
import numpy as np
import pytest

from projects.errors import BadInput
from projects.pickled import modules_of, own_classes_by_value
from projects.text import word2vec
from projects.text.article import Article
from projects.text.part import PartMissingError
from projects.text.views import projected
from projects.text.word2vec import Word2VecPart, epochs_of, width_of
from projects.text.word_vectors import read_vectors

REPO = Path(__file__).parents[4]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = [f"{a}{b}word" for a in LETTERS[:6] for b in LETTERS[:6]]
TEXTS = [Article(" ".join(np.random.default_rng(seed).choice(WORDS, 30))) for seed in range(40)]


@pytest.fixture(scope="module")
def trained():
    pytest.importorskip("gensim")
    return Word2VecPart(random_state=3).fit(TEXTS)


def write_text(file, words=WORDS, *, width=3, header=True):
    rows = [
        f"{word} {' '.join(str(place + cell) for cell in range(width))}" for place, word in enumerate(words)
    ]
    file.write_text("\n".join([f"{len(words)} {width}"] * header + rows) + "\n")
    return file


def test_training_makes_numbers_of_each_text(trained):
    numbers = trained.transform([*TEXTS, Article("")])
    assert numbers.shape == (41, len(trained.names)) == (41, 24)
    assert np.isfinite(numbers).all()
    assert not numbers[-1].any()


def test_the_same_texts_give_the_same_numbers_in_any_process(trained, tmp_path):
    code = (
        "from tests.unit.projects.text.test_word2vec import TEXTS, Word2VecPart;"
        "print(Word2VecPart(random_state=3).fit(TEXTS).transform(TEXTS[:1]).sum().hex())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=REPO, env={**os.environ, "PYTHONHASHSEED": "7"}, text=True,
        capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    assert run.stdout.strip() == trained.transform(TEXTS[:1]).sum().hex()


def test_the_same_texts_are_learned_from_once_in_a_process(trained):
    assert Word2VecPart(random_state=3).fit(list(TEXTS)).views_[0].matrix is trained.views_[0].matrix


def test_another_seed_gives_other_numbers(trained):
    other = Word2VecPart(random_state=4).fit(TEXTS)
    assert not np.allclose(other.transform(TEXTS), trained.transform(TEXTS))


def test_words_in_like_company_are_alike():
    pytest.importorskip("gensim")
    sides = (["cat", "dog", "milk", "paw", "fur"], ["bank", "loan", "cash", "debt", "fund"])
    fill = [f"filler{number}" for number in range(20)]
    draw = np.random.default_rng(0)
    texts = [
        Article(" ".join([*draw.choice(sides[row % 2], 4), *draw.choice(fill, 1)])) for row in range(600)
    ]
    part = Word2VecPart().fit(texts)
    cat, dog, bank = part.transform([Article("cat"), Article("dog"), Article("bank")])
    assert cat @ dog / (np.linalg.norm(dog)) > cat @ bank / (np.linalg.norm(bank)) + 0.1


def test_the_numbers_are_the_views(trained):
    texts = [article.text for article in TEXTS]
    assert (projected(trained.views_, texts)[0] == trained.transform(TEXTS)).all()


def test_a_fitted_part_needs_no_gensim(trained):
    with own_classes_by_value():
        pickled = cloudpickle.dumps(trained)
    assert not any(name.startswith("gensim") for name in modules_of(pickled))
    assert (cloudpickle.loads(pickled).transform(TEXTS) == trained.transform(TEXTS)).all()


def test_too_few_words_give_no_numbers():
    pytest.importorskip("gensim")
    part = Word2VecPart()
    assert part.fit_transform([Article("one two"), Article("")]).shape == (2, 0)
    assert part.names == ()


def test_width_and_epochs_follow_the_words():
    assert [width_of(words) for words in (0, 1_000, 5_000, 1_000_000)] == [8, 20, 100, 100]
    assert [epochs_of(words) for words in (0, 100_000, 10_000_000)] == [60, 40, 2]


def test_without_gensim_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(word2vec.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PartMissingError, match=r"word vectors need gensim: pip install 'gensim>=4.4,<5'"):
        Word2VecPart()


@pytest.mark.parametrize("header", [True, False])
def test_text_files_are_read_with_and_without_a_first_line(tmp_path, header):
    read = read_vectors(write_text(tmp_path / "v.txt", header=header), set())
    assert read.words == tuple(WORDS)
    assert read.matrix[1].tolist() == [1.0, 2.0, 3.0]


def test_packed_files_are_read(tmp_path):
    packed = tmp_path / "v.txt.gz"
    packed.write_bytes(gzip.compress(write_text(tmp_path / "v.txt").read_bytes()))
    assert read_vectors(packed, set()).words == tuple(WORDS)


@pytest.mark.parametrize("form", ["v.bin", "v.kv", "v.txt"])
def test_what_gensim_wrote_is_read(tmp_path, form):
    gensim = pytest.importorskip("gensim")
    keyed = gensim.models.KeyedVectors(4)
    keyed.add_vectors(WORDS, np.random.default_rng(0).normal(size=(36, 4)).astype(np.float32))
    write = (
        keyed.save
        if form == "v.kv"
        else lambda name: keyed.save_word2vec_format(name, binary=form == "v.bin")
    )
    write(str(tmp_path / form))
    read = read_vectors(tmp_path / form, set())
    assert read.words == tuple(WORDS)
    np.testing.assert_allclose(read.matrix, keyed.vectors, rtol=1e-6)


def test_the_texts_words_and_the_files_first_are_kept(tmp_path):
    read = read_vectors(write_text(tmp_path / "v.txt"), {WORDS[-1]}, first=2)
    assert read.words == (*WORDS[:2], WORDS[-1])


def test_capitals_of_a_file_are_read_as_small(tmp_path):
    file = write_text(tmp_path / "v.txt", [word.upper() for word in WORDS])
    part = Word2VecPart(file).fit(TEXTS)
    assert part.transform([Article(WORDS[1])]).tolist() == [[1.0, 2.0, 3.0]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "v.txt holds no vectors of words"),
        (b"2 3\nword 1 2 3\nother 1 2\n", "line 3 has 2 numbers after its word, not 3"),
        (b"word one two\n", "line 1 must be a word and 2 numbers"),
        (b"\x00\xff\xfe" * 90, "no file of word vectors"),
        (b"word nan 1 2\n", "vectors that are not finite"),
    ],
)
def test_what_holds_no_vectors_is_refused(tmp_path, content, sentence):
    (tmp_path / "v.txt").write_bytes(content)
    with pytest.raises(BadInput, match=sentence):
        Word2VecPart(tmp_path / "v.txt").fit(TEXTS)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("v.bin", b"not a header\n", "its first line must be how many words"),
        ("v.bin", b"2 4\nword \x00\x00", "it says 2 words of 4 numbers, and ends in word 1"),
        ("v.kv", b"nonsense", "gensim cannot load it"),
        ("v.txt.gz", b"nonsense", "cannot be read"),
    ],
)
def test_broken_files_are_refused(tmp_path, name, content, sentence):
    pytest.importorskip("gensim")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=sentence):
        read_vectors(tmp_path / name, set())


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadInput, match="there is no file of word vectors"):
        Word2VecPart(tmp_path / "none.bin")


def test_words_with_blanks_are_read(tmp_path):
    file = tmp_path / "glove.txt"
    file.write_text("the 1 2 3\n. . . 4 5 6\nat name@host.com 7 8 9\n")
    read = read_vectors(file, set())
    assert read.words == ("the", ". . .", "at name@host.com")
    assert read.matrix.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


@pytest.mark.parametrize("width", [-3, 0, 99_999_999_999_999])
def test_a_binary_file_of_no_possible_width_is_refused(tmp_path, width):
    (tmp_path / "words.bin").write_bytes(f"5 {width}\nword ".encode())
    with pytest.raises(BadInput, match="its first line must be how many words and how many numbers"):
        read_vectors(tmp_path / "words.bin", {"word"})


def test_a_packed_file_that_is_damaged_is_refused(tmp_path):
    file = tmp_path / "words.txt.gz"
    packed = bytearray(gzip.compress(b"word 1 2 3\n" * 9))
    packed[10:13] = b"\xff\xff\xff"
    file.write_bytes(packed)
    with pytest.raises(BadInput, match="cannot be read"):
        read_vectors(file, {"word"})
