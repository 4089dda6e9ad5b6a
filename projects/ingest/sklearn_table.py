"""The tables that scikit-learn brings, by name: no download."""

import hashlib

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.ingest.engine import files_of
from projects.ingest.names import clean_names
from projects.ingest.raw import Facts, RawTable
from projects.ingest.staging import READING
from projects.ingest.workspace import Workspace

PREFIX = "sklearn:"
TABLES = ("breast_cancer", "iris", "wine", "digits", "diabetes")
TARGET = "target"


def read_sklearn(place: str, work: Workspace) -> RawTable:
    """Stage one of scikit-learn's tables.

    Raises:
        BadInput: It brings no such table.
    """
    name = place.removeprefix(PREFIX)
    if name not in TABLES:
        raise BadInput(f"scikit-learn brings no table '{name}'; {did_you_mean(name, TABLES)}")
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
    import sklearn.datasets

    frame = getattr(sklearn.datasets, f"load_{name}")(as_frame=True).frame
    digest = hashlib.sha256(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes()).hexdigest()
    path, names = work.new_path(".parquet"), clean_names([str(column) for column in frame.columns])
    frame.columns = pd.Index([f"c{at}" for at in range(len(names.clean))])
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path)
    kinds = tuple(
        str(kind) for _, kind, *_ in work.rows(f"DESCRIBE SELECT * FROM read_parquet({files_of([path])})")
    )
    facts = Facts(place, "scikit-learn", digest, path.stat().st_size, rows=len(frame))
    return RawTable(name, facts, READING, (path,), names.clean, kinds, target=TARGET)
