"""What a host is told when it is started: which version it runs, where it listens, what it may take."""

from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

import orjson

from serving.protocol.bounds import DEFAULT_BOUNDS, Bounds
from serving.settings import Settings


@dataclass(frozen=True, slots=True)
class HostLimits:
    """What one host takes on.

    Attributes:
        threads: Calls of the model at a time.
        in_flight: Requests at a time, those that wait included.
        body_bytes: The longest body.
        time_s: How long a call may take.
        memory_bytes: Address space beyond what the libraries take; 0 for no bound.
        rows: The most rows of a request.
        columns: The most columns of a request.
        depth: How deep a JSON body may be nested.
    """

    threads: int = 2
    in_flight: int = 256
    body_bytes: int = 16 * 1024 * 1024
    time_s: float = 10.0
    memory_bytes: int = 0
    rows: int = DEFAULT_BOUNDS.rows
    columns: int = DEFAULT_BOUNDS.columns
    depth: int = DEFAULT_BOUNDS.depth

    @property
    def bounds(self) -> Bounds:
        """How much a request may hold."""
        return Bounds(self.rows, self.columns, self.depth)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits that the settings give."""
        return cls(
            threads=settings.gateway_threads,
            in_flight=settings.gateway_max_in_flight * max(settings.gateway_workers, 1) * 2,
            body_bytes=settings.gateway_max_body_bytes,
            time_s=settings.gateway_time_limit_s,
            memory_bytes=settings.pyfunc_memory_bytes,
            rows=settings.gateway_max_rows,
            columns=settings.gateway_max_columns,
            depth=settings.gateway_max_depth,
        )


@dataclass(frozen=True, slots=True)
class HostSpec:
    """One host.

    Attributes:
        model: The registered model's name.
        version: The version's number.
        folder: The version's files.
        socket: The Unix socket that it listens on; its lock lies beside it.
        limits: What it takes on.
    """

    model: str
    version: str
    folder: str
    socket: str
    limits: HostLimits

    @property
    def lock(self) -> Path:
        """Held by the worker that starts the host."""
        return Path(self.socket).with_suffix(".lock")

    @property
    def called(self) -> str:
        """How sentences name it."""
        return f"the process of version {self.version} of '{self.model}'"

    def to_text(self) -> str:
        """The spec as one argument of a command."""
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` wrote."""
        table = orjson.loads(text)
        return cls(**table | {"limits": HostLimits(**table["limits"])})


def spec_of(model: str, version: str, folder: Path, root: Path, limits: HostLimits) -> HostSpec:
    """The host of a version's files, the same for every worker of a gateway.

    Args:
        model: The registered model's name.
        version: The version's number.
        folder: The version's files.
        root: Where the hosts' sockets lie.
        limits: What it takes on.
    """
    key = sha256(str(folder).encode()).hexdigest()[:16]
    return HostSpec(model, version, str(folder), str(root / f"{key}.sock"), limits)
