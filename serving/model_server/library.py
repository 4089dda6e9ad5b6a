"""What a model server can answer for: a port with two adapters, one version alone and all registered ones."""

from typing import Protocol

from serving.scorers.scorer import Scorer


class Library(Protocol):
    """Finds what answers for a version. For one event loop."""

    async def scorer(self, model: str, version: str, artefact: str | None) -> Scorer:
        """The version's scorer, loaded if it is not yet.

        Args:
            model: The registered model's name.
            version: The version's number.
            artefact: The artefact that is meant, as `Held.artefact` names it; None for the registry's.

        Raises:
            RequestError: 404, there is no such version; 503, it cannot be had now.
        """
        ...

    def problems(self) -> list[str]:
        """What is wrong, as sentences."""
        ...


class Single:
    """One version alone, loaded already."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    async def scorer(self, model: str, version: str, artefact: str | None) -> Scorer:  # noqa: ARG002 - it is the only one
        """The version's scorer."""
        return self._scorer

    def problems(self) -> list[str]:
        """Nothing is ever wrong with what is loaded."""
        return []
