"""PostgreSQL takes all connections that pools may open, in compose and in Kubernetes at the most replicas."""

import re

import pytest

from infra.scaling.connections import (
    BACKEND_BYTES,
    OVERFLOW,
    POOL_SIZE,
    PROCESSES,
    RESERVED,
    TIMED,
    Running,
    gateways_within,
    of_mlflow,
    of_penstock,
)
from serving.lifecycle.engines import MOST_CONNECTIONS
from serving.settings import load
from tests.infra.composed import REPO, composed, env_file
from tests.infra.rendered import OVERLAYS, containers, of_kind, pods
from tests.infra.test_kubernetes import size_of

KINDS = {"full": env_file("infra/production/full.env"), "minimal": {}}
OF_DATABASES = {"database_url", "database_admin_url", "mlflow_env", "mlflow_auth"}
ALL_AT_ONCE = {*PROCESSES, *TIMED} - {"restore"}


class Stack:
    """What of one deployment counts: each workload's command, variables, replicas and memory."""

    def __init__(self, commands, environ, replicas, memory):
        self.commands, self.environ, self.replicas, self.memory = commands, environ, replicas, memory

    def of_mlflow(self):
        words, told = " ".join(self.commands["mlflow"]), self.environ["mlflow"]
        workers = int(re.search(r"--workers=(\d+)", words)[1])
        return of_mlflow(self.replicas["mlflow"], workers, int(told[POOL_SIZE]), int(told[OVERFLOW]))

    def running(self, name):
        told = {key: value for key, value in self.environ[name].items() if not key.endswith("_FILE")}
        settings = load({key: str(value) for key, value in told.items()})
        started = {
            "gateway": settings.gateway_workers - 1,
            "jobs": settings.jobs_at_once + 1,  # one beside them for jobs that somebody waits for
            "monitor": 2 * settings.retrain_at_once,  # of retrainings and of scorings, so many each
        }
        return Running(self.replicas[name], started.get(name, 0))

    def sums(self):
        found = {name: of_penstock(name, self.running(name)) for name in self.commands if name in ALL_AT_ONCE}
        return found | {"mlflow": self.of_mlflow()}

    @property
    def most(self):
        return int(re.search(r"max_connections=(\d+)", " ".join(self.commands["postgres"]))[1])

    @property
    def shared_bytes(self):
        return int(re.search(r"shared_buffers=(\d+)MB", " ".join(self.commands["postgres"]))[1]) * 1024**2


def of_compose(profile):
    given = KINDS[profile]
    services = {
        name: each for name, each in composed(given)["services"].items()
        if profile in each["profiles"] or name == "tools"
    }  # fmt: skip
    memory = services["postgres"]["mem_limit"].replace("m", "Mi")
    return Stack(
        {name: each.get("command", []) for name, each in services.items()},
        {name: each.get("environment", {}) for name, each in services.items()},
        {name: int(each.get("deploy", {}).get("replicas", 1)) for name, each in services.items()},
        size_of(memory) * 1024**2,
    )


def of_kubernetes(overlay):
    maps = {each["metadata"]["name"]: each.get("data", {}) for each in of_kind(overlay, "ConfigMap")}
    commands, environ, memory = {}, {}, 0
    for name, found in containers(overlay):
        if found["name"] != name:
            continue
        commands[name] = [*found.get("command", []), *found.get("args", [])]
        sources = found.get("envFrom", [])
        told = {key: value for each in sources for key, value in maps[each["configMapRef"]["name"]].items()}
        environ[name] = told | {each["name"]: each.get("value", "") for each in found.get("env", [])}
        if name == "postgres":
            memory = size_of(found["resources"]["limits"]["memory"]) * 1024**2
    sets = of_kind(overlay, "Deployment", "StatefulSet")
    replicas = dict.fromkeys(pods(overlay), 1)
    replicas |= {each["metadata"]["name"]: each["spec"].get("replicas", 1) for each in sets}
    scaled = of_kind(overlay, "HorizontalPodAutoscaler")
    replicas |= {each["metadata"]["name"]: each["spec"]["maxReplicas"] for each in scaled}
    return Stack(commands, environ, replicas, memory)


STACKS = {
    **{f"compose {profile}": lambda profile=profile: of_compose(profile) for profile in KINDS},
    **{f"Kubernetes {overlay}": lambda overlay=overlay: of_kubernetes(overlay) for overlay in OVERLAYS},
}
each_stack = pytest.mark.parametrize("name", STACKS)


@each_stack
def test_all_pools_together_stay_below_what_postgresql_takes(name):
    stack = STACKS[name]()
    assert sum(stack.sums().values()) + RESERVED <= stack.most, stack.sums()


@each_stack
def test_the_memory_bears_them_all(name):
    stack = STACKS[name]()
    assert stack.shared_bytes + sum(stack.sums().values()) * BACKEND_BYTES <= stack.memory


@each_stack
def test_the_plan_says_the_sum(name):
    stack = STACKS[name]()
    told = (REPO / "infra" / "SCALING.md").read_text(encoding="utf-8")
    row = [
        name,
        *(str(stack.sums().get(each, "")) for each in ("mlflow", "gateway", "monitor", "api", "jobs")),
    ]
    ends = sum(count for each, count in stack.sums().items() if each in TIMED)
    total = sum(stack.sums().values())
    assert f"| {' | '.join(row)} | {ends} | {total} | {stack.most} |" in told


def test_the_plan_says_what_a_connection_is_counted_with():
    told = " ".join((REPO / "infra" / "SCALING.md").read_text(encoding="utf-8").split())
    assert f"A connection is counted with {BACKEND_BYTES / 1e6:g} MB of memory" in told


def test_whoever_is_given_a_database_is_counted():
    services = composed()["services"]
    given = {name for name, each in services.items() if OF_DATABASES & set(map(str, each.get("secrets", [])))}
    pods_given = {
        name for overlay in OVERLAYS for name, pod in pods(overlay).items()
        for volume in pod["spec"]["volumes"]
        if OF_DATABASES & {item["key"] for item in volume.get("secret", {}).get("items", [])}
    }  # fmt: skip
    assert given | pods_given == {*PROCESSES, *TIMED, "mlflow"}


def test_from_which_gateway_on_a_pooler_is_due():
    stack = of_kubernetes("production")
    others = sum(count for name, count in stack.sums().items() if name != "gateway")
    most = gateways_within(stack.most, others)
    told = " ".join((REPO / "infra" / "SCALING.md").read_text(encoding="utf-8").split())
    assert stack.replicas["gateway"] <= most
    assert f"from the {most + 1}th gateway on" in told


def test_the_bounds_are_those_that_mlflow_and_the_pool_have():
    import mlflow.environment_variables as known

    assert {getattr(known, name).name for name in (POOL_SIZE, OVERFLOW)} == {POOL_SIZE, OVERFLOW}
    assert of_mlflow(1, 1, 0, 1) == 5
    assert of_penstock("api", Running()) == MOST_CONNECTIONS
