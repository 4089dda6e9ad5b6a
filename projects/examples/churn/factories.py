"""Who summarises and who embeds, by name: a registry that further providers can join."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, overload

from projects.errors import BadInput
from projects.hints import did_you_mean
from serving.plan.text.clean import clean

Settings = Mapping[str, Any]


class Summarizer(Protocol):
    """Summarises; safe for threads."""

    identity: str
    """Provider, model and settings: equal ones give equal answers."""

    def summarize(self, text: str) -> str:
        """Return a summary of a cleaned text that is not empty; raises NoAnswer."""
        ...


class Embedder(Protocol):
    """Embeds; safe for threads."""

    identity: str
    """Provider, model and settings: equal ones give equal answers."""

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector a text, all of one width; raises NoAnswer."""
        ...


@dataclass(frozen=True)
class Provider:
    """How a provider's two sides are made of its settings.

    Attributes:
        summarizer: Makes the one, or where it is: `module:Class`.
        embedder: Makes the other.
    """

    summarizer: str | Callable[[Settings], Summarizer]
    embedder: str | Callable[[Settings], Embedder]


_ROOM = "projects.examples.churn.providers"
PROVIDERS: dict[str, Provider] = {
    "extractive": Provider(f"{_ROOM}.extractive:ExtractiveSummaries", f"{_ROOM}.hashed:HashedWords"),
    "huggingface": Provider(f"{_ROOM}.local_summaries:LocalSummaries", f"{_ROOM}.local_vectors:LocalVectors"),
    "openai": Provider(f"{_ROOM}.openai_texts:OpenAISummaries", f"{_ROOM}.openai_texts:OpenAIVectors"),
}


def register_provider(name: str, provider: Provider) -> None:
    """Let a further provider be named in the configuration, or replace one."""
    PROVIDERS[name] = provider


class SummaryFactory:
    """Summaries by a provider.

    Args:
        provider: Of PROVIDERS.
        settings: The provider's own, as under `providers.NAME` in the configuration.

    Raises:
        BadInput: There is no such provider, or it cannot be used.
    """

    def __init__(self, provider: str = "extractive", settings: Settings | None = None) -> None:
        self.provider = provider
        self._made: Summarizer = _made(_known(provider).summarizer, settings or {})
        self.identity = self._made.identity

    @property
    def spent(self) -> Mapping[str, float]:
        """What was asked for and what it cost; empty for a provider on this machine."""
        return dict(getattr(self._made, "spent", {}))

    def summarize(self, text: object) -> str:
        """Return a summary; an empty one of an empty text.

        Raises:
            NoAnswer: There is none for this text.
            BadInput: The provider cannot be used.
        """
        cleaned = clean(text)
        return self._made.summarize(cleaned) if cleaned else ""


class EmbeddingFactory:
    """Embeddings by a provider.

    Args:
        provider: Of PROVIDERS.
        settings: The provider's own, as under `providers.NAME` in the configuration.

    Raises:
        BadInput: There is no such provider, or it cannot be used.
    """

    def __init__(self, provider: str = "extractive", settings: Settings | None = None) -> None:
        self.provider = provider
        self._made: Embedder = _made(_known(provider).embedder, settings or {})
        self.identity = self._made.identity

    @property
    def spent(self) -> Mapping[str, float]:
        """What was asked for and what it cost; empty for a provider on this machine."""
        return dict(getattr(self._made, "spent", {}))

    @overload
    def get_embeddings(self, text: str) -> list[float]: ...

    @overload
    def get_embeddings(self, text: list[str]) -> list[list[float]]: ...

    def get_embeddings(self, text: str | list[str]) -> list[float] | list[list[float]]:
        """Return a text's vector, or a vector a text of a list.

        Raises:
            NoAnswer: There is none.
            BadInput: The provider cannot be used.
        """
        if isinstance(text, str):
            return self._made.embed([clean(text)])[0]
        return self._made.embed([clean(one) for one in text]) if len(text) else []


def settings_of(kind: type[Any], given: Settings, provider: str) -> Any:
    """Make a provider's settings, a dataclass, of its section of the configuration.

    Raises:
        BadInput: A key is unknown.
    """
    known = list(kind.__dataclass_fields__)
    for key in given:
        if key not in known:
            raise BadInput(f"providers.{provider} has no key '{key}'; {did_you_mean(key, known)}")
    return kind(**given)


def _known(provider: str) -> Provider:
    if provider not in PROVIDERS:
        raise BadInput(f"there is no provider '{provider}'; {did_you_mean(provider, PROVIDERS)}")
    return PROVIDERS[provider]


def _made(how: str | Callable[[Settings], Any], settings: Settings) -> Any:
    if isinstance(how, str):
        module, _, name = how.partition(":")
        how = getattr(importlib.import_module(module), name)
    return how(settings)  # type: ignore[operator]
