"""What a version is called in addresses: one id, made of the registered model's name and its number."""

import uuid

SPACE = uuid.UUID("6f0c1f6e-6a55-5c0b-9d0e-5b1b0a3f7c1d")


def model_id(name: str, version: str) -> str:
    """The id of a version; the same for all who know its name and number.

    >>> model_id("churn", "7") == model_id("churn", "7") != model_id("churn", "8")
    True
    """
    return str(uuid.uuid5(SPACE, f"{name}\n{version}"))
