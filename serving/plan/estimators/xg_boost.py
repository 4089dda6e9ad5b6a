"""XGBoost's UBJSON format, scored through its C function for dense rows on one thread.

Rows are dense float64 cells, as in training: XGBoost would read the absent cells of a sparse matrix as
missing and answer otherwise.
"""

import ctypes
import json
import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.plan.estimator import Entry, Indices, Shape, Values, both_sides
from serving.plan.estimators.links import linked
from serving.plan.estimators.shared_library import free_with, open_library
from serving.plan.estimators.written import Written
from serving.plan.explaining.parts import Parts
from serving.plan.model import PlanBroken, PlanInexplicable

OPTIONS = (
    b'{"type": 0, "training": false, "iteration_begin": 0, "iteration_end": 0, "missing": NaN,'
    b' "strict_shape": true, "cache_id": 0}'
)
CONTRIBUTIONS = OPTIONS.replace(b'"type": 0', b'"type": 2')
TABLE = b'{"missing": NaN, "nthread": 1}'
ARRAY = b'{"data": [%d, true], "shape": [%d, %d], "strides": null, "typestr": "<f8", "version": 3}'


class XgBoost:
    """Scores with a loaded booster, which it frees when it goes.

    Args:
        model: The model in XGBoost's UBJSON format.
    """

    def __init__(self, model: bytes) -> None:
        self._library = open_library("xgboost", "xgboost")
        self._library.XGBGetLastError.restype = ctypes.c_char_p
        self._booster = ctypes.c_void_p()
        self._call("XGBoosterCreate", None, ctypes.c_uint64(0), ctypes.byref(self._booster))
        free_with(self, self._library.XGBoosterFree, self._booster)
        self._call("XGBoosterLoadModelFromBuffer", self._booster, model, ctypes.c_uint64(len(model)))
        self._call("XGBoosterSetParam", self._booster, b"nthread", b"1")
        width = ctypes.c_uint64()
        self._call("XGBoosterGetNumFeature", self._booster, ctypes.byref(width))
        self.width = width.value
        self.outputs = self._predict(np.zeros((1, self.width))).shape[1]

    def classify(self, matrix: NDArray[np.float64]) -> tuple[Indices, Values]:
        """The booster's probabilities; the label is the likeliest, the first of equals."""
        raw = self._predict(matrix)
        probabilities = both_sides(raw[:, 0]) if raw.shape[1] == 1 else raw
        return probabilities.argmax(axis=1), probabilities

    def estimate(self, matrix: NDArray[np.float64]) -> Values:
        """The booster's values."""
        return self._predict(matrix)[:, 0]

    def explain(self, matrix: NDArray[np.float64]) -> Parts:
        """The library's own contributions (Lundberg's TreeSHAP), behind the objective's link."""
        return linked(self._contributions(matrix), self._objective)

    def _contributions(self, matrix: NDArray[np.float64]) -> Parts:
        """Contributions to the sums; the function for dense rows answers predictions only."""
        matrix, table = np.ascontiguousarray(matrix), ctypes.c_void_p()
        array = ARRAY % (matrix.ctypes.data, *matrix.shape)
        self._call("XGDMatrixCreateFromDense", array, TABLE, ctypes.byref(table))
        try:
            raw = self._answers("XGBoosterPredictFromDMatrix", table, CONTRIBUTIONS)
        except PlanBroken as error:
            raise PlanInexplicable(f"this model cannot be explained: {error}") from error
        finally:
            self._library.XGDMatrixFree(table)
        parts = raw.reshape(len(matrix), -1, self.width + 1).astype(np.float64)
        return Parts(parts[:, :, -1], parts[:, :, :-1])

    @cached_property
    def _objective(self) -> str:
        length, text = ctypes.c_uint64(), ctypes.c_char_p()
        self._call("XGBoosterSaveJsonConfig", self._booster, ctypes.byref(length), ctypes.byref(text))
        return str(json.loads(text.value or b"{}")["learner"]["objective"]["name"])

    def _predict(self, matrix: NDArray[np.float64]) -> NDArray[np.float32]:
        if matrix.shape[1] != self.width:
            raise PlanBroken(f"the booster takes {self.width} columns, the encoder makes {matrix.shape[1]}")
        matrix = np.ascontiguousarray(matrix)
        array = ARRAY % (matrix.ctypes.data, *matrix.shape)
        return self._answers("XGBoosterPredictFromDense", array, OPTIONS, None).reshape(len(matrix), -1)

    def _answers(self, function: str, *arguments: Any) -> NDArray[np.float32]:
        """Call a function that answers numbers and their shape; return them in one row."""
        shape, dimensions = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64()
        answers = ctypes.POINTER(ctypes.c_float)()
        self._call(
            function, self._booster, *arguments,
            ctypes.byref(shape), ctypes.byref(dimensions), ctypes.byref(answers),
        )  # fmt: skip
        sizes = shape[: dimensions.value]
        return np.ctypeslib.as_array(answers, shape=(math.prod(sizes),)).copy()

    def _call(self, function: str, *arguments: Any) -> None:
        if getattr(self._library, function)(*arguments):
            raise PlanBroken(f"XGBoost refused the plan: {self._library.XGBGetLastError().decode():.300}")


def write(model: Any) -> Written:
    """Write a fitted XGBClassifier's or XGBRegressor's booster, up to its best iteration if it has one."""
    booster = model.get_booster()
    try:
        best: int = model.best_iteration
    except AttributeError:
        return Written(bytes(booster.save_raw("ubj")))
    return Written(bytes(booster[: best + 1].save_raw("ubj")))


def load(content: bytes, options: Entry, shape: Shape) -> XgBoost:  # noqa: ARG001 - there are none
    """Read what `write` wrote."""
    booster = XgBoost(content)
    if booster.width != shape.matrix_width or booster.outputs not in {shape.outputs, shape.classes or 1}:
        raise PlanBroken(
            f"the booster takes {booster.width} columns and has {booster.outputs} outputs;"
            f" the plan makes {shape.matrix_width} and wants {shape.outputs}"
        )
    return booster
