"""The API's process starts without the libraries that only work on data needs."""

import subprocess
import sys

STARTED = """
import sys
from penstock.api.lean import HEAVY, import_lean_mlflow
import_lean_mlflow()
from penstock.api.app import make_app
from serving.settings import load
make_app(load({"PENSTOCK_VAR_DIR": sys.argv[1]}))
print([name for name in HEAVY if name in sys.modules])
"""


def test_the_whole_application_is_made_without_them(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", STARTED, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_they_can_be_imported_afterwards():
    program = (
        "from penstock.api.lean import import_lean_mlflow; import_lean_mlflow();"
        "import pyarrow.parquet, numpy; print(numpy.arange(3).sum())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "3\n"
