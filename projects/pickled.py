"""What a fitted pipeline's pickle names: Penstock's own classes go in by value, all others by distribution.

So a served version loads where its pinned distributions are, and never needs Penstock.
"""

import importlib
import importlib.metadata
import pickletools
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import cloudpickle

from projects.text.inside import extractors_in

BY_VALUE = (
    "projects.transformers",
    "projects.estimators",
    "projects.text",
    "projects.errors",
    "projects.hints",
    "serving.plan.text",
)
USUAL = {"sklearn": "scikit-learn"}
STRINGS = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"}


@contextmanager
def own_classes_by_value(modules: Sequence[str] = ()) -> Iterator[None]:
    """While this lasts, cloudpickle writes the classes and functions of these modules into the pickle.

    Args:
        modules: Modules of a user's own functions, beside Penstock's own.
    """
    known = cloudpickle.list_registry_pickle_by_value()
    found = [importlib.import_module(name) for name in {*BY_VALUE, *modules} - set(known)]
    for module in found:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in found:
            cloudpickle.unregister_pickle_by_value(module)


def requirements(pipeline: Any, modules: Sequence[str] = ()) -> list[str]:
    """Pin every distribution whose modules the pipeline's pickle names, and those that load it.

    Args:
        pipeline: Fitted.
        modules: Modules of a user's own functions, which go in by value.
    """
    with own_classes_by_value(modules):
        named = modules_of(cloudpickle.dumps(pipeline))
    tops = {name.split(".")[0] for name in named} - set(sys.stdlib_module_names)
    names = {"scikit-learn", "pandas", "numpy", "cloudpickle"}
    names |= {found for top in tops if (found := distribution_of(top))}
    pinned = {name: f"{name}=={importlib.metadata.version(name)}" for name in names}
    # Parts of text features import what they need when they are asked, so no pickle names it.
    asked = [line for found in extractors_in(pipeline) for _, part in found.parts_ for line in _needs(part)]
    return sorted({**pinned, **{line.partition("==")[0]: line for line in asked}}.values())


def _needs(part: Any) -> Sequence[str]:
    needed: Sequence[str] = getattr(part, "requirements_", ())
    return needed


def distribution_of(top: str) -> str | None:
    """Name the distribution that a top-level module comes from; None for one that is in none."""
    usual = USUAL.get(top, top)
    try:
        importlib.metadata.version(usual)
        return usual
    except importlib.metadata.PackageNotFoundError:
        # Looking through the files of every distribution takes a second.
        found = importlib.metadata.packages_distributions().get(top)
        return found[0] if found else None


def modules_of(pickled: bytes) -> set[str]:
    """Name the modules that a pickle imports from when it is loaded."""
    found: set[str] = set()
    memo: list[str | None] = []
    pushed: list[str | None] = [None, None]
    is_import = False
    for operation, argument, _ in pickletools.genops(pickled):
        name = operation.name
        if name in STRINGS:
            if is_import:
                found.add(str(argument))
            is_import = False
            pushed.append(str(argument))
        elif name == "MEMOIZE":
            memo.append(pushed[-1])
        elif name in ("BINGET", "LONG_BINGET"):
            pushed.append(memo[int(argument or 0)])
        elif name == "STACK_GLOBAL":
            module, attribute = pushed[-2:]
            found.add(str(module))
            # cloudpickle brings a module that a function uses in by name.
            is_import = attribute == "subimport"
            pushed.append(None)
        elif name == "GLOBAL":
            found.add(str(argument).split(" ")[0])
            pushed.append(None)
        elif name != "FRAME":
            pushed.append(None)
        del pushed[:-2]
    return found
