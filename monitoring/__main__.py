"""`python -m monitoring once | loop`: check every model's newest predictions now, or at an interval."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence

import orjson

from monitoring.door import DoorError, check_host
from monitoring.registry import RegistryAwayError, UnknownModelError
from serving.settings import Settings, SettingsError, load

OURS_FAILED, BAD_INPUT = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        0 if all went well, also if there was nothing to compare; 1 if a check failed; 2 for bad input.
    """
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = load()
        _quiet_foreign_parts()
        return _loop(settings, options.model) if options.command == "loop" else _once(settings, options)
    except (SettingsError, UnknownModelError, DoorError) as error:
        print(f"monitoring: {error}", file=sys.stderr)
        return BAD_INPUT
    except RegistryAwayError as error:
        print(f"monitoring: {error}; start it, or set tracking_uri", file=sys.stderr)
        return OURS_FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m monitoring", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    once = commands.add_parser(
        "once", help="check once, make a report of each version, and print a line each"
    )
    once.add_argument("--json", action="store_true", help="print the results as JSON")
    loop = commands.add_parser("loop", help="check at an interval, and serve metrics and an overview page")
    for command in (once, loop):
        command.add_argument("--model", help="this registered model only; default: all that have traffic")
    return parser


def _quiet_foreign_parts() -> None:
    """No usage reports, no progress bars, and no minutes of retries when MLflow is away."""
    for name, value in {
        "DO_NOT_TRACK": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    }.items():
        os.environ.setdefault(name, value)
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # what fails is said in a sentence


def _once(settings: Settings, options: argparse.Namespace) -> int:
    from prometheus_client import CollectorRegistry

    from monitoring.metrics import MonitorMetrics
    from monitoring.result import as_json, line
    from monitoring.start import monitor

    once = monitor(settings, MonitorMetrics(CollectorRegistry()))
    once.round([once.model(options.model)] if options.model else once.models())
    results = once.results()
    if options.json:
        print(orjson.dumps([as_json(result) for result in results], option=orjson.OPT_INDENT_2).decode())
    elif not results and not once.failures:
        whose = f"of '{options.model}' " if options.model else ""
        print(
            f"no predictions {whose}in the last {settings.monitor_window_s:g} seconds of the log in "
            f"'{settings.prediction_log_dir}'; nothing to compare"
        )
    else:
        print("\n".join(line(result) for result in results))
    return OURS_FAILED if once.failures else 0


def _loop(settings: Settings, model: str | None) -> int:
    check_host(settings.host, is_open_allowed=settings.open_host)
    from monitoring.start import serve

    return serve(settings, model)


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    sys.stdout.flush()
    # Taking down the many modules of MLflow and Evidently lasts a second; all is written and closed by now.
    os._exit(code)
