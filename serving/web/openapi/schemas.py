"""The schemas that all models share: errors, answers, tensors, feedback, and what the gateway tells."""

from typing import Any

from serving.protocol.v2.datatypes import DATATYPES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
PARAMETERS: Schema = {"type": "object"}


def ref(name: str) -> Schema:
    """A reference to a shared schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def listed(item: Schema, **more: Any) -> Schema:
    """A list of one kind of item."""
    return {"type": "array", "items": item} | more


def described(schema: Schema, text: str) -> Schema:
    """A schema with words to it."""
    return schema | {"description": text}


def record(required: dict[str, Schema], **optional: Schema) -> Schema:
    """An object with required and optional keys; others may be there."""
    return {"type": "object", "required": list(required), "properties": required | optional}


DATATYPE: Schema = {"enum": list(DATATYPES)}
TENSOR_SHAPE = listed({"type": "integer", "minimum": -1}, description="-1 stands for any size.")
METADATA_TENSOR = record({"name": TEXT, "datatype": DATATYPE, "shape": TENSOR_SHAPE})

EXPLANATION = described(
    record(
        {"base": {"type": ["number", "null"]}, "contributions": {"type": "object"}},
        **{"class": {}, "unit": {"enum": ["probability", "decision"]}},
    ),
    "What each input column adds to the row's answer, in its units, where `explain` is true.",
)

SHARED: dict[str, Schema] = {
    "Error": record({"error_code": TEXT, "message": described(TEXT, "What was wanted, what came.")}),
    "V2Error": record({"error": TEXT}),
    "Split": record({"columns": listed(TEXT), "data": listed(listed({}))}, index=listed({})),
    "Invocation": {
        "description": "MLflow's scoring protocol: exactly one of the four forms, and `params` beside it.",
        "oneOf": [
            record({"dataframe_split": ref("Split")}, params=PARAMETERS),
            record({"dataframe_records": listed({"type": "object"}, minItems=1)}, params=PARAMETERS),
            record({"instances": {}}, params=PARAMETERS),
            record({"inputs": {}}, params=PARAMETERS),
        ],
    },
    "Predictions": {
        "description": "One prediction a row; `probabilities` and `explanations` where params ask for them.",
        **record(
            {"predictions": {}},
            probabilities=listed(listed({"type": ["number", "null"]})),
            explanations=listed(EXPLANATION),
        ),
    },
    "Answer": {"description": "`predictions`, or what a model of chats or prompts answers by itself."},
    "RequestTensor": record(
        {"name": TEXT, "shape": listed({"type": "integer", "minimum": 1}, minItems=1), "datatype": DATATYPE},
        data=described({"type": "array"}, "Flat or nested, row-major; null is a gap."),
        parameters=described(PARAMETERS, "`binary_data_size`: the data follow the JSON in so many bytes."),
    ),
    "RequestOutput": record({"name": TEXT}, parameters=described(PARAMETERS, "`binary_data`: in bytes.")),
    "InferenceRequest": record(
        {"inputs": listed(ref("RequestTensor"), minItems=1)},
        id=TEXT,
        parameters=described(
            PARAMETERS,
            "`binary_data_output`: all outputs in bytes; `explain`: `explanations` as JSON texts; others may"
            " be the model's.",
        ),
        outputs=listed(ref("RequestOutput"), description="None for all."),
    ),
    "ResponseTensor": record(
        {"name": TEXT, "datatype": DATATYPE, "shape": listed({"type": "integer", "minimum": 0})},
        data=listed({}),
        parameters=PARAMETERS,
    ),
    "InferenceResponse": record(
        {"model_name": TEXT, "model_version": TEXT, "outputs": listed(ref("ResponseTensor"))}, id=TEXT
    ),
    "ServerMetadata": record({"name": TEXT, "version": TEXT, "extensions": listed(TEXT)}),
    "ModelMetadata": record(
        {
            "name": TEXT,
            "versions": listed(TEXT),
            "platform": TEXT,
            "inputs": listed(METADATA_TENSOR),
            "outputs": listed(METADATA_TENSOR),
        }
    ),
    "Live": record({"live": FLAG}),
    "V2Ready": record({"ready": FLAG}, name=TEXT),
    "Healthy": record({"healthy": FLAG}),
    "Readiness": record(
        {"ready": FLAG}, models={"type": "integer"}, dark=listed(TEXT), problems=listed(TEXT)
    ),
    "Variant": record(
        {"name": TEXT, "weight": {"type": "number"}},
        version={"type": ["string", "null"]},
        scorer={"type": ["string", "null"]},
    ),
    "Route": record({"name": TEXT, "model": TEXT, "variants": listed(ref("Variant"))}, problems=listed(TEXT)),
    "Models": record({"models": listed(ref("Route"))}),
    "ModelPage": {
        "allOf": [
            ref("Route"),
            record(
                {
                    "versions": listed(record({"version": TEXT, "stage": TEXT})),
                    "schema": listed(record({"name": TEXT, "type": TEXT})),
                },
                curl={"type": ["string", "null"]},
            ),
        ]
    },
    "Outcome": {
        "description": "What became of a prediction: a label, a value or both; `<id>-<i>` is row i.",
        **record(
            {"prediction_id": TEXT},
            label={"type": ["string", "number", "boolean", "null"]},
            value={"type": ["number", "null"]},
            ts={"type": ["string", "number", "null"], "description": "When it came true; by default now."},
        ),
    },
    "FeedbackAnswer": record(
        {
            "accepted": {"type": "integer", "minimum": 0},
            "rejected": listed(record({"index": {"type": "integer"}, "message": TEXT})),
        }
    ),
}
