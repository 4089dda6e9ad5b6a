"""Made texts with labels that words tell, for tests of text features."""

import numpy as np

SAID = {
    "money": ["market", "bank", "shares", "profit", "investors", "trading", "stocks", "economy"],
    "stars": ["film", "singer", "album", "actress", "premiere", "concert", "celebrity", "drama"],
    "health": ["doctor", "virus", "patients", "vaccine", "hospital", "cancer", "disease", "clinic"],
}
FILLER = ["the", "of", "new", "after", "says", "report", "week", "city", "man", "with", "for", "big", "first"]


def made_texts(number: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Return texts of eight words, two of them of their class, and the classes."""
    random = np.random.default_rng(seed)
    labels = [list(SAID)[place] for place in random.integers(0, len(SAID), number)]
    texts = [
        " ".join(random.permutation([*random.choice(SAID[label], 2), *random.choice(FILLER, 6)]))
        for label in labels
    ]
    return texts, labels
