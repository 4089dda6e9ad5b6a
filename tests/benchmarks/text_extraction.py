"""Articles a second, nothing cached: each configuration on the headlines, in one process.

The rates to beat are those of the feature list's 4-core machine; the embeddings' own rate is `text_embeddings`'.
"""

import time
from statistics import median
from typing import Any

from tests.benchmarks.text_quality import news

from projects.text.configuration import NAMES, PARTS, Name

TO_BEAT: dict[Name, str] = {
    "conservative": "50-100",
    "balanced": "30-50",
    "enhanced": "10-20",
    "maximum": "5-10",
}
LEARNED_FROM = 2_000
ROUNDS = 5


def main(*, full: bool = False) -> str:
    """Time each configuration; `maximum` with `full` only, as a network takes its time."""
    from projects.text.extractor import AdaptiveFeatureExtractor

    corpus = news()
    texts, labels = corpus.texts[:LEARNED_FROM], corpus.labels[:LEARNED_FROM]
    lines = [f"{'':<14}{'numbers':>8}{'fit s':>8}{'articles/s':>12}{'one article us':>16}{'to beat':>10}"]
    for name in NAMES if full else NAMES[:3]:
        started = time.perf_counter()
        fitted = AdaptiveFeatureExtractor(parts=PARTS[name], enable_cache=False).fit(texts, labels)
        took = time.perf_counter() - started
        new = corpus.new_texts[:200] if name == "maximum" else corpus.new_texts
        rate = len(new) / median(
            _seconds(fitted, new[turn:]) for turn in range(1 if name == "maximum" else ROUNDS)
        )
        one = median(_seconds(fitted, text) for text in corpus.new_texts[300:400])
        lines.append(
            f"{name:<14}{fitted.n_features_out_:>8}{took:>8.1f}{rate:>12,.0f}{one * 1e6:>16,.0f}{TO_BEAT[name]:>10}"
        )
    return "\n".join(lines)


def _seconds(fitted: Any, articles: Any) -> float:
    started = time.perf_counter()
    fitted.transform(articles)
    return time.perf_counter() - started


if __name__ == "__main__":
    print(main())
