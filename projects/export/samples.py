"""Sample rows and what the version's model answers, written so that every float comes back as it was."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from projects.export.origin import Origin
from projects.export.proof import answers
from projects.scorer import rows_of

ROWS = 50
SAMPLE, EXPECTED = "sample_rows.jsonl", "expected_predictions.json"


def write_samples(origin: Origin, folder: Path) -> None:
    """Write some reference rows with their truth, and what the model answers."""
    reference = origin.reference
    if reference is None:
        return
    at = np.linspace(0, len(reference.rows) - 1, min(len(reference.rows), ROWS)).astype(int)
    rows = reference.rows.iloc[at].reset_index(drop=True)
    names = [*rows.columns, origin.target]
    truth = np.asarray(reference.truth)[at].tolist()
    lines = [
        json.dumps(dict(zip(names, [*cells, true], strict=True)), ensure_ascii=False)
        for cells, true in zip(rows_of(rows), truth, strict=True)
    ]
    (folder / SAMPLE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    predictions, probabilities = answers(origin.model, rows)
    told: dict[str, Any] = {
        "predictions": predictions.tolist(),
        "probabilities": None if probabilities is None else probabilities.tolist(),
        "classes": origin.classes,
    }
    (folder / EXPECTED).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
