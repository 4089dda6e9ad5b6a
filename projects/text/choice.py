"""Which configuration: by the number of labelled texts, unless another one answers held-back texts better.

The number of labelled texts says how much can be learned from them. What was learned elsewhere (sentence
embeddings, lexicons) costs time only, and may help most where labels are few: so configurations are compared.
"""

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.text.article import Article
from projects.text.comparison import Alternative, compared
from projects.text.configuration import FEWEST, NAMES, PARTS, Configuration, Name, PartName, by_number
from projects.text.making import LEARNED, Options, missing_of, next_best
from projects.text.part import Labels

BETTER = 0.005
"""Macro F1 (or R2) by which another configuration must be better: half of what one may lose by the choice."""
SURE = 0.5
"""And by so many errors of the difference: a wrong turn between equals costs little, a missed one its gap."""


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Attributes:
        configuration: Name, parts and reason; its parts can all be made here.
        alternatives: What each configuration scored; none where nothing was compared.
        missing: Why parts cannot be made, a sentence each.
    """

    configuration: Configuration
    alternatives: tuple[Alternative, ...] = ()
    missing: Mapping[PartName, str] = field(default_factory=dict)


def choose(
    articles: Sequence[Article],
    labels: Labels | None,
    options: Options | None = None,
    *,
    dataset_size: int | None = None,
    name: Name | None = None,
    extend: Literal["auto", "never"] = "auto",
    enable_advanced: bool = True,
    left_out: Mapping[PartName, str] | None = None,
    seconds: float = 60.0,
    clock: Callable[[], float] = time.monotonic,
) -> Choice:
    """Choose a configuration.

    Args:
        articles: To learn from.
        labels: Theirs; without labels nothing can be compared.
        options: What parts are made of.
        dataset_size: Labelled texts to choose by, without a comparison; None counts `articles`.
        name: A configuration that was asked for; None chooses.
        extend: `never` compares nothing.
        enable_advanced: False leaves out word vectors and sentence embeddings.
        left_out: Parts that would take too long, and why: as if they could not be made.
        seconds: Bound of the comparison, about.
        clock: Seconds that pass.

    Raises:
        BadInput: There is no configuration of this name.
    """
    options = options or Options()
    names: Sequence[Name] = NAMES if enable_advanced else NAMES[:2]
    size = len(articles) if dataset_size is None else dataset_size
    wanted = _wanted(name, size, names)
    is_open = name is None and dataset_size is None and extend == "auto" and labels is not None
    unwanted = left_out or {}
    wished = [part for part in PARTS[names[-1] if is_open else wanted] if part not in unwanted]
    missing = {**missing_of(wished, options), **unwanted}
    best = next_best(wanted, missing)
    candidates = {
        one: tuple(
            part for part in PARTS[one] if part not in missing and (enable_advanced or part not in LEARNED)
        )
        for one in names
        if one == best or next_best(one, missing) == one
    }
    fixed = Configuration(
        best, candidates[best], reason=_reason(wanted, best, size, name, is_slow=bool(unwanted))
    )
    if wanted != best and not set(missing) <= set(unwanted):
        warnings.warn(f"text features: {'; '.join(missing.values())}", stacklevel=2)
    if not is_open or labels is None or len(candidates) < 2 or len(articles) < 2 * len(labels.folds):
        return Choice(fixed, missing=missing)
    alternatives = compared(articles, labels, candidates, options, seconds=seconds, clock=clock)
    decided = _decided(fixed, candidates, alternatives, labels) if alternatives else fixed
    return Choice(decided, alternatives, missing)


def warn_of_few(size: int) -> None:
    """Warn where so few labelled articles teach little."""
    if size < FEWEST:
        warnings.warn(
            f"{size} labelled articles are few: scores will be rough; label {FEWEST} or more", stacklevel=2
        )


def _decided(
    fixed: Configuration,
    candidates: Mapping[Name, tuple[PartName, ...]],
    alternatives: Sequence[Alternative],
    labels: Labels,
) -> Configuration:
    by_name = {one.name: one for one in alternatives}
    own = by_name[fixed.name]
    winner = max(alternatives, key=lambda one: (round(one.score, 4), -one.features))
    gain = winner.score - own.score
    if gain <= BETTER or gain <= SURE * float(np.std(winner.draws - own.draws)):
        return fixed
    kind = "R2" if labels.classes is None else "macro F1"
    told = f"by cross-validation the parts of {winner.name} reach {kind} {winner.score:.3f}"
    return replace(
        fixed,
        parts=candidates[winner.name],
        extended_to=winner.name,
        reason=f"{fixed.reason}; {told}, those of {fixed.name} {own.score:.3f}",
    )


def _wanted(name: Name | None, size: int, names: Sequence[Name]) -> Name:
    if name is None:
        return min(by_number(size), names[-1], key=NAMES.index)
    if name not in NAMES:
        raise BadInput(f"there is no configuration {name!r}; {did_you_mean(name, NAMES)}")
    return min(name, names[-1], key=NAMES.index)


def _reason(wanted: Name, best: Name, size: int, asked: Name | None, *, is_slow: bool) -> str:
    first = f"{wanted} was asked for" if asked else f"{size:,} labelled articles"
    if best == wanted:
        return first
    why = "would take too long" if is_slow else "cannot be made here"
    return f"{first}; {wanted} {why}, so {best}"
