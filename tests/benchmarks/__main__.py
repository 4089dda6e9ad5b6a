"""`make bench [ONLY=name] [FULL=1]`: each benchmark runs peer and Penstock in turn and prints their ratio.

The default set ends within 20 minutes; FULL=1 takes the sizes and seeds of the stated targets.
"""

import argparse
import importlib
import sys
import time

BENCHMARKS = {
    "gateway": "gateway_and_peers",
    "overload": "overload",
    "log": "log_cost",
    "log-read": "log_read",
    "monitored": "monitored_gateway",
    "fairness": "fairness",
    "moves": "moves_under_load",
    "forwarding": "forwarding",
    "many-models": "many_models",
    "ingest": "ingest_and_duckdb_copy",
    "profile": "profile_ten_million_rows",
    "batch": "batch_and_mlflow_predict",
    "plans": "plan_families",
    "objectives": "objective_sentences",
    "million": "million_rows",
    "larger-than-memory": "larger_than_memory",
    "dask-scaling": "dask_scaling",
    "dask-training": "dask_training",
    "quality": "quality_and_flaml",
    "hundred-models": "hundred_models",
    "drift-window": "drift_window",
    "drift-power": "drift_power",
    "estimates": "estimate_error",
    "retraining": "retraining_streams",
    "text-quality": "text_quality",
    "text-extraction": "text_extraction",
    "text-cache": "text_cache",
    "embeddings": "text_embeddings",
    "text-serving": "text_serving",
    "text-main": "text_main",
    "api-upload": "api_upload",
    "api-predict": "api_predict",
    "api-listing": "api_listing",
    "provenance": "provenance",
    "eight-users": "eight_users",
    "training-beside": "training_beside",
    "queueing": "queueing",
    "autoscaling": "autoscaling",
    "unit-costs": "unit_costs",
    "external-stores": "external_stores",
}


def main() -> int:
    line = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    line.add_argument("name", nargs="*", help=f"of {', '.join(BENCHMARKS)}; by default all")
    line.add_argument("--full", action="store_true", help="the sizes and seeds of the stated targets")
    asked = line.parse_args()
    for name in asked.name:
        if name not in BENCHMARKS:
            line.error(f"no benchmark is called {name!r}; there are {', '.join(BENCHMARKS)}")
    for name in asked.name or BENCHMARKS:
        started = time.monotonic()
        module = importlib.import_module(f"tests.benchmarks.{BENCHMARKS[name]}")
        table = module.main(full=asked.full)
        sys.stdout.write(f"\n## {name} ({time.monotonic() - started:.0f} s)\n\n{table}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
