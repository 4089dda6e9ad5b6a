"""A clean environment that has imported the heavy packages once, and forks for each export that it runs."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from projects.export.environment import ABSENT, Environment, Failed, environment_of

PACKAGES = ("numpy", "pandas", "scikit-learn", "lightgbm", "xgboost-cpu", "torch", "cloudpickle")
SERVER = """
import json, os, runpy, sys, traceback
from importlib.util import find_spec
sys.path.insert(0, sys.argv[1])
assert not [name for name in json.loads(sys.argv[2]) if find_spec(name)]
import lightgbm, pandas, sklearn.ensemble, sklearn.compose, sklearn.metrics, xgboost
print("ready", flush=True)
for line in sys.stdin:
    folder, words = json.loads(line)
    child = os.fork()
    if not child:
        out = os.open(os.devnull, os.O_WRONLY)
        os.dup2(out, 1)
        sys.path.insert(0, folder)
        sys.argv, sys.dont_write_bytecode, code = words, True, 0
        try:
            runpy.run_path(words[0], run_name="__main__")
        except BaseException as error:
            traceback.print_exc()
            code = 1
        sys.stderr.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass(frozen=True)
class Warm(Environment):
    """Runs scripts in forks of one clean process."""

    process: subprocess.Popen[str] | None = None

    def run(self, folder: Path, *words: str) -> str:
        assert self.process
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([str(folder), words]) + "\n")
        self.process.stdin.flush()
        if (said := self.process.stdout.readline().strip()) != "0":
            raise Failed(f"{Path(words[0]).name} ended with {said}")
        return ""

    @contextlib.contextmanager
    def for_these(self, requirements: Sequence[str]) -> Iterator[Environment]:
        """Stand for the environment of any requirements that it has."""
        assert {line.partition("==")[0] for line in requirements} <= set(PACKAGES)
        yield self


@contextlib.contextmanager
def warm_environment() -> Iterator[Warm]:
    """Start the process, and end it."""
    with environment_of("isolated", [f"{name}==0" for name in PACKAGES]) as place:
        words = [place.python, "-I", "-S", "-W", "ignore", "-c", SERVER, place.paths[0], json.dumps(ABSENT)]
        with subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.__stderr__, text=True
        ) as process:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield Warm("isolated", place.python, place.paths, "a warm isolated Python", process)
            assert process.stdin
            process.stdin.close()
