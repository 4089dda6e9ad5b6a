"""What can be exported of a version that cannot be written as code: its own files, and how to use them."""

import shutil
from pathlib import Path

from projects.export.origin import Origin

README = """# {name} version {number}

{why}. So this export has no features.py, best_model.py, train.py or evaluate.py: it has the model's own
files, as MLflow keeps them, in `model/`.

```
pip install -r model/requirements.txt
python predict.py rows.csv predictions.csv
```

`model/requirements.txt` is the list that the version was registered with; `mlflow` itself is needed besides
if it is not named there. Loading the model runs its code: do it only if you trust its author.
"""
PREDICT = '''"""Predict a CSV file by the MLflow flavour: python predict.py rows.csv predictions.csv"""

import sys
from pathlib import Path

import mlflow.pyfunc
import pandas as pd

CHUNK_ROWS = 100_000


def main(rows: str, output: str) -> None:
    model = mlflow.pyfunc.load_model(str(Path(__file__).with_name("model")))
    for number, chunk in enumerate(pd.read_csv(rows, chunksize=CHUNK_ROWS)):
        said = chunk.assign(prediction=model.predict(chunk))
        said.to_csv(output, index=False, mode="a" if number else "w", header=not number)


if __name__ == "__main__":
    main(*sys.argv[1:3])
'''


def write_foreign(origin: Origin, why: str, folder: Path) -> None:
    """Write what there is of a version."""
    shutil.copytree(origin.folder, folder / "model", dirs_exist_ok=True)
    why = f"{why[:1].upper()}{why[1:]}"
    text = README.format(name=origin.name, number=origin.number, why=why)
    (folder / "README.md").write_text(text, encoding="utf-8")
    (folder / "predict.py").write_text(PREDICT, encoding="utf-8")
