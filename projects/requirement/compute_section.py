"""The section `compute`: where the work is done. A single word in its place is the cluster."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from projects.hints import did_you_mean
from projects.requirement.section import Section

LOCAL = "local"
DEFAULT_PORT = 8786
"""Where a Dask scheduler listens unless it is told otherwise."""
HERE = frozenset({"", "none", "no", "here", "this machine"})
WORDS = (LOCAL, "none")
ADDRESS = re.compile(
    r"(?:dask:\s*)?(?:(?P<protocol>[a-z]+)://)?(?P<host>[\w.-]+|\[[0-9a-f:.]+\])(?::(?P<port>\d{1,5}))?/?",
    re.IGNORECASE,
)
MEMORY = re.compile(r"\d+(?:\.\d+)?\s*(?:[kmgt]i?b?)", re.IGNORECASE)
EXAMPLE = "tcp://10.0.0.1:8786"


def as_cluster(value: Any) -> Any:
    """Read what a person writes of a cluster: nothing, `local`, or a scheduler's address.

    >>> as_cluster("dask: tcp://10.0.0.1"), as_cluster("LOCAL"), as_cluster("none")
    ('tcp://10.0.0.1:8786', 'local', '')

    Raises:
        ValueError: It is none of these.
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    word = text.casefold().removeprefix("dask:").strip()
    if word in HERE:
        return ""
    if word == LOCAL:
        return LOCAL
    found = ADDRESS.fullmatch(text)
    is_address = found is not None and (found["protocol"] or found["port"])
    if found is None or not is_address:
        near = did_you_mean(word, WORDS)
        hint = near if near.startswith("did") else f"give {LOCAL}, or a Dask scheduler such as {EXAMPLE}"
        raise ValueError(f"'{text:.80}' names no cluster; {hint}")
    protocol, port = (found["protocol"] or "tcp").casefold(), int(found["port"] or DEFAULT_PORT)
    if protocol not in ("tcp", "tls"):
        raise ValueError(
            f"a Dask scheduler is reached by tcp:// or tls://, not by {protocol}://; give one like {EXAMPLE}"
        )
    if not 0 < port < 65_536:
        raise ValueError(f"the port {port} of '{text:.80}' is none; give one from 1 to 65535")
    return f"{protocol}://{found['host']}:{port}"


def as_section(written: Any) -> Any:
    """Make a section of what may stand in its place: a cluster alone, as a text or as `dask: tcp://...`."""
    if isinstance(written, str):
        return {"cluster": written}
    if isinstance(written, dict) and "dask" in written and "cluster" not in written:
        return {("cluster" if key == "dask" else key): value for key, value in written.items()}
    return written


def as_memory(value: Any) -> Any:
    """Check a bound on memory, such as `2GB`.

    Raises:
        ValueError: It is no such bound.
    """
    if isinstance(value, str) and (text := value.strip()):
        if not MEMORY.fullmatch(text):
            raise ValueError(f"memory must be like 2GB or 500MiB, not '{text:.40}'; give a number and a unit")
        return text
    return value


class Compute(Section):
    """Where the work is done: this machine, a cluster made on it, or one that is there."""

    cluster: Annotated[str, BeforeValidator(as_cluster)] = ""
    """Empty for this machine, `local` for a Dask cluster made on it, or a scheduler: `tcp://...`, `tls://...`."""
    workers: Annotated[int, Field(ge=1, le=256)] = 2
    """Processes of a local cluster."""
    threads: Annotated[int, Field(ge=1, le=256)] = 1
    """Threads of each worker of a local cluster."""
    memory: Annotated[str, BeforeValidator(as_memory)] = ""
    """What each worker of a local cluster may use, such as `2GB`; by default its share of the machine."""

    @model_validator(mode="before")
    @classmethod
    def _as_written(cls, values: Any) -> Any:
        return as_section(values)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Say that a text may stand in the section's place."""
        made = handler.resolve_ref_schema(handler(core_schema))
        told = made.pop("description", "")
        made["properties"]["dask"] = {"description": "The same as `cluster`.", "type": "string"}
        return {"description": told, "anyOf": [made, {"type": "string"}]}
