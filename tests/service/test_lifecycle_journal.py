import subprocess
import sys

from serving.lifecycle.database import Database
from serving.lifecycle.journal import Journal, first_break
from tests.conftest import REPO

APPEND = """
import sys
from datetime import UTC, datetime
from serving.lifecycle.database import Database
from serving.lifecycle.journal import Journal, Move
journal = Journal(Database(sys.argv[1]))
for number in range(25):
    move = Move(datetime.now(UTC), "churn", str(number), "None", "Staging", "promote", "ann", "")
    journal.append([move, move])
"""


def test_two_processes_do_not_fork_the_chain(tmp_path):
    url = f"sqlite:///{tmp_path}/penstock.db"
    running = [subprocess.Popen([sys.executable, "-c", APPEND, url], cwd=REPO) for _ in range(2)]
    assert [process.wait(120) for process in running] == [0, 0]
    entries = Journal(Database(url)).entries()
    assert len(entries) == 100
    assert first_break(entries) is None
