"""A synthetic ticket note: its topics' sentences among those that say nothing."""

import numpy as np

from projects.examples.churn.topics import CLOSINGS, FILLERS, MONTHS, OPENINGS, TOPICS, Topic

MARKED_UP, MISSPELT = 0.03, 0.1
"""Shares of notes with HTML in them, and with two letters swapped."""


def draw_topics(rng: np.random.Generator, notes: int) -> list[tuple[Topic, ...]]:
    """Draw what each note is about: one topic, or for three in ten notes two.

    Args:
        rng: Draws.
        notes: How many.
    """
    shares = np.array([topic.share for topic in TOPICS])
    firsts = rng.choice(len(TOPICS), size=notes, p=shares / shares.sum())
    seconds = rng.choice(len(TOPICS), size=notes, p=shares / shares.sum())
    has_two = rng.random(notes) < 0.3
    return [
        (TOPICS[first], TOPICS[second]) if two and first != second else (TOPICS[first],)
        for first, second, two in zip(firsts, seconds, has_two, strict=True)
    ]


def write_note(rng: np.random.Generator, topics: tuple[Topic, ...]) -> str:
    """Write a note about its topics."""
    sentences = [str(rng.choice(OPENINGS))]
    for topic in topics:
        sentences += [f"{rng.choice(topic.reports)}.", f"{rng.choice(topic.actions)}."]
    for filler in rng.choice(FILLERS, int(rng.integers(0, 4)), replace=False):
        sentences.insert(int(rng.integers(1, len(sentences) + 1)), str(filler))
    sentences.append(str(rng.choice(CLOSINGS)))
    note = " ".join(_filled(rng, sentence) for sentence in sentences)
    if rng.random() < MISSPELT:
        note = _misspelt(rng, note)
    return f"<p>{note}</p>".replace("'", "&#39;") if rng.random() < MARKED_UP else note


def _filled(rng: np.random.Generator, sentence: str) -> str:
    return sentence.format(
        month=rng.choice(MONTHS), money=f"${rng.integers(5, 120)}.{rng.integers(0, 100):02}",
        days=rng.integers(2, 29),
    )  # fmt: skip


def _misspelt(rng: np.random.Generator, note: str) -> str:
    at = int(rng.integers(1, len(note) - 2))
    return note[:at] + note[at + 1] + note[at] + note[at + 2 :]
