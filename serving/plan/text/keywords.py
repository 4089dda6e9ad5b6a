"""How dense a text is with the words and phrases of each of several lists."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from serving.plan.text.reading import WORD, Reading


class Keywords:
    """A number a list, hits for each word of the text, and one of all lists together.

    Args:
        lists: The words and phrases of each list by its name; capitals do not count.
    """

    kind: ClassVar[str] = "keywords"

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        self.lists = {name: tuple(words) for name, words in lists.items()}
        self.names = (*self.lists, "any")
        self._places: dict[str, tuple[int, ...]] = {}
        for place, words in enumerate(self.lists.values()):
            for key in {" ".join(WORD.findall(word.lower())) for word in words} - {""}:
                self._places[key] = (*self._places.get(key, ()), place)
        self._lengths = sorted({key.count(" ") + 1 for key in self._places} - {1})

    def of(self, reading: Reading) -> Sequence[float]:
        """Return the densities; zeros for a text without words."""
        words, places = reading.words, self._places
        counts = [0] * len(self.names)
        hits = [places[word] for word in words if word in places]
        for length in self._lengths:
            runs = (" ".join(words[start : start + length]) for start in range(len(words) - length + 1))
            hits += [places[run] for run in runs if run in places]
        for hit in hits:
            counts[-1] += 1
            for place in hit:
                counts[place] += 1
        whole = max(len(words), 1)
        return [count / whole for count in counts]

    def as_json(self) -> Mapping[str, Any]:
        """Return the lists, in their order."""
        return {"lists": [[name, list(words)] for name, words in self.lists.items()]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Make the measure of its lists."""
        return cls({name: tuple(words) for name, words in document["lists"]})
