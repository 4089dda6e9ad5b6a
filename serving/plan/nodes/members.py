"""How a model made of models has its members written and loaded."""

from typing import Any, Protocol

from serving.plan.estimator import Entry, Shape


class Pen(Protocol):
    """Writes members."""

    def member(self, model: Any) -> Entry:
        """Write a member that takes what the whole takes.

        Raises:
            PlanUnsupported: It cannot be written.
        """
        ...

    def on_matrix(self, model: Any) -> Entry:
        """Write a member that takes a matrix made by other members.

        Raises:
            PlanUnsupported: It cannot be written.
        """
        ...


class Reader(Protocol):
    """Loads members."""

    def member(self, entry: Entry, shape: Shape) -> object:
        """Load a member of that shape.

        Raises:
            PlanBroken: It is not whole, or has another shape.
        """
        ...
