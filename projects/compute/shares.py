"""A matrix in the memory of a cluster's workers, a share with each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True)
class Shared:
    """A matrix and its truth in the workers' memory, as Dask's arrays."""

    X: Any
    y: Any


def share(client: "Client", workers: Mapping[str, int], matrix: NDArray[Any], truth: NDArray[Any]) -> Shared:
    """Give each worker every so-manieth row: a block of neighbours may be unlike the others.

    Args:
        client: Of the cluster.
        workers: By their addresses.
        matrix: Rows by columns.
        truth: One value a row.
    """
    import dask.array as da

    blocks, truths = [], []
    for at, worker in enumerate(workers):
        mine, labels = np.ascontiguousarray(matrix[at :: len(workers)]), truth[at :: len(workers)]
        held, told = client.scatter([mine, labels], workers=[worker], hash=False)
        blocks.append(da.from_delayed(held, mine.shape, dtype=mine.dtype))
        truths.append(da.from_delayed(told, labels.shape, dtype=labels.dtype))
    return Shared(da.concatenate(blocks), da.concatenate(truths))
