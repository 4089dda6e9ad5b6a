"""The entry point `main`: any data and a sentence or a requirement become a version in the registry.

Exit codes: 0 a version is registered, 2 bad input, 1 a failure of ours. A gate that fails is no failure of
the training: the version is registered and tagged, and stays in no stage.
"""

from collections.abc import Mapping
from dataclasses import asdict

from projects.progress import Progress
from projects.requirement.parameters import PARAMETERS
from projects.steps.command import REGISTER, Asked, Step, registers
from serving.settings import Settings


def _train(asked: Asked, settings: Settings) -> Mapping[str, object]:
    from projects.training import train

    progress = Progress(total=0, write=asked.write)
    trained = train(asked.requirement, settings, asked.given, progress, is_registered=registers(asked))
    for line in trained.lines:
        progress.say(line)
    return asdict(trained)


STEP = Step(
    name="main",
    description="Train, compare, tune, explain and register a model of any data.",
    parameters=tuple(parameter.name for parameter in PARAMETERS),
    work=_train,
    options=(REGISTER,),
)
