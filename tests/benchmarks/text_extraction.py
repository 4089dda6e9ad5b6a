"""Articles a second, nothing cached: each configuration on the headlines, in one process.

What is to be beaten was measured on 4 cores. A CPU second is one of this process, whatever else runs beside
it. The embeddings' own rate is `text_embeddings`'.
"""

import time
from statistics import median
from typing import Any

from projects.text.configuration import NAMES, PARTS, Name
from tests.benchmarks.text_quality import news

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
    lines = [f"{'':<14}{'numbers':>8}{'articles/s':>12}{'a CPU second':>14}{'one, us':>10}{'to beat':>10}"]
    for name in NAMES if full else NAMES[:3]:
        fitted = AdaptiveFeatureExtractor(parts=PARTS[name], enable_cache=False).fit(texts, labels)
        new = corpus.new_texts[:200] if name == "maximum" else corpus.new_texts
        # Embeddings of texts that a process has seen are kept: a second round would read them.
        spent = [_seconds(fitted, new) for _ in range(1 if name == "maximum" else ROUNDS)]
        rate, cpu_rate = (len(new) / median(seconds) for seconds in zip(*spent, strict=True))
        one = median(_seconds(fitted, text)[0] for text in corpus.new_texts[300:400]) * 1e6
        lines.append(
            f"{name:<14}{fitted.n_features_out_:>8}{rate:>12,.0f}{cpu_rate:>14,.0f}{one:>10,.0f}"
            f"{TO_BEAT[name]:>10}"
        )
    return "\n".join(lines)


def _seconds(fitted: Any, articles: Any) -> tuple[float, float]:
    started, cpu = time.perf_counter(), time.process_time()
    fitted.transform(articles)
    return time.perf_counter() - started, time.process_time() - cpu


if __name__ == "__main__":
    print(main())
