"""`production_model.pkl`: the fitted model, whose own classes are found in the export's modules."""

import io
import pickle
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from types import FunctionType
from typing import Any, ClassVar

from projects.export.own_code import is_own, new_name
from projects.pickled import modules_of

PICKLER: Any = getattr(pickle, "_Pickler")  # noqa: B009 - joblib's pickler stands on it too; it has no types


class _Renaming(PICKLER):  # type: ignore[misc]
    """Writes classes and functions of Penstock under their names in the export.

    A registered pickle holds such classes by value, so they are in no module here; Python's own C pickler
    would look for them there.
    """

    def __init__(self, file: Any, by_name: Collection[str], named: Callable[[str], str]) -> None:
        # Protocol 5 of this pickler fails on empty arrays (CPython 3.11: a memo of b"" twice).
        super().__init__(file, protocol=4)
        self._by_name, self._named = by_name, named
        self.by_value: set[str] = set()

    def save_global(self, obj: Any, name: str | None = None) -> None:
        module = str(getattr(obj, "__module__", ""))
        if is_own(module) or module in self._by_name:
            self.save(self._named(module))
            self.save(name or obj.__qualname__)
            self.write(pickle.STACK_GLOBAL)
            self.memoize(obj)
        elif isinstance(obj, FunctionType) and not _can_be_found(obj):
            import cloudpickle

            self.by_value.add(module)
            self.save_reduce(cloudpickle.loads, (cloudpickle.dumps(obj),), obj=obj)
        else:
            super().save_global(obj, name)

    dispatch: ClassVar[dict[type, Any]] = {**PICKLER.dispatch, FunctionType: save_global}


def write_model(model: Any, path: Path, by_name: Collection[str] = ()) -> tuple[set[str], set[str]]:
    """Write a model.

    Args:
        model: Fitted.
        path: The file.
        by_name: Modules of a user's own functions that lie beside the export's code.

    Returns:
        The modules that loading it imports, and the user's own modules whose functions are in it by value.
    """
    buffer = io.BytesIO()
    pickler = _Renaming(buffer, by_name, new_name)
    pickler.dump(model)
    data = buffer.getvalue()
    path.write_bytes(data)
    return modules_of(data), pickler.by_value


def with_present_classes(model: Any) -> Any:
    """Return a copy whose own classes are those of Penstock's code here, not those of its pickle.

    A class that was pickled by value knows only the names that its methods use, which is enough to answer but
    not always to fit.
    """
    buffer = io.BytesIO()
    _Renaming(buffer, (), str).dump(model)
    return pickle.loads(buffer.getvalue())  # noqa: S301 - written a line above


def _can_be_found(function: FunctionType) -> bool:
    found: Any = sys.modules.get(function.__module__)
    for word in function.__qualname__.split("."):
        found = getattr(found, word, None)
    return found is function
