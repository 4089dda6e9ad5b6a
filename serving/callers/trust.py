"""What people are told of models that the operator has not named in `trusted_models`."""

WHAT_TO_DO = "train it here, or have the operator name it"


def own_code(model: str, what: str = "it") -> str:
    """That a version may not run its code.

    Args:
        model: The registered model.
        what: How the sentence calls the version.
    """
    return f"{what} runs code of its own, and {untrusted(model)}; {WHAT_TO_DO}"


def untrusted(model: str) -> str:
    """That a model was not named."""
    return f"'{model}' is not among trusted_models"
