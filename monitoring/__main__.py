"""`python -m monitoring once | loop | status | quality`: watch models, and say how they are."""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence

import orjson

from monitoring.door import DoorError, check_host
from monitoring.registry import RegistryAwayError, UnknownModelError
from serving.callers.administrator import act_as_administrator
from serving.lifecycle.errors import LifecycleError
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
        return _COMMANDS[options.command](settings, options)
    except (SettingsError, UnknownModelError, DoorError) as error:
        print(f"monitoring: {error}", file=sys.stderr)
        return BAD_INPUT
    except RegistryAwayError as error:
        print(f"monitoring: {error}; start it, or set tracking_uri", file=sys.stderr)
        return OURS_FAILED
    except LifecycleError as error:
        print(f"monitoring: {error}", file=sys.stderr)
        return OURS_FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m monitoring", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    once = commands.add_parser("once", help="check once, and print a line a version and variant")
    once.add_argument("--report", action="store_true", help="make a report of each, due or not")
    loop = commands.add_parser("loop", help="check at an interval, serve metrics and pages, and retrain")
    status = commands.add_parser("status", help="what closed windows said, what was decided, who is on duty")
    quality = commands.add_parser("quality", help="what is known of a model's quality, window by window")
    for command in (once, status, quality):
        command.add_argument("--json", action="store_true", help="print as JSON")
    for command in (status, quality):
        command.add_argument("--last", type=_count, default=5, help="windows of each; default: %(default)s")
    for command in (once, loop, status):
        command.add_argument("--model", help="this registered model only; default: all that have traffic")
    quality.add_argument("--model", required=True, help="a registered model")
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, not '{text}'")
    return int(text)


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

    from monitoring.lane_check import Drawing
    from monitoring.metrics import MonitorMetrics
    from monitoring.result import as_json, line
    from monitoring.start import monitor

    once = monitor(settings, MonitorMetrics(CollectorRegistry()))
    drawing = Drawing.ALL if options.report else Drawing.DUE
    once.round([once.model(options.model)] if options.model else once.models(), drawing=drawing)
    results = once.results()
    if options.json:
        _print_json([as_json(result) for result in results])
    elif not results and not once.failures:
        whose = f"of '{options.model}' " if options.model else ""
        print(
            f"no predictions {whose}in the last {settings.monitor_window_s:g} seconds of the log in "
            f"'{settings.prediction_log_dir}'; nothing to compare"
        )
    else:
        print("\n".join(line(result) for result in results))
    return OURS_FAILED if once.failures else 0


def _loop(settings: Settings, options: argparse.Namespace) -> int:
    check_host(settings)
    act_as_administrator(settings)
    from monitoring.start import serve

    return serve(settings, options.model)


def _status(settings: Settings, options: argparse.Namespace) -> int:
    from monitoring.status import read, status_json, status_lines

    status = read(settings, model=options.model, last=options.last)
    if options.json:
        _print_json(status_json(status))
    else:
        print("\n".join(status_lines(status)))
    return 0


def _quality(settings: Settings, options: argparse.Namespace) -> int:
    from prometheus_client import CollectorRegistry

    from monitoring.lane_check import Drawing
    from monitoring.metrics import MonitorMetrics
    from monitoring.start import monitor
    from monitoring.status import quality_json, quality_lines, read

    once = monitor(settings, MonitorMetrics(CollectorRegistry()))
    once.round([once.model(options.model)], drawing=Drawing.NONE)
    results = once.results()
    status = read(settings, model=options.model, last=options.last)
    if options.json:
        _print_json(quality_json(results, status))
    else:
        print("\n".join(quality_lines(results, status)))
    return OURS_FAILED if once.failures else 0


def _print_json(found: object) -> None:
    print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


_COMMANDS: Mapping[str, Callable[[Settings, argparse.Namespace], int]] = {
    "once": _once,
    "loop": _loop,
    "status": _status,
    "quality": _quality,
}


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    sys.stdout.flush()
    # Taking down the many modules of MLflow and Evidently lasts a second; all is written and closed by now.
    os._exit(code)
