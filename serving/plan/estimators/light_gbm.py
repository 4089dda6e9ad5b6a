"""LightGBM's text format, scored through its C functions on one thread.

One row goes through the single-row-fast function (3 us where `Booster.predict` takes 20), more rows through
the matrix function. The fast function writes into one buffer, so a lock guards it.
"""

import ctypes
import re
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.plan.estimator import Entry, Indices, Shape, Values, both_sides
from serving.plan.estimators.links import linked
from serving.plan.estimators.shared_library import free_with, open_library
from serving.plan.estimators.written import Written
from serving.plan.explaining.parts import Parts
from serving.plan.model import PlanBroken, PlanInexplicable

FLOAT64, ROW_MAJOR, NORMAL, RAW, CONTRIBUTIONS, ALL_ROUNDS = 1, 1, 0, 1, 3, -1
PARAMETERS = b"num_threads=1"
OBJECTIVE = re.compile(rb"^objective=(\S+)(.*)$", re.MULTILINE)
SLOPE = re.compile(rb"sigmoid:(\S+)")


class LightGbm:
    """Scores with a loaded booster, which it frees when it goes.

    Args:
        text: The model in LightGBM's text format.
    """

    def __init__(self, text: bytes) -> None:
        objective = OBJECTIVE.search(text)
        self._objective = objective[1].decode() if objective else "custom"
        slope = SLOPE.search(objective[2]) if objective else None
        self._slope = float(slope[1]) if slope else 1.0
        self._library = open_library("lightgbm", "lib_lightgbm")
        self._library.LGBM_GetLastError.restype = ctypes.c_char_p
        self._booster = ctypes.c_void_p()
        rounds = ctypes.c_int()
        self._call("LGBM_BoosterLoadModelFromString", text, ctypes.byref(rounds), ctypes.byref(self._booster))
        free_with(self, self._library.LGBM_BoosterFree, self._booster)
        self.width = self._count("LGBM_BoosterGetNumFeature")
        self.outputs = self._count("LGBM_BoosterGetNumClasses")
        self._fast = ctypes.c_void_p()
        self._call(
            "LGBM_BoosterPredictForMatSingleRowFastInit", self._booster, NORMAL, 0, ALL_ROUNDS, FLOAT64,
            ctypes.c_int32(self.width), PARAMETERS, ctypes.byref(self._fast),
        )  # fmt: skip
        free_with(self, self._library.LGBM_FastConfigFree, self._fast)
        self._predict_one = self._library.LGBM_BoosterPredictForMatSingleRowFast
        self._length = ctypes.c_int64()
        self._length_pointer = ctypes.byref(self._length)
        self._buffer = (ctypes.c_double * self.outputs)()
        self._lock = threading.Lock()

    def classify(self, matrix: NDArray[np.float64]) -> tuple[Indices, Values]:
        """The booster's probabilities; the label is the likeliest, the first of equals."""
        raw = self._predict(matrix)
        probabilities = both_sides(raw[:, 0]) if self.outputs == 1 else raw
        return probabilities.argmax(axis=1), probabilities

    def decide(self, matrix: NDArray[np.float64]) -> Values:
        """The sums of the trees, before the link."""
        return self._predict_all(matrix, RAW)

    def explain(self, matrix: NDArray[np.float64]) -> Parts:
        """The library's own contributions (Lundberg's TreeSHAP), behind the objective's link."""
        return linked(self.explain_decision(matrix), self._objective, self._slope)

    def explain_decision(self, matrix: NDArray[np.float64]) -> Parts:
        """The library's contributions to the sums of the trees."""
        try:
            raw = self._predict_all(matrix, CONTRIBUTIONS, self.outputs * (self.width + 1))
        except PlanBroken as error:
            raise PlanInexplicable(f"this model cannot be explained: {error}") from error
        parts = raw.reshape(len(matrix), self.outputs, self.width + 1)
        return Parts(parts[:, :, -1], parts[:, :, :-1])

    def estimate(self, matrix: NDArray[np.float64]) -> Values:
        """The booster's values."""
        return self._predict(matrix)[:, 0]

    def _predict(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        if matrix.shape[1] != self.width:
            raise PlanBroken(f"the booster takes {self.width} columns, the encoder makes {matrix.shape[1]}")
        if len(matrix) == 1:
            return self._predict_row(matrix)
        return self._predict_all(matrix, NORMAL)

    def _predict_all(
        self, matrix: NDArray[np.float64], kind: int, outputs: int | None = None
    ) -> NDArray[np.float64]:
        matrix = np.ascontiguousarray(matrix)
        result = np.empty((len(matrix), outputs or self.outputs))
        self._call(
            "LGBM_BoosterPredictForMat", self._booster, ctypes.c_void_p(matrix.ctypes.data), FLOAT64,
            ctypes.c_int32(matrix.shape[0]), ctypes.c_int32(matrix.shape[1]), ROW_MAJOR, kind, 0,
            ALL_ROUNDS, PARAMETERS, ctypes.byref(ctypes.c_int64()), ctypes.c_void_p(result.ctypes.data),
        )  # fmt: skip
        return result

    def _predict_row(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        cells = ctypes.c_void_p(matrix.ctypes.data)
        with self._lock:
            if self._predict_one(self._fast, cells, self._length_pointer, self._buffer):
                raise self._failure()
            return np.array([self._buffer[:]])

    def _count(self, function: str) -> int:
        number = ctypes.c_int()
        self._call(function, self._booster, ctypes.byref(number))
        return number.value

    def _call(self, function: str, *arguments: Any) -> None:
        if getattr(self._library, function)(*arguments):
            raise self._failure()

    def _failure(self) -> PlanBroken:
        return PlanBroken(f"LightGBM refused the plan: {self._library.LGBM_GetLastError().decode()}")


def write(model: Any) -> Written:
    """Write a fitted LGBMClassifier's or LGBMRegressor's booster, up to its best iteration if it has one."""
    return Written(model.booster_.model_to_string().encode())


def load(content: bytes, options: Entry, shape: Shape) -> LightGbm:  # noqa: ARG001 - there are none
    """Read what `write` wrote."""
    booster = LightGbm(content)
    if booster.width != shape.matrix_width or booster.outputs not in {shape.outputs, shape.classes or 1}:
        raise PlanBroken(
            f"the booster takes {booster.width} columns and has {booster.outputs} outputs;"
            f" the plan makes {shape.matrix_width} and wants {shape.outputs}"
        )
    return booster
