"""The example's configuration file: every key with a default, unknown ones refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from projects.errors import BadInput
from projects.hints import did_you_mean

Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[int, Field(gt=0)]
SaveFormat = Literal["json", "pickle", "both"]
DEFAULT = Path(__file__).with_name("config.yml")


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class SummaryKeys(_Keys):
    """Who summarises."""

    summary_provider: str = "extractive"
    """The provider's name."""


class EmbeddingKeys(_Keys):
    """Who embeds."""

    embedding_model: str = "extractive"
    """The provider's name."""


class DataKeys(_Keys):
    """How notes are worked off, and how rows are split."""

    batch_size: Positive = 10
    """Texts that a thread takes at a time."""
    num_threads: Annotated[int, Field(gt=0, le=64)] = 4
    """Threads that summarise and embed."""
    test_size: Share = 0.2
    """Of all rows."""
    validation_size: Share = 0.2
    """Of all rows."""
    stratify: bool = True
    """Whether all three parts keep the share of those who leave."""


class ModelKeys(_Keys):
    """How the model is fitted and kept."""

    scale_features: bool = True
    """Whether the numbers are scaled, by the training rows."""
    save_format: SaveFormat = "json"
    """`json` is XGBoost's own format."""
    n_estimators: Positive = 400
    """The most trees."""
    max_depth: Positive = 3
    """Of a tree: ticket notes and five columns hold few deep interactions."""
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Of a tree."""
    early_stopping_rounds: Positive = 20
    """Trees without a better validation loss before the fit ends."""
    random_state: Annotated[int, Field(ge=0)] = 42
    """Of split and model."""


class Config(_Keys):
    """The whole file."""

    summary: SummaryKeys = SummaryKeys()
    """Who summarises."""
    embedding: EmbeddingKeys = EmbeddingKeys()
    """Who embeds."""
    data: DataKeys = DataKeys()
    """Work on notes, and the split."""
    model: ModelKeys = ModelKeys()
    """The fit."""
    providers: dict[str, dict[str, Any]] = {}
    """Each provider's own settings, by its name."""
    logging: dict[str, Any] = {}
    """Read past: the program that calls sets its logging up."""


def read_config(given: Config | Mapping[str, Any] | str | Path | None) -> Config:
    """Read a configuration.

    Args:
        given: A file, its content, or nothing for the defaults.

    Raises:
        BadInput: There is no such file, it is no YAML, or a key or a value cannot be used.
    """
    if isinstance(given, Config):
        return given
    content = given if isinstance(given, Mapping) else _loaded(Path(given or DEFAULT))
    try:
        return Config.model_validate({key: value for key, value in content.items() if value is not None})
    except ValidationError as error:
        raise BadInput(f"the configuration{_of(given)}: {_told(error)}", code="wrong_value") from error


def _loaded(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the configuration {path} cannot be read: {error}; name a YAML file") from error
    except yaml.YAMLError as error:
        raise BadInput(
            f"the configuration {path} is no YAML: {error}; mind its indents and colons"
        ) from error
    if content is not None and not isinstance(content, Mapping):
        raise BadInput(
            f"the configuration {path} must hold keys like 'data:', not a {type(content).__name__}"
        )
    return content or {}


def _of(given: object) -> str:
    return f" {given}" if isinstance(given, str | Path) else ""


def _told(error: ValidationError) -> str:
    first = error.errors()[0]
    where = [str(part) for part in first["loc"]]
    if first["type"] != "extra_forbidden":
        return f"{'.'.join(where)} is {first['input']!r:.60}; {first['msg']}"
    section: Any = Config
    for part in where[:-1]:
        section = section.model_fields[part].annotation
    return f"there is no key {'.'.join(where)}; {did_you_mean(where[-1], section.model_fields)}"
