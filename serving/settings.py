"""The settings of every part: one TOML file, environment variables over it, unknown keys refused.

The file is `penstock.toml` in the working directory, or the one that `PENSTOCK_SETTINGS` names. A key
`gateway_port` is the variable `PENSTOCK_GATEWAY_PORT`; an empty text counts as not set. What holds passwords
may stand in a file of its own, which `database_url_file` (`PENSTOCK_DATABASE_URL_FILE`) and its like name.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

PREFIX = "PENSTOCK_"
FILE_VARIABLE = "PENSTOCK_SETTINGS"
ACCOUNTS_VARIABLE = "PENSTOCK_ACCOUNTS_DATABASE"
"""Names MLflow's accounts to `penstock backup`; no setting, as no server of Penstock's may know them."""
DEFAULT_FILE = "penstock.toml"
SECRETS = ("database_url", "jobs_redis_url", "log_hash_key")
"""The settings that files may hold: with `_file` at its end, a key names the file."""


class SettingsError(ValueError):
    """A setting that cannot be used; the message says which, why and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and how much they may take; the unit stands in each name."""

    var_dir: Path = Path("var")
    projects_dir: Path = Path()
    """Users' project folders; by default `projects` in `var_dir`."""
    tracking_uri: str = ""
    """MLflow's tracking server; by default `MLFLOW_TRACKING_URI`, else the local stack's."""
    database_url: str = ""
    """Penstock's own tables, as an SQLAlchemy URL; by default SQLite in `var_dir`."""
    host: str = "127.0.0.1"
    open_host: bool = False
    """Lets the gateway without `gateway_auth`, and the monitor, listen beyond loopback, where something else
    guards the port."""
    mlflow_port: int = 5000
    gateway_port: int = 8000
    gateway_workers: int = 1
    gateway_poll_s: float = 1.0
    gateway_max_in_flight: int = 64
    """Requests that one worker answers at a time; one more gets 429."""
    gateway_max_body_bytes: int = 16 * 1024 * 1024
    gateway_time_limit_s: float = 10.0
    gateway_drain_s: float = 4.0
    gateway_threads: int = 2
    gateway_model_bytes: int = 4 * 1024**3
    """Memory for models in each worker; beyond it the least recently used one leaves for one in demand."""
    gateway_cold_ms: float = 2000.0
    """The longest wait of a request for a model that is being loaded, where its policy names none."""
    gateway_auth: str = "off"
    """Who may call: `off` all, `keys` who has a key of Penstock's, `mlflow` MLflow's users."""
    gateway_auth_ttl_s: float = 60.0
    """For how long an answer of MLflow's about a user holds."""
    gateway_status_doors: str = "loopback"
    """Who may see `/ready` and `/metrics`: `open` all, `guarded` callers, `loopback` all if on loopback."""
    gateway_error_detail: str = "full"
    """`terse` tells callers only the kind of an error and a request id; the log has the sentence."""
    gateway_model_share: float = 0.75
    """How many of a worker's places one version that takes its time may have while no other needs them."""
    gateway_max_rows: int = 100_000
    gateway_max_columns: int = 10_000
    gateway_max_depth: int = 64
    """How deep a JSON body may be nested."""
    tls_cert_file: str = ""
    """The gateway's certificate (PEM, with its chain); with it and its key it speaks HTTPS only."""
    tls_key_file: str = ""
    log_predictions: bool = True
    """Keeps every answered prediction on the prediction log; without it there is no drift to watch."""
    log_values: bool = False
    """Lets exceptions' messages into the gateway's log, which may hold values of requests."""
    log_hash_key: str = ""
    """What keys the hash of columns that a policy wants hashed; by default one that the database keeps."""
    log_format: str = "text"
    """The form of the gateway's own log lines: `text`, or `json` with one object a line."""
    traces_endpoint: str = ""
    """Where the gateway sends traces of requests, a collector's OTLP/HTTP address; empty: nowhere."""
    traces_share: float = 1.0
    """The share of requests that is traced, among those whose caller has not decided it."""
    gateway_allow_override: bool = True
    """Lets a caller choose among a route's variants by header; switch it off where callers are strangers."""
    upstreams: str = ""
    """Model servers that score for the gateway, http addresses parted by commas; empty: it scores itself.
    `file:///path` names a file that lists them, `dns+http://name:8010` a name with a record for each: both
    are looked up again every second, so that servers come and go."""
    model_server_port: int = 8010
    pyfunc_memory_bytes: int = 0
    """Address space that a pyfunc's process may take beyond its libraries; 0: no bound."""
    log_segment_bytes: int = 64 * 1024 * 1024
    log_segment_s: float = 300.0
    log_s3_uri: str = ""
    """Where sealed files of the log are copied to, `s3://bucket/prefix`; boto3 finds the credentials."""
    s3_encryption: str = ""
    """Server-side encryption of what Penstock writes to buckets: `AES256`, `aws:kms` or `aws:kms:KEY`; empty:
    as the bucket does by itself."""
    log_retention_days: float = 0.0
    """How long the prediction log is kept in its folder; by default for ever. A policy overrules it."""
    log_s3_retention_days: float = 0.0
    """How long it is kept in the bucket; by default for ever. A policy overrules it."""
    log_max_bytes: int = 0
    """The most that sealed files may take on the disk, the oldest days go first; by default no bound."""
    monitor_port: int = 9101
    monitor_interval_s: float = 60.0
    monitor_window_s: float = 3600.0
    """How long a window is; closed windows begin at whole multiples of it on the UTC clock."""
    monitor_window_rows: int = 0
    """Closes a window when a version has answered so many rows instead; 0: by time."""
    monitor_min_rows: int = 50
    monitor_max_rows: int = 10_000
    """The newest rows of a version and variant that the live window takes."""
    monitor_backfill_windows: int = 24
    """How many closed windows that nobody judged, as while no monitor ran, are judged at the most."""
    monitor_outcome_days: float = 30.0
    """Until when a closed window is judged anew as its outcomes come."""
    monitor_history_days: float = 90.0
    """How long closed windows are remembered."""
    monitor_lease_s: float = 180.0
    """How long another monitor waits for one that does not move any more."""
    monitor_reports_kept: int = 10
    """Reports of each lane that keep their pages in MLflow and in the Evidently workspace; figures stay."""
    mlflow_url: str = ""
    """MLflow's address as browsers reach it, for the monitor's links; by default the tracking server's."""
    evidently_url: str = ""
    """The Evidently UI's address as browsers reach it; empty: no link."""
    grafana_url: str = ""
    """Grafana's address as browsers reach it; empty: no link."""
    retrain_at_once: int = 1
    """Retrainings, and scheduled batch scorings, that run at a time, of each kind so many."""
    retrain_time_limit_s: float = 14_400.0
    """After so long a retraining or a batch scoring is ended and counts as failed."""
    retrain_late_s: float = 21_600.0
    """How long after its moment what is scheduled is still started, where nobody watched at the moment."""
    retrain_max_rows: int = 200_000
    """The most newly labelled rows that a retraining is given, the newest."""
    retrain_project: str = ""
    """The folder of the MLproject whose `retrain` and `predict` are run; by default this checkout."""
    gateway_metrics: str = ""
    """The `/metrics` that canaries are stepped by, http addresses parted by commas; empty: this gateway's."""
    gateway_metrics_key_file: str = ""
    """A file with an API key for them, where they ask for one."""
    drift_share: float = 0.5
    """The share of drifted columns from which a data set counts as drifted."""
    auth: str = "off"
    """Who may use the platform API, the console and the monitor: `off` all, `mlflow` MLflow's users."""
    trusted_models: str = ""
    """Where `auth` is `mlflow`, the registered models whose versions may run code of their own, and which the
    monitor retrains, scores and leads by itself: names parted by commas, `*` for all; empty: none."""
    mlflow_admin_file: str = ""
    """A file that holds `name:password` of the MLflow administrator that Penstock itself acts as."""
    api_port: int = 8080
    gateway_url: str = ""
    """The gateway's address as the platform API reaches it; by default its port on this machine."""
    monitor_url: str = ""
    """The monitor's address as the platform API reaches it; by default its port on this machine."""
    api_max_upload_bytes: int = 4 * 1024**3
    api_wait_s: float = 900.0
    """The longest wait for a job whose outcome is the answer itself, such as cleaning's."""
    api_session_s: float = 43_200.0
    """How long a login to the console lasts."""
    api_sources: str = ""
    """Beginnings of places, parted by commas, that requirements sent to the API may read from beside data
    sets that were uploaded, such as `s3://lake/`; empty: none."""
    api_clusters: str = ""
    """Dask clusters, parted by commas, that requirements sent to the API may name as `compute`: schedulers,
    such as `tcp://dask:8786`, or `local`; empty: none."""
    jobs_at_once: int = 2
    jobs_queued_per_user: int = 2000
    jobs_redis_url: str = ""
    """Redis, `redis://host:6379/0`, where jobs are worked off on several machines; empty: a SQLite file."""
    jobs_kept_days: float = 90.0
    """How long the folder of a job that is over, with its log, is kept."""
    job_time_limit_s: float = 14_400.0
    job_memory_bytes: int = 0
    """What a job's processes may take together; 0: nine tenths of the machine's over the jobs at once."""
    job_cores: int = 0
    """Cores that a job may use; 0: the machine's among the jobs at once."""
    job_gpus: int = 0
    """GPUs that a job may see."""
    job_disk_bytes: int = 0
    """What a job may write into its folder; 0: no bound."""
    price_currency: str = "EUR"
    price_core_hour: float = 0.0
    price_gb_hour: float = 0.0
    """Of a gigabyte of memory for an hour, by a job's peak."""
    price_gb_month: float = 0.0
    """Of a gigabyte of data sets for thirty days."""
    audit_head_file: str = ""
    """Where the audit's newest hash is written, too; by default `audit/head.jsonl` in `var_dir`. Name a place
    that whoever can change the database cannot."""
    dataset_retention_days: float = 0.0
    """How long data sets are kept, where their project says nothing; by default for ever."""

    def trusts(self, model: str) -> bool:
        """Whether a model's versions may run code of their own, and the monitor acts by itself for it.

        A version's code runs as the system user of all of Penstock, and the monitor acts as an administrator;
        where people sign in, neither is for whoever may write a model's tags.
        """
        named = {name.strip() for name in self.trusted_models.split(",")}
        return self.auth != "mlflow" or bool(named & {"*", model})

    @property
    def prediction_log_dir(self) -> Path:
        """The prediction log's segments and sealed files."""
        return self.var_dir / "predictions"

    @property
    def gateway_dir(self) -> Path:
        """What the gateway holds of the registry, and its workers' metrics."""
        return self.var_dir / "gateway"

    @property
    def model_server_dir(self) -> Path:
        """The files that model servers have fetched by themselves."""
        return self.var_dir / "model_server"

    @property
    def jobs_dir(self) -> Path:
        """The folders of jobs, each with its log."""
        return self.var_dir / "jobs"

    @property
    def monitor_dir(self) -> Path:
        """The references that the monitor has fetched."""
        return self.var_dir / "monitor"


_SWITCH = {"true": True, "1": True, "false": False, "0": False}
KINDS = {field.name: field.type for field in fields(Settings)}
_CHOICES = {
    "auth": ("off", "mlflow"),
    "gateway_auth": ("off", "keys", "mlflow"),
    "gateway_status_doors": ("loopback", "open", "guarded"),
    "gateway_error_detail": ("full", "terse"),
}
_EXPLAINED: dict[object, str] = {int: "a whole number", float: "a number", Path: "a path", str: "text"}
_FROM_FILE: dict[object, tuple[type, ...]] = {int: (int,), float: (int, float), Path: (), str: ()}


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings file, lay the environment over it and check both.

    Raises:
        SettingsError: An unknown key, a value of the wrong kind, or a file that cannot be read.
    """
    values: dict[str, object] = {}
    for given in (_from_file(environ), _from_environment(environ)):
        for key, raw, source in _with_secrets(given):
            if key not in KINDS:
                raise SettingsError(_unknown(key, source))
            if raw != "":
                values[key] = _converted(key, raw, source)
    settings = Settings(**values)  # type: ignore[arg-type]
    return _with_derived(settings, environ)


def _from_file(environ: Mapping[str, str]) -> list[tuple[str, object, str]]:
    named = environ.get(FILE_VARIABLE)
    path = Path(named or DEFAULT_FILE)
    if not path.exists():
        if named:
            raise SettingsError(f"{FILE_VARIABLE} names '{path}', which does not exist; make it or unset it")
        return []
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"'{path}' must be a TOML file of settings; {error}") from error
    return [(key, value, f"'{path}'") for key, value in table.items()]


def _from_environment(environ: Mapping[str, str]) -> list[tuple[str, object, str]]:
    return [
        (name.removeprefix(PREFIX).lower(), value, f"the variable {name}")
        for name, value in sorted(environ.items())
        if name.startswith(PREFIX) and name not in (FILE_VARIABLE, ACCOUNTS_VARIABLE)
    ]


def _with_secrets(given: list[tuple[str, object, str]]) -> list[tuple[str, object, str]]:
    """Put the text of each file that is named for a secret in its place; a value goes over its file."""
    named = {f"{secret}_file": secret for secret in SECRETS}
    there = {key for key, raw, _ in given if raw != ""}
    return [
        (named.get(key, key), _secret(key, raw, source) if key in named else raw, source)
        for key, raw, source in given
        if key not in named or (key in there and named[key] not in there)
    ]


def _secret(key: str, raw: object, source: str) -> str:
    what = f"{source}: '{key}' names '{raw}'"
    try:
        text = Path(str(raw)).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{what}, which cannot be read ({type(error).__name__})") from error
    if not text or "\n" in text:
        raise SettingsError(f"{what}, which must hold one line; write it so")
    return text


def _unknown(key: str, source: str) -> str:
    near = difflib.get_close_matches(key, KINDS, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(KINDS)}"
    return f"{source} sets '{key}', which is no setting; {hint}"


def _converted(key: str, raw: object, source: str) -> object:
    kind = KINDS[key]
    if kind is bool:
        return _switched(key, raw, source)
    wanted = f"{source}: '{key}' must be {_EXPLAINED[kind]}, not {raw!r}"
    if not isinstance(raw, str) and (isinstance(raw, bool) or not isinstance(raw, _FROM_FILE[kind])):
        raise SettingsError(wanted)
    if isinstance(raw, str) and not raw.strip():
        raise SettingsError(wanted)
    try:
        value = kind(raw)  # type: ignore[operator]
    except ValueError as error:
        raise SettingsError(wanted) from error
    if isinstance(value, int | float):
        _check_range(key, value, f"{source}: '{key}'")
    if value not in _CHOICES.get(key, (value,)):
        raise SettingsError(f"{source}: '{key}' must be one of {', '.join(_CHOICES[key])}, not {raw!r}")
    return value


def _switched(key: str, raw: object, source: str) -> bool:
    word = str(raw).strip().lower()
    if word not in _SWITCH:
        raise SettingsError(f"{source}: '{key}' must be true or false, not {raw!r}")
    return _SWITCH[word]


def _check_range(key: str, value: float, where: str) -> None:
    if not 0 < value < float("inf"):
        raise SettingsError(f"{where} must be above zero, not {value}")
    if key.endswith("_port") and value > 65_535:
        raise SettingsError(f"{where} must be a port from 1 to 65535, not {value}")
    if key.endswith("_share") and value > 1:
        raise SettingsError(f"{where} must be a share from 0 to 1, not {value}")


def _with_derived(settings: Settings, environ: Mapping[str, str]) -> Settings:
    local = f"http://127.0.0.1:{settings.mlflow_port}"
    values = {field.name: getattr(settings, field.name) for field in fields(Settings)}
    values["tracking_uri"] = settings.tracking_uri or environ.get("MLFLOW_TRACKING_URI") or local
    database = settings.var_dir.absolute() / "penstock.db"
    values["projects_dir"] = (
        settings.var_dir / "projects" if settings.projects_dir == Path() else settings.projects_dir
    )
    values["database_url"] = settings.database_url or f"sqlite:///{database}"
    return Settings(**values)
