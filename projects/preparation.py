"""The steps that turn columns into the matrix that a model learns from.

custom -> stored -> pairs -> interactions -> select -> columns: new columns are made first, then columns are
left out, then each kind of column is filled, bounded, encoded and scaled by a ColumnTransformer. All of it is
fitted on training rows alone, and all but custom functions can be written into a scoring plan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projects.article_columns import ArticleColumns
from projects.article_parts import Articles, unchosen
from projects.column_parts import Recipe, Style, column_parts, strategy_of
from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.requirement.model import Cleaning, FeatureSection
from projects.transformers.among import Kind
from serving.plan.model import Task

Step = tuple[str, Any]
Definition = Mapping[str, Any]
"""Of a column made of others, as `projects.transformers.derivations` describes it."""


@dataclass(frozen=True)
class Inputs:
    """The columns by what prepares them.

    Attributes:
        numbers: Columns of numbers.
        texts: Columns of texts.
        dates: Columns of ISO date texts.
        distinct: How many distinct texts each text column holds.
        articles: Free text, with what belongs to it.
    """

    numbers: tuple[str, ...]
    texts: tuple[str, ...]
    dates: tuple[str, ...]
    distinct: Mapping[str, int]
    articles: tuple[ArticleColumns, ...] = ()

    @property
    def free_texts(self) -> tuple[str, ...]:
        """The columns that are read as free text alone."""
        return tuple(name for article in self.articles for name in article.texts)

    @property
    def names(self) -> tuple[str, ...]:
        """Every column."""
        return (*self.numbers, *self.texts, *self.dates, *self.free_texts)


def preparation(
    inputs: Inputs,
    features: FeatureSection,
    cleaning: Cleaning,
    *,
    style: Style,
    task: Task,
    seed: int,
    stored: Sequence[Definition] = (),
    articles: Articles | None = None,
) -> list[Step]:
    """Make the unfitted steps before `("model", ...)`.

    Args:
        inputs: The columns.
        features: What they become.
        cleaning: How gaps and outliers are treated.
        style: `linear` and `distance` are scaled and one-hot; `trees` are unscaled and have few columns.
        task: What is predicted.
        seed: For everything random.
        stored: The definitions that `features.store` names.
        articles: What free text becomes; None lets each fit choose.

    Raises:
        BadInput: An interaction or a stored definition names a column that is not there.
    """
    definitions = [*_checked(stored, inputs, features), *_pairs(inputs, features)]
    recipe = Recipe(features, cleaning, style, task, seed)
    parts = column_parts(
        recipe,
        numbers=(*inputs.numbers, *_made(definitions, "number")),
        texts={name: inputs.distinct[name] for name in inputs.texts}
        | dict.fromkeys(_made(definitions, "text"), features.high_cardinality),
        dates=inputs.dates,
        has_more=bool(features.custom) or features.interactions == "auto",
        articles=articles or unchosen(inputs.articles, features.text, task, seed),
    )
    free = {name for article in inputs.articles for name in article.columns}
    select = _select(features, task, seed, keep=sorted(free))
    return [*_derive(definitions, features, seed), *select, ("columns", parts)]


def rows_to_learn(frame: Any, inputs: Inputs, cleaning: Cleaning) -> Any:
    """Return which training rows are learned from: with `drop`, those without gaps in its columns.

    Args:
        frame: The training rows, a DataFrame.
        inputs: The columns.
        cleaning: The strategy, for all columns and for single ones.

    Returns:
        A mask, one truth a row.

    Raises:
        BadInput: No row is complete.
    """
    complete = [name for name in inputs.names if strategy_of(name, cleaning) == "drop"]
    mask = frame[complete].notna().all(axis=1).to_numpy()
    if not mask.any():
        emptiest = frame[complete].isna().mean().idxmax()
        raise BadInput(
            f"missing_strategy 'drop' leaves no row: each has a gap somewhere, most in '{emptiest}';"
            " choose another strategy, or leave that column out"
        )
    return mask


def custom_modules(features: FeatureSection) -> tuple[str, ...]:
    """Return the modules of the custom functions, which a pickled pipeline must hold by value."""
    return tuple(dict.fromkeys(name.rpartition(".")[0] for name in features.custom))


def _derive(definitions: Sequence[Definition], features: FeatureSection, seed: int) -> list[Step]:
    from projects.transformers.apply_function import ApplyFunction
    from projects.transformers.derive import Derive
    from projects.transformers.interactions import Interactions

    steps: list[Step] = [
        (f"custom_{number}", ApplyFunction(name)) for number, name in enumerate(features.custom, 1)
    ]
    if definitions:
        steps.append(("derive", Derive(definitions)))
    if features.interactions == "auto":
        steps.append(("interactions", Interactions(random_state=seed)))
    return steps


def _select(features: FeatureSection, task: Task, seed: int, keep: Sequence[str]) -> list[Step]:
    from projects.transformers.select_columns import SelectColumns

    if features.selection == "none":
        return []
    kind = "regression" if task == "regression" else "classification"
    chosen = SelectColumns(
        features.selection,
        features.n_features,
        task=kind,  # type: ignore[arg-type]
        keep=tuple(keep),
        random_state=seed,
    )
    return [("select", chosen)]


def _made(definitions: Sequence[Definition], kind: Kind) -> tuple[str, ...]:
    from projects.transformers.derivations import gives_text

    return tuple(each["name"] for each in definitions if gives_text(each) == (kind == "text"))


def _checked(stored: Sequence[Definition], inputs: Inputs, features: FeatureSection) -> Sequence[Definition]:
    there = set(inputs.names)
    for definition in stored:
        for name in definition["columns"]:
            if name not in there and not features.custom:  # a function may make it
                raise BadInput(
                    f"the stored feature '{definition['name']}' needs the column '{name}', which the data"
                    f" has not; {did_you_mean(name, sorted(there))}"
                )
        if definition["name"] in there:
            raise BadInput(f"the stored feature '{definition['name']}' has the name of a column; rename that")
        there.add(definition["name"])
    return stored


def _pairs(inputs: Inputs, features: FeatureSection) -> list[Definition]:
    from projects.transformers.interactions import pair_definitions

    if isinstance(features.interactions, str):
        return []
    made: list[Definition] = []
    for left, right in features.interactions:
        kinds = {_kind(name, inputs) for name in (left, right)}
        if len(kinds) > 1:
            raise BadInput(
                f"the interaction of '{left}' and '{right}' must be of two columns of one kind: numbers,"
                f" texts or dates; they are {' and '.join(sorted(kinds))}"
            )
        made += pair_definitions(left, right, kind=kinds.pop())
    return made


def _kind(name: str, inputs: Inputs) -> str:
    for kind, names in (("numbers", inputs.numbers), ("texts", inputs.texts), ("dates", inputs.dates)):
        if name in names:
            return kind
    if name in inputs.free_texts:
        raise BadInput(f"'{name}' is free text, which takes no part in interactions; name another column")
    raise BadInput(f"there is no column '{name}' for an interaction; {did_you_mean(name, inputs.names)}")
