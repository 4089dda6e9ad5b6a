"""An endpoint that speaks OpenAI's protocol: asked again where that helps, given up where it does not."""

import time

import pandas as pd
import pytest

from projects.errors import BadInput
from projects.examples.churn.factories import EmbeddingFactory, SummaryFactory
from projects.examples.churn.providers.pace import Pace
from projects.examples.churn.refusals import NoAnswer
from projects.examples.churn.summaries import generate_summaries
from tests.unit.projects.examples.churn_endpoint import endpoint, summary, vectors

QUICK = {"attempts": 3, "requests_per_minute": 60_000, "timeout_s": 0.3}


@pytest.fixture
def talk(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    monkeypatch.setattr("projects.examples.churn.providers.endpoint.FIRST_WAIT_S", 0.01)
    with endpoint() as talk:
        yield talk


def summaries(talk, **more):
    return SummaryFactory("openai", {"base_url": talk.url, **QUICK, **more})


def embeddings(talk, **more):
    return EmbeddingFactory("openai", {"base_url": talk.url, **QUICK, **more})


def test_a_note_is_sent_as_the_protocol_wants_it(talk):
    assert summaries(talk, summary_model="small").summarize("<p>The line is slow.</p>") == "fine"
    path, body = talk.asked[0]
    assert path == "/v1/chat/completions"
    assert body["model"] == "small"
    assert body["messages"][-1] == {"role": "user", "content": "The line is slow."}
    assert talk.headers[0]["Authorization"] == "Bearer a-key"


def test_a_long_note_is_cut(talk):
    summaries(talk, longest_text=50).summarize("word " * 10_000)
    assert len(talk.asked[0][1]["messages"][-1]["content"]) == 50


def test_an_empty_note_asks_nobody(talk):
    assert summaries(talk).summarize("  ") == ""
    assert talk.asked == []


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_busy_server_is_asked_again(talk, status):
    talk.script = [(status, {}, {"error": "busy"})]
    assert summaries(talk).summarize("a note") == "fine"
    assert len(talk.asked) == 2


def test_retry_after_is_waited_for(talk):
    talk.script = [(429, {"Retry-After": "0.4"}, {})]
    summaries(talk).summarize("a note")
    assert talk.times[1] - talk.times[0] >= 0.4


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html>a proxy's page</html>", "JSONDecodeError"),
        ({}, "KeyError"),
        ([], "TypeError"),
        ({"choices": []}, "IndexError"),
        ({"choices": [{"message": {"content": ""}}]}, "the content is empty"),
        ({"choices": [{"message": {"content": None}}]}, "the content is empty"),
        (b"", "JSONDecodeError"),
    ],
)
def test_nonsense_is_no_answer(talk, content, why):
    talk.answer = lambda path, body: (200, {}, content)
    with pytest.raises(NoAnswer, match=rf"{why}.*\(3 attempts\)"):
        summaries(talk).summarize("a note")
    assert len(talk.asked) == 3


def test_nonsense_once_is_asked_again(talk):
    talk.script = [(200, {}, b"oops")]
    assert summaries(talk).summarize("a note") == "fine"


def test_a_server_that_says_nothing_is_given_up_in_time(talk):
    talk.silent_s = 0.8
    with pytest.raises(NoAnswer, match="ReadTimeout"):
        summaries(talk).summarize("a note")


def test_a_server_that_drips_is_given_up_in_time(talk):
    talk.drip = 1  # each byte comes in time
    with pytest.raises(NoAnswer, match="Timeout"):
        summaries(talk, attempts=1).summarize("a note")


def test_a_server_that_is_not_there_is_no_answer(talk):
    llm = SummaryFactory("openai", {"base_url": "http://127.0.0.1:9/v1", **QUICK})
    with pytest.raises(NoAnswer, match=r"ConnectionError at http://127.0.0.1:9/v1"):
        llm.summarize("a note")


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_key_ends_it_at_once(talk, status):
    talk.answer = lambda path, body: (status, {}, {"error": "no"})
    with pytest.raises(
        BadInput, match=rf"answered {status}: .* see to the key, base_url and the model's name"
    ):
        summaries(talk).summarize("a note")
    assert len(talk.asked) == 1


def test_a_wrong_key_is_not_tried_on_every_note(talk, tmp_path):
    talk.answer = lambda path, body: (401, {}, {})
    frame = pd.DataFrame({"ticket_notes": [f"note {n}" for n in range(1000)]})
    with pytest.raises(BadInput, match="answered 401"):
        generate_summaries(frame, summaries(talk), tmp_path / "s.csv")
    assert len(talk.asked) < 100


def test_a_refused_text_is_not_asked_again(talk):
    talk.answer = lambda path, body: (400, {}, {"error": "filtered"})
    with pytest.raises(NoAnswer, match="answered 400"):
        summaries(talk).summarize("a note")
    assert len(talk.asked) == 1


def test_notes_that_are_refused_never_stop_the_others(talk, tmp_path):
    talk.answer = lambda path, body: (
        (400, {}, {}) if "bad" in body["messages"][-1]["content"] else summary("fine")
    )
    frame = pd.DataFrame({"ticket_notes": [f"bad {n}" for n in range(60)] + ["good"]})
    made = generate_summaries(frame, summaries(talk), tmp_path / "s.csv", num_threads=1)
    assert made.ticket_summary.notna().sum() == 1


def test_tokens_and_cost_are_counted(talk):
    llm = summaries(talk, price_per_million_input=2.0, price_per_million_output=10.0)
    llm.summarize("one")
    llm.summarize("two")
    assert llm.spent == {"requests": 2, "input_tokens": 200, "output_tokens": 20, "cost": pytest.approx(6e-4)}


def test_texts_are_embedded_in_one_request(talk):
    talk.answer = lambda path, body: vectors([1, 2], [3, 4])
    assert embeddings(talk).get_embeddings(["one", ""]) == [[1.0, 2.0], [3.0, 4.0]]
    assert talk.asked[0] == ("/v1/embeddings", {"model": "text-embedding-3-small", "input": ["one", " "]})


def test_vectors_are_sorted_by_their_index(talk):
    talk.answer = lambda path, body: (
        200, {}, {"data": [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": [1]}]},
    )  # fmt: skip
    assert embeddings(talk).get_embeddings(["a", "b"]) == [[1.0], [2.0]]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (vectors([1.0]), "1 vectors for 2 texts"),
        (vectors([1.0], [1.0, 2.0]), "vectors of several lengths"),
        (vectors([], []), "vectors of several lengths"),
        (
            (200, {}, b'{"data": [{"index": 0, "embedding": [NaN]}, {"index": 1, "embedding": [1]}]}'),
            "has gaps",
        ),
        (vectors(["a"], ["b"]), "could not convert"),
        (vectors(None, None), "TypeError"),
    ],
)
def test_wrong_vectors_are_no_answer(talk, reply, why):
    talk.answer = lambda path, body: reply
    with pytest.raises(NoAnswer, match=why):
        embeddings(talk).get_embeddings(["a", "b"])


def test_embeddings_may_have_an_address_of_their_own(talk):
    talk.answer = lambda path, body: vectors([1.0])
    llm = EmbeddingFactory(
        "openai", {"base_url": "http://127.0.0.1:9/v1", "embeddings_url": talk.url, **QUICK}
    )
    assert llm.get_embeddings("a") == [1.0]


def test_two_threads_keep_the_pace_together():
    now, waits = [0.0], []

    def sleep(seconds):
        waits.append(seconds)

    pace = Pace(60, clock=lambda: now[0], sleep=sleep)
    for _ in range(4):
        pace.wait()
    assert waits == [1.0, 2.0, 3.0]


def test_the_rate_is_held(talk, tmp_path):
    frame = pd.DataFrame({"ticket_notes": [f"note {n}" for n in range(20)]})
    started = time.monotonic()
    generate_summaries(frame, summaries(talk, requests_per_minute=1200), tmp_path / "s.csv", batch_size=1)
    assert time.monotonic() - started >= 19 * 0.05


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"base_urls": "x"}, "providers.openai has no key 'base_urls'; did you mean 'base_url'?"),
        ({"base_url": "localhost"}, "providers.openai.base_url must begin with http"),
        ({"attempts": 0}, "providers.openai.attempts must be a number above 0, not 0"),
        ({"attempts": 2.5}, "providers.openai.attempts must be a whole number, not 2.5"),
        ({"timeout_s": "soon"}, "providers.openai.timeout_s must be a number above 0, not 'soon'"),
    ],
)
def test_wrong_settings_are_refused(settings, said):
    with pytest.raises(BadInput) as refused:
        SummaryFactory("openai", settings)
    assert said in str(refused.value)


def test_an_unknown_provider_is_refused():
    with pytest.raises(BadInput, match=r"there is no provider 'open_ai'; did you mean 'openai'\?"):
        SummaryFactory("open_ai")


def test_the_summary_is_the_answer_without_its_blanks(talk):
    talk.answer = lambda path, body: summary("  short \n")
    assert summaries(talk).summarize("a note") == "short"


def test_a_password_in_the_address_and_the_key_are_not_told(talk):
    url = talk.url.replace("http://", "http://me:hush@")
    talk.answer = lambda path, body: (401, {}, {"error": "no such key: a-key"})
    with pytest.raises(BadInput) as refused:
        summaries(talk, base_url=url).summarize("a note")
    assert "hush" not in str(refused.value)
    assert "a-key" not in str(refused.value)


def test_a_password_in_the_address_is_not_told_of_a_server_that_is_away():
    factory = SummaryFactory("openai", {"base_url": "http://me:hush@127.0.0.1:9/v1", "attempts": 1})
    with pytest.raises(NoAnswer, match=r"at http://127.0.0.1:9/v1"):
        factory.summarize("a note")


def test_answers_to_texts_that_were_cut_elsewhere_are_others(talk):
    assert summaries(talk, longest_text=50).identity != summaries(talk).identity
    assert embeddings(talk, longest_text=50).identity != embeddings(talk).identity
