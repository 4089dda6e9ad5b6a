"""The fitted model as files of their own formats, which load where Penstock is not installed."""

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import joblib  # type: ignore[import-untyped]
import pandas as pd

from projects.errors import BadInput
from projects.examples.churn.config import Config, SaveFormat
from projects.examples.churn.features import NAMES, SCALER, embedding_columns
from projects.hints import did_you_mean

MODEL, PICKLED, METADATA = "xgb_churn_model.json", "xgb_churn_model.pkl", "metadata.json"


def save_model_and_metadata(
    model: Any,
    X_train: pd.DataFrame,
    config: Config | Mapping[str, Any],
    models_path: str | Path,
    save_format: str | None = None,
) -> bool:
    """Write the model and what is known of it.

    Args:
        model: A fitted XGBClassifier.
        X_train: The features that it was fitted on.
        config: The configuration; it is kept in the metadata, without the providers' settings.
        models_path: The folder, beside what prepare_features wrote.
        save_format: `json`, `pickle` or `both`; by default the configuration's `model.save_format`.

    Returns:
        True.

    Raises:
        BadInput: There is no such format.
    """
    folder, kept = Path(models_path), _plain(config)
    chosen = save_format or kept.get("model", {}).get("save_format", "json")
    if chosen not in get_args(SaveFormat):
        raise BadInput(
            f"there is no save_format '{chosen}'; {did_you_mean(str(chosen), get_args(SaveFormat))}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name in (MODEL, PICKLED):
        (folder / name).unlink(missing_ok=True)
    if chosen in ("json", "both"):
        model.save_model(folder / MODEL)
    if chosen in ("pickle", "both"):
        (folder / PICKLED).write_bytes(pickle.dumps(model))
    names = [str(name) for name in X_train.columns]
    metadata = {
        "model_save_format": chosen,
        "feature_names": names,
        "model_params": {key: _jsonable(value) for key, value in model.get_params().items()},
        "config": kept,
        "embedding_dim": len(embedding_columns(names)),
    }
    (folder / METADATA).write_text(json.dumps(metadata, indent=1, ensure_ascii=False), encoding="utf-8")
    return True


def load_model_and_assets(models_path: str | Path) -> tuple[Any, Any, list[str]]:
    """Load what was saved.

    Returns:
        The XGBClassifier; the scaler, None where numbers were not scaled; the features' names.

    Raises:
        BadInput: The folder holds no model.
    """
    folder = Path(models_path)
    names = folder / NAMES
    if not names.is_file():
        raise BadInput(f"{folder} holds no {NAMES}; name the folder that prepare_features wrote to")
    scaler = joblib.load(folder / SCALER) if (folder / SCALER).is_file() else None
    return load_model(folder), scaler, names.read_text(encoding="utf-8").split("\n")[:-1]


def load_model(folder: Path) -> Any:
    """Load the model of a folder, from XGBoost's own format where it is there.

    Raises:
        BadInput: There is none.
    """
    from xgboost import XGBClassifier

    if (folder / MODEL).is_file():
        model = XGBClassifier()
        model.load_model(folder / MODEL)
        return model
    if (folder / PICKLED).is_file():
        return joblib.load(folder / PICKLED)
    raise BadInput(f"{folder} holds neither {MODEL} nor {PICKLED}; save_model_and_metadata writes them")


def _plain(config: Config | Mapping[str, Any]) -> dict[str, Any]:
    plain = config.model_dump(mode="json") if isinstance(config, Config) else dict(config)
    # A user may have written a key into it.
    return {key: value for key, value in plain.items() if key not in ("providers", "logging")}


def _jsonable(value: Any) -> Any:
    if isinstance(value, float) and value != value:  # noqa: PLR0124 - NaN alone differs from itself
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)
