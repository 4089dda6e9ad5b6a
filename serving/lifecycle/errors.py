"""What can go wrong with a move; each message is one sentence for the person who asked.

LifecycleError             MLflow or the database is away, another move is under way, nothing to go back to
  InvalidMoveError         asked for what is not there or not allowed
    UnknownModelError      no such registered model
    PeopleNeededError      a promotion to Production to which several people must agree
  AlreadyThereError        nothing to do: the version is in that stage
"""


class LifecycleError(Exception):
    """A move, or a look at the moves, that did not come about."""


class InvalidMoveError(LifecycleError):
    """The caller asked for something that is not there or not allowed."""


class UnknownModelError(InvalidMoveError):
    """The registry has no model of that name."""


class PeopleNeededError(InvalidMoveError):
    """The model's policy wants more people to agree than have."""


class AlreadyThereError(LifecycleError):
    """The version is already, and alone, in the stage; nothing was journalled."""
