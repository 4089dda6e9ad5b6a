"""Columns are added to a frame, each by a definition of `derivations`."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from projects.transformers.cells import as_texts, frame_of
from projects.transformers.date_parts import read_date
from projects.transformers.derivations import COLUMNS, KINDS, NEEDS, Definition, derived


class Derive(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Add the defined columns after the others; a later definition may use an earlier one's column.

    Args:
        definitions: What to add, as `derivations` describes it.

    Attributes:
        definitions_: The same, complete: an age without `newest` has got the newest training date.
    """

    def __init__(self, definitions: Sequence[Definition] = ()) -> None:
        self.definitions = definitions

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Check the definitions against the training rows and complete them."""
        frame = frame_of(self, X, reset=True)
        self.definitions_ = complete(self.definitions, frame)
        return self

    def transform(self, X: Any) -> Any:
        """Return the columns and the new ones: a frame for a frame, an array for an array."""
        check_is_fitted(self)
        return added(self.definitions_, frame_of(self, X, reset=False), X)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the columns' names and the new ones'."""
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        return np.array([*names, *(each["name"] for each in self.definitions_)], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def complete(definitions: Sequence[Definition], frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Check definitions in their order and fill in what is learned from the training rows.

    Raises:
        ValueError: What is wrong with one, by its name.
    """
    there = set(map(str, frame.columns))
    finished = []
    for definition in definitions:
        check(definition)
        absent = [name for name in definition["columns"] if name not in there]
        if absent:
            raise ValueError(
                f"feature {definition['name']!r} needs the column {absent[0]!r}, which is not there"
            )
        if definition["name"] in there:
            raise ValueError(
                f"feature {definition['name']!r} would replace the column of that name; rename it"
            )
        there.add(definition["name"])
        finished.append(_learned(definition, frame))
    return finished


def check(definition: Definition) -> None:
    """Check one definition by itself.

    Raises:
        ValueError: What is wrong with it.
    """
    name, kind = definition.get("name"), definition.get("kind")
    if not isinstance(name, str) or not name:
        raise ValueError(f"a feature needs a name: {dict(definition)!r:.120}")
    if kind not in KINDS:
        raise ValueError(f"feature {name!r} has the kind {kind!r}; there are {', '.join(KINDS)}")
    columns, wanted = definition.get("columns"), COLUMNS.get(kind)
    if not isinstance(columns, list | tuple) or not all(isinstance(each, str) for each in columns):
        raise ValueError(f"feature {name!r} needs 'columns', a list of names")
    if len(columns) != wanted if wanted else len(columns) < 2:
        raise ValueError(
            f"feature {name!r} ({kind}) takes {wanted or 'two or more'} columns, not {len(columns)}"
        )
    lacking = [key for key in NEEDS.get(kind, ()) if key not in definition]
    if lacking:
        raise ValueError(f"feature {name!r} ({kind}) needs {lacking[0]!r}")
    unknown = set(definition) - {"name", "kind", "columns", "newest", *NEEDS.get(kind, ())}
    if unknown:
        raise ValueError(f"feature {name!r} ({kind}) does not know {min(unknown)!r}")


def added(definitions: Sequence[Definition], frame: pd.DataFrame, X: Any) -> Any:
    """Return the frame with the new columns; as an array if `X` is none."""
    for definition in definitions:
        cells = derived(definition, frame)
        frame = frame.assign(**{definition["name"]: pd.Series(cells, index=frame.index, dtype=cells.dtype)})
    return frame if isinstance(X, pd.DataFrame) else frame.to_numpy()


def _learned(definition: Definition, frame: pd.DataFrame) -> dict[str, Any]:
    finished: dict[str, Any] = dict(definition) | {"columns": list(definition["columns"])}
    is_age = definition["kind"] == "date_part" and definition["part"] == "age_days"
    if is_age and "newest" not in definition and definition["columns"][0] in frame.columns:
        texts = as_texts(frame[definition["columns"][0]].to_numpy(dtype=object))
        newest = max((moment for text in pd.unique(texts) if (moment := read_date(text))), default=None)
        if newest is not None:
            finished["newest"] = newest.isoformat()
    return finished
