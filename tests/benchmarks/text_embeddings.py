"""Sentence embeddings per core: Penstock beside sentence-transformers called directly, in turn.

Time is the processor's, on one thread, so that neighbours on the machine do not count.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

SHARED = Path(__file__).parents[3] / "shared" / "data" / "text"


def headlines(rows: int) -> list[str]:
    table = pd.read_csv(SHARED / "news_aggregator_valid.tsv", sep="\t", header=None, quoting=3)
    return list(table[1].head(rows))


def tickets(rows: int) -> list[str]:
    return list(pd.read_csv(SHARED / "it_service_tickets.csv.gz", nrows=rows)["Document"])


def seconds(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def main(*, full: bool = False) -> str:
    """Return a table of texts a second."""
    import torch
    from sentence_transformers import SentenceTransformer

    from projects.text.embedding import embedded, load_model
    from projects.text.model_folder import find_model

    folder = find_model(None).path
    rounds = 7 if full else 3
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    lines = [
        f"model: {folder.parent.name}, one thread, {rounds} rounds in turn, medians",
        "| texts | sentence-transformers, texts/s | Penstock, texts/s | ratio | largest difference |",
        "|---|---|---|---|---|",
    ]
    try:
        own, direct = load_model(folder, use_gpu=False), SentenceTransformer(str(folder), device="cpu")
        cases = {
            "headlines": headlines(1_000 if full else 200),
            "tickets": tickets(300 if full else 60),
            "one headline": headlines(1),
        }
        for name, texts in cases.items():
            times = [
                (
                    seconds(lambda texts=texts: direct.encode(texts, show_progress_bar=False)),
                    seconds(lambda texts=texts: embedded(own, texts)),
                )
                for _ in range(rounds if len(texts) > 1 else 10 * rounds)
            ]
            difference = abs(embedded(own, texts) - direct.encode(texts, show_progress_bar=False)).max()
            theirs, ours = (len(texts) / statistics.median(column) for column in zip(*times, strict=True))
            lines.append(f"| {name} | {theirs:.0f} | {ours:.0f} | {ours / theirs:.2f} | {difference:.0e} |")
    finally:
        torch.set_num_threads(threads)
    return "\n".join(lines)
