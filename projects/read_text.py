"""What one article of a row becomes, as it was chosen: for people, for the run and for the model card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projects.article_columns import ArticleColumns
from projects.counted import counted

ARTEFACT = "text_features.json"
"""Among the run's artefacts, and beside the model."""


@dataclass(frozen=True)
class Alternative:
    """A configuration that was compared.

    Attributes:
        name: Its name.
        score: By cross-validation on rows that are learned from.
        error: The score's standard error.
        features: Numbers a text.
    """

    name: str
    score: float
    error: float
    features: int


@dataclass(frozen=True)
class ReadText:
    """What one article becomes.

    Attributes:
        columns: Its columns and what each is.
        name: The configuration whose parts were taken.
        by_size: The configuration that the number of labelled texts alone would have named.
        reason: Why, as a sentence.
        parts: What is in it.
        features: Numbers a row.
        labelled: The texts that the choice was made on.
        metric: What alternatives were compared by.
        alternatives: Those that were compared.
        missing: Why parts are missing, and what else a person should know, as sentences.
    """

    columns: ArticleColumns
    name: str
    by_size: str
    reason: str
    parts: tuple[str, ...]
    features: int
    labelled: int
    metric: str
    alternatives: tuple[Alternative, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a person is told."""
        names = " and ".join(f"'{name}'" for name in self.columns.columns)
        verb = "becomes" if len(self.columns.columns) == 1 else "become"
        became = f"{names} {verb} {counted(self.features, 'number')} a row"
        said = [f"{became} ({self.name}: {', '.join(self.parts)}): {self.reason}"]
        if self.alternatives:
            scores = ", ".join(f"{one.name} {one.score:.3f} ± {one.error:.3f}" for one in self.alternatives)
            said.append(f"compared by cross-validation ({self.metric}): {scores}")
        return (*said, *self.missing)

    @property
    def as_json(self) -> Mapping[str, Any]:
        """For the run."""
        return {
            "columns": list(self.columns.columns),
            "roles": list(self.columns.roles),
            "configuration": self.name,
            "by_size": self.by_size,
            "reason": self.reason,
            "parts": list(self.parts),
            "features_count": self.features,
            "dataset_size": self.labelled,
            "metric": self.metric,
            "alternatives": [
                {"name": one.name, "score": one.score, "error": one.error, "features_count": one.features}
                for one in self.alternatives
            ],
            "missing": list(self.missing),
        }


def tags_of(texts: Sequence[ReadText], f1: float | None) -> dict[str, str]:
    """Return the tags of a version that reads texts; empty for one that reads none."""
    if not texts:
        return {}
    tags = {
        "dataset_size": str(max(one.labelled for one in texts)),
        "configuration": ",".join(dict.fromkeys(one.by_size for one in texts)),
        "features_count": str(sum(one.features for one in texts)),
    }
    taken = ",".join(dict.fromkeys(one.name for one in texts))
    extended = {} if taken == tags["configuration"] else {"extended_to": taken}
    return tags | extended | ({} if f1 is None else {"f1_score": f"{f1:.6g}"})
