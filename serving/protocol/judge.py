"""MLflow's own reading of a request: what its scoring server would make of it, status and all.

It runs in threads only: it is pandas from end to end and takes milliseconds.
"""

import logging
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from typing import Any, Literal

from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.pyfunc import _validate_prediction_input
from mlflow.pyfunc.scoring_server import _parse_json_data, parse_csv_input, parse_parquet_input
from mlflow.types.schema import DataType

from serving.protocol.bounds import Bounds
from serving.protocol.diagnose import diagnose
from serving.protocol.errors import RequestError
from serving.protocol.media import Media
from serving.protocol.shield import shielded

_logger = logging.getLogger(__name__)

Inputs = Literal["columns", "tensors", "tensor", "anything"]
"""Named columns, named tensors, one tensor without a name, or nothing by name."""

Data = Any
"""What a pyfunc takes: a DataFrame, arrays by name, a list."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed request, before the signature is enforced."""

    data: Data
    params: Any = None
    is_unwrapped: bool = False
    """Whether the answer stands without the key `predictions`, as for MLflow's chat inputs."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Parses and enforces by MLflow's rules for one version's metadata."""

    metadata: Model
    bounds: Bounds = field(default_factory=Bounds)
    columns: tuple[tuple[str, str], ...] = field(init=False)
    """The signature's columns as pairs of name and type; empty if it names none."""
    inputs: Inputs = field(init=False)
    """What kind of inputs the signature asks for."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", columns_of(self.metadata))
        object.__setattr__(self, "inputs", inputs_of(self.metadata))

    def parse(self, body: bytes, media: Media) -> Parsed:
        """Read a body.

        Raises:
            RequestError: With the status that MLflow answers.
        """
        try:
            return self._parse(body, media)
        except MlflowException as error:
            raise self.refusal(error, body, media) from error
        except RequestError:
            raise
        except Exception as error:
            # What MLflow's parsers let through: its own server answers 500, but the body is at fault.
            _logger.info("a body could not be parsed", exc_info=True)
            raise RequestError(400, self.sentence(body, media) or "the body cannot be parsed") from error

    def enforce(self, parsed: Parsed, body: bytes, media: Media) -> Data:
        """Bring parsed data into the signature's columns and types.

        Raises:
            RequestError: With the status that MLflow answers.
        """
        try:
            schema, params_schema = self.metadata.get_input_schema(), self.metadata.get_params_schema()
            data, _ = _validate_prediction_input(parsed.data, parsed.params, schema, params_schema)
        except MlflowException as error:
            raise self.refusal(error, body, media) from error
        return data

    def refusal(self, error: MlflowException, body: bytes, media: Media) -> RequestError:
        """What MLflow refused, with its status and code, and a sentence that says why."""
        names = [name for name, _ in self.columns]
        sentence = self.sentence(body, media) or shielded(_short(error.message), body, media, names)
        return RequestError(error.get_http_status_code(), sentence, code=error.error_code)

    def _parse(self, body: bytes, media: Media) -> Parsed:
        schema = self.metadata.get_input_schema()
        if media.kind == "json":
            self.bounds.check_json(body)
            parsed = _parse_json_data(body, self.metadata, schema)
            return Parsed(parsed.data, parsed.params, parsed.is_unified_llm_input)
        if media.kind == "csv":
            try:
                text = body.decode("utf-8")
            except UnicodeDecodeError as error:
                raise RequestError(400, f"the body must be UTF-8; byte {error.start} is not") from error
            self.bounds.check_csv(body)
            frame = parse_csv_input(StringIO(text), schema=schema)
            self.bounds.check(*frame.shape)
            return Parsed(frame)
        self.bounds.check_parquet(body)
        return Parsed(parse_parquet_input(BytesIO(body)))

    def sentence(self, body: bytes, media: Media) -> str | None:
        """What is wrong with a refused body, if it can be seen."""
        return diagnose(body, self.columns) if media.kind == "json" and self.columns else None


def columns_of(metadata: Model) -> tuple[tuple[str, str], ...]:
    """The named columns of a signature as pairs of name and type; empty if it has none."""
    schema = metadata.get_input_schema()
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
        return ()
    types = [kind.name if isinstance(kind, DataType) else str(kind) for kind in schema.input_types()]
    return tuple(zip(schema.input_names(), types, strict=True))


def inputs_of(metadata: Model) -> Inputs:
    """What kind of inputs a signature asks for."""
    schema = metadata.get_input_schema()
    if schema is None or not len(schema.inputs):
        return "anything"
    if schema.is_tensor_spec():
        return "tensors" if schema.has_input_names() else "tensor"
    return "columns" if schema.has_input_names() else "anything"


def _short(message: str) -> str:
    return message.rsplit("Error: ", 1)[-1].strip().split("\n", 1)[0][:400]
