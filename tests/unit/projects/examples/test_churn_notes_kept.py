"""Summaries and embeddings are made in parallel, kept at once, and never asked for again."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest

from projects.errors import BadInput
from projects.examples.churn import factories
from projects.examples.churn.embeddings import generate_embeddings
from projects.examples.churn.factories import EmbeddingFactory, Provider, SummaryFactory, register_provider
from projects.examples.churn.refusals import NoAnswer
from projects.examples.churn.summaries import generate_summaries

NOTES = [f"Customer {number} called. The line is slow. Ticket closed." for number in range(100)]
REPO = Path(__file__).parents[4]
KILLED = """
import os, sys, threading
import pandas as pd
from projects.examples.churn.summaries import generate_summaries

class Dear:
    identity = "dear"
    def summarize(self, text):
        with open(sys.argv[2], "a") as log:
            log.write(text + "\\n")
        if os.path.getsize(sys.argv[2]) > int(sys.argv[3]):
            os._exit(9)
        return "short: " + text

notes = [f"note {number:05}" for number in range(10_000)]
generate_summaries(pd.DataFrame({"ticket_notes": notes}), Dear(), sys.argv[1])
"""


class Counting:
    """Summarises and embeds by itself, and counts."""

    def __init__(self, *, fails=(), identity="counting"):
        self.asked, self.fails, self.identity, self.threads = [], fails, identity, set()

    def summarize(self, text):
        self.asked.append(text)
        self.threads.add(threading.current_thread().name)
        if any(part in text for part in self.fails):
            raise NoAnswer("it is not in the mood")
        return f"{self.identity}: {text[:12]}"

    def get_embeddings(self, text):
        self.asked.append(text)
        return None if any(part in text for part in self.fails) else [float(len(text)), 1.0]


@pytest.fixture
def frame():
    return pd.DataFrame({"customer_id": range(100), "ticket_notes": NOTES})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "interim" / "summary.csv"


def test_each_row_gets_the_summary_of_its_note(frame, path):
    made = generate_summaries(frame, SummaryFactory(), path)
    assert made.ticket_summary.tolist() == [SummaryFactory().summarize(note) for note in NOTES]
    assert pd.read_csv(path).ticket_summary.tolist() == made.ticket_summary.tolist()


class Waiting(Counting):
    """The first call ends when another thread has come too."""

    def __init__(self):
        super().__init__()
        self.others = threading.Event()

    def summarize(self, text):
        made = super().summarize(text)
        if len(self.threads) > 1:
            self.others.set()
        self.others.wait(10)
        return made


def test_several_threads_work(frame, path):
    llm = Waiting()
    generate_summaries(frame, llm, path, batch_size=2, num_threads=3)
    assert 1 < len(llm.threads) <= 3


def test_a_second_run_asks_for_none(frame, path):
    generate_summaries(frame, Counting(), path)
    second = Counting()
    made = generate_summaries(frame, second, path)
    assert second.asked == []
    assert made.attrs["summaries"] == {"asked": 0, "kept": 100, "failed": 0}


def test_new_rows_alone_are_asked_for(frame, path):
    generate_summaries(frame[:90], Counting(), path)
    second = Counting()
    assert generate_summaries(frame, second, path).ticket_summary.notna().all()
    assert sorted(second.asked) == sorted(NOTES[90:])


def test_equal_notes_are_asked_for_once(path):
    llm = Counting()
    made = generate_summaries(pd.DataFrame({"ticket_notes": ["the same"] * 50}), llm, path)
    assert len(llm.asked) == 1
    assert len(set(made.ticket_summary)) == 1


def test_another_provider_s_summaries_are_not_taken(frame, path):
    generate_summaries(frame, Counting(identity="one"), path)
    made = generate_summaries(frame, Counting(identity="other"), path)
    assert made.ticket_summary.str.startswith("other").all()


def test_a_note_without_an_answer_costs_no_other_its_own(frame, path):
    made = generate_summaries(frame, Counting(fails=("Customer 7 ",)), path)
    assert made.ticket_summary.isna().sum() == 1
    assert made.attrs["summaries"]["failed"] == 1


def test_what_failed_is_asked_for_again(frame, path):
    generate_summaries(frame, Counting(fails=("Customer 7 ",)), path)
    second = Counting()
    assert generate_summaries(frame, second, path).ticket_summary.notna().all()
    assert second.asked == [NOTES[7]]


def test_a_provider_that_is_away_ends_the_run_and_keeps_the_rest(frame, path):
    with pytest.raises(BadInput, match="20 texts in a row got no answer, the last one because it is not in"):
        generate_summaries(
            frame, Counting(fails=[f"Customer {n} " for n in range(30, 100)]), path, num_threads=1
        )
    second = Counting()
    generate_summaries(frame, second, path)
    assert not set(second.asked) & set(NOTES[:30])


@pytest.mark.parametrize("at_byte", [40_000, 70_000])
def test_a_killed_run_of_10_000_notes_is_gone_on_with(path, tmp_path, at_byte):
    log = tmp_path / "asked.log"
    words = [sys.executable, "-c", KILLED, str(path), str(log)]
    assert subprocess.run([*words, str(at_byte)], cwd=REPO, check=False).returncode == 9
    first = len(log.read_text().splitlines())
    assert subprocess.run([*words, "999999999"], cwd=REPO, check=False).returncode == 0
    asked = log.read_text().splitlines()
    # Each of the four threads may have been in the middle of one note.
    assert 3000 < first < 10_000 <= len(asked) <= 10_000 + 4
    assert set(asked[:first]) | set(asked[first:]) == {f"note {number:05}" for number in range(10_000)}
    assert len(pd.read_csv(path)) == 10_000


def test_a_store_that_is_something_else_is_refused(frame, path):
    path.parent.mkdir()
    path.with_name("summary.csv.answers.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(BadInput, match=r"answers cannot be kept in .*; remove it, or name another"):
        generate_summaries(frame, Counting(), path)


def test_work_without_threads_is_refused(frame, path):
    with pytest.raises(BadInput, match="must be at least 1, not 10 and 0"):
        generate_summaries(frame, Counting(), path, num_threads=0)


def test_each_row_gets_the_vector_of_its_summary(frame, tmp_path):
    summed = frame.assign(ticket_summary=NOTES)
    made = generate_embeddings(summed, EmbeddingFactory(), tmp_path / "e.csv")
    assert made.summary_embedding.tolist() == EmbeddingFactory().get_embeddings(NOTES)
    kept = [json.loads(cell) for cell in pd.read_csv(tmp_path / "e.csv").summary_embedding]
    assert kept == made.summary_embedding.tolist()


def test_rows_without_an_embedding_are_dropped_and_counted(frame, tmp_path):
    summed = frame.assign(ticket_summary=[None, *NOTES[1:]])
    made = generate_embeddings(summed, Counting(fails=("Customer 8 ",)), tmp_path / "e.csv")
    assert made.attrs["embeddings"]["dropped"] == 2
    assert made.customer_id.tolist() == [0 + n for n in range(1, 100) if n != 8]


def test_a_second_run_embeds_none(frame, tmp_path):
    summed = frame.assign(ticket_summary=NOTES)
    generate_embeddings(summed, Counting(), tmp_path / "e.csv")
    second = Counting()
    generate_embeddings(summed, second, tmp_path / "e.csv")
    assert second.asked == []


def test_vectors_of_several_lengths_are_refused(frame, tmp_path):
    class Uneven(Counting):
        def get_embeddings(self, text):
            return [1.0] * (2 + text.startswith("Customer 5 "))

    with pytest.raises(BadInput, match=r"the embeddings have 2 lengths \(2, 3\), not one"):
        generate_embeddings(frame.assign(ticket_summary=NOTES), Uneven(), tmp_path / "e.csv")


def test_a_bad_text_in_a_batch_costs_its_neighbours_nothing(frame, tmp_path, monkeypatch):
    class Picky:
        identity = "picky"

        def embed(self, texts):
            if any(text.startswith("Customer 5 ") for text in texts):
                raise NoAnswer("it will not have it")
            return [[1.0, 2.0] for _ in texts]

    monkeypatch.setattr(factories, "PROVIDERS", dict(factories.PROVIDERS))
    register_provider("picky", Provider(lambda _: SummaryFactory(), lambda _: Picky()))
    made = generate_embeddings(
        frame.assign(ticket_summary=NOTES), EmbeddingFactory("picky"), tmp_path / "e.csv"
    )
    assert len(made) == 99


def test_the_file_holds_vectors_as_json(frame, tmp_path):
    generate_embeddings(frame[:1].assign(ticket_summary="a"), Counting(), tmp_path / "e.csv")
    assert json.loads(pd.read_csv(tmp_path / "e.csv").summary_embedding[0]) == [1.0, 1.0]
