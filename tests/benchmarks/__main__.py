"""`make bench [ONLY=name]`: each benchmark runs peer and Penstock in turn and prints both and their ratio."""

import sys

from tests.benchmarks import gateway_and_mlflow_serve

BENCHMARKS = {"gateway": gateway_and_mlflow_serve.main}


def main() -> int:
    wanted = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in wanted if name not in BENCHMARKS]
    if unknown:
        sys.stderr.write(f"no benchmark is called {unknown[0]!r}; there are {', '.join(BENCHMARKS)}\n")
        return 2
    for name in wanted:
        sys.stdout.write(BENCHMARKS[name]() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
