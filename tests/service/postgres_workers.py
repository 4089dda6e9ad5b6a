"""What several processes do at once with Penstock's database; light, as each of them imports it anew."""

import os
import time
from datetime import UTC, datetime

from penstock.audit.trail import Event, Trail
from penstock.jobs.claims import Claims
from penstock.jobs.machine import Machine
from penstock.people.person import Person
from serving.lifecycle.database import Database
from serving.lifecycle.journal import Journal, Move
from serving.lifecycle.leases import LeaseBusyError, Leases
from serving.settings import Settings


def now():
    return datetime.now(UTC)


def move(version="1", reason="why"):
    return Move(now(), "churn", version, "None", "Production", "promote", "ann", reason)


def append_moves(url, count):
    for _ in range(count):
        Journal(Database(url)).append([move()])


def record_events(url, count):
    trail = Trail(Database(url), now)
    for _ in range(count):
        trail.record(Person("ann"), Event("login", "ann"))


def claim_all(url, worker):
    machine = Machine(cores=(0, 1), gpus=(), memory_bytes=10**10)
    claims = Claims(Database(url), Settings(jobs_at_once=100), machine, worker, time.time)
    found = []
    while claimed := claims.claim(worker):
        found.append(claimed[0].job_id)
    return found


def hold_once(url):
    leases = Leases(Database(url), now=now, duration_s=30.0)
    try:
        with leases.held("one", f"process {os.getpid()}", wait_s=0.0):
            time.sleep(5.0)
            return True
    except LeaseBusyError:
        return False
