"""infra/kubernetes: every overlay renders, is what Kubernetes takes, and agrees with code and compose."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from infra.production.contents import Places, groups
from infra.scaling.targets import TARGETS
from serving.settings import SECRETS, load
from tests.infra.composed import REPO, composed
from tests.infra.declared import declared_metrics
from tests.infra.rendered import FOLDER, OVERLAYS, containers, documents, of_kind, pods, text_of

SERVICES = composed()["services"]
TIMED = ("backup", "backup-verify", "restore")
"""What the cluster has CronJobs for, compose's service `tools` does when somebody asks."""
PENSTOCK = ("setup", "gateway", "model-server", "monitor", "api", "jobs", *TIMED)
SECRET = "penstock-secrets"
"""The operator's: kubectl create secret generic penstock-secrets --from-file=var/secrets."""

each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)


def matches(selector, labels):
    return selector.items() <= labels.items()


def of_compose(name):
    """The service of compose that a workload or container stands for."""
    return SERVICES["tools" if name in TIMED else name]


def named(overlay, kind):
    return {each["metadata"]["name"]: each for each in of_kind(overlay, kind)}


@pytest.mark.slow
def test_every_object_is_what_kubernetes_takes_and_a_wrong_one_is_not(tmp_path):
    spoilt = yaml.safe_dump(of_kind("minimal", "NetworkPolicy")[0] | {"specs": {}})
    files = [tmp_path / f"{name}.yaml" for name in (*OVERLAYS, "spoilt")]
    for file, text in zip(files, (*map(text_of, OVERLAYS), spoilt), strict=True):
        file.write_text(text)
    tool = Path(sys.executable).with_name("kubernetes-validate")
    command = [tool, "-k", "1.32", "--strict", "--no-warn", *files]
    told = subprocess.run(command, check=False, capture_output=True, text=True, timeout=200).stdout
    assert told.count(" passed ") == sum(len(documents(overlay)) for overlay in OVERLAYS)
    assert [line.split()[1] for line in told.splitlines() if line.startswith("ERROR")] == [str(files[-1])]


@each_overlay
def test_every_object_is_in_the_namespace(overlay):
    assert {
        each["metadata"].get("namespace") for each in documents(overlay) if each["kind"] != "Namespace"
    } == {"penstock"}


@each_overlay
def test_every_selector_finds_pods(overlay):
    labels = {name: pod["metadata"]["labels"] for name, pod in pods(overlay).items()}
    for each in of_kind(overlay, "Deployment", "StatefulSet"):
        assert matches(each["spec"]["selector"]["matchLabels"], labels[each["metadata"]["name"]])
    for each in of_kind(overlay, "Service"):
        assert any(matches(each["spec"]["selector"], found) for found in labels.values())
    for each in of_kind(overlay, "PodDisruptionBudget"):
        assert any(matches(each["spec"]["selector"]["matchLabels"], found) for found in labels.values())
    policies = re.findall(
        r"(?<!-)\bapp: ([\w-]+)", "\n".join(map(yaml.safe_dump, of_kind(overlay, "NetworkPolicy")))
    )
    assert set(policies) <= set(labels) | ({"grafana"} if overlay == "minimal" else set())


@each_overlay
def test_a_service_leads_to_a_port_that_its_pod_has(overlay):
    for each in of_kind(overlay, "Service"):
        app = each["spec"]["selector"]["app"]
        ports = {port["name"]: port["containerPort"] for name, found in containers(overlay)
                 if name == app for port in found.get("ports", [])}  # fmt: skip
        for port in each["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]


@each_overlay
def test_a_stateful_sets_service_is_there(overlay):
    for each in of_kind(overlay, "StatefulSet"):
        assert each["spec"]["serviceName"] in named(overlay, "Service")


@each_overlay
def test_every_address_in_the_settings_is_a_service_with_that_port(overlay):
    ports = {
        f"{name}:{port['port']}"
        for name, each in named(overlay, "Service").items()
        for port in each["spec"]["ports"]
    }
    settings = next(each for name, each in named(overlay, "ConfigMap").items() if name.startswith("settings"))
    told = yaml.safe_dump(settings["data"]) + "".join(
        str(found.get("env", "")) for _, found in containers(overlay)
    )
    asked = set(re.findall(r"https?://([\w-]+:\d+)", told))
    assert asked <= ports


@each_overlay
def test_every_variable_is_a_setting_that_the_code_takes(overlay, tmp_path):
    for group in groups(lambda count: b"\x07" * count, Places()):
        for name, text in group.items():
            (tmp_path / name).write_text(text)
    maps = {name: each["data"] for name, each in named(overlay, "ConfigMap").items() if "data" in each}
    for workload, found in containers(overlay):
        if workload not in PENSTOCK or found["name"] != workload:
            continue
        values = dict(maps[found["envFrom"][0]["configMapRef"]["name"]])
        values |= {each["name"]: each["value"] for each in found.get("env", [])}
        environ = {key: value.replace("/run/secrets", str(tmp_path)) for key, value in values.items()}
        settings = load(environ)
        assert (settings.auth, settings.tracking_uri) == ("mlflow", "http://mlflow:5000")
        wanted = {f"PENSTOCK_{name.upper()}_FILE" for name in SECRETS} & {
            key for key, value in environ.items() if value
        }
        for key in wanted:
            assert Path(environ[key]).name in mounted(overlay, workload)


def mounted(overlay, workload):
    return {
        item["key"]
        for volume in pods(overlay)[workload]["spec"].get("volumes", [])
        for item in volume.get("secret", {}).get("items", [])
    }


@each_overlay
def test_a_pod_has_the_secrets_that_compose_gives_it(overlay):
    for workload in pods(overlay):
        given = of_compose(workload).get("secrets", [])
        if workload in TIMED:
            assert mounted(overlay, workload) < set(given)  # each its own, not all
            continue
        assert mounted(overlay, workload) == {
            each if isinstance(each, str) else each["source"] for each in given
        }


@each_overlay
def test_every_secret_and_config_map_is_there_or_the_operators(overlay):
    maps, claims = named(overlay, "ConfigMap"), named(overlay, "PersistentVolumeClaim")
    for pod in pods(overlay).values():
        for volume in pod["spec"].get("volumes", []):
            assert volume.get("secret", {}).get("secretName", SECRET) == SECRET
            assert "configMap" not in volume or volume["configMap"]["name"] in maps
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            assert claim is None or claim in claims


@each_overlay
def test_every_mount_has_its_volume(overlay):
    sets = named(overlay, "StatefulSet")
    for name, pod in pods(overlay).items():
        there = {volume["name"] for volume in pod["spec"]["volumes"]}
        own = sets.get(name, {"spec": {}})["spec"].get("volumeClaimTemplates", [])
        there |= {claim["metadata"]["name"] for claim in own}
        for found in pod["spec"]["containers"]:
            assert {mount["name"] for mount in found["volumeMounts"]} <= there


@each_overlay
def test_images_and_commands_are_those_of_compose(overlay):
    for _, found in containers(overlay):
        service = of_compose(found["name"])
        assert found["image"] == service["image"]
        if found["name"] in TIMED:
            continue
        own = ("postgres", "production")  # its connections, as infra/scaling/connections.py adds them up
        if (found["name"], overlay) == own:
            continue
        ours, theirs = [*found.get("command", []), *found.get("args", [])], [
            *service.get("entrypoint", []), *service.get("command", []),
        ]  # fmt: skip
        assert [word.replace("kubernetes", "compose") for word in ours] == theirs


@each_overlay
def test_every_container_is_closed_and_bounded(overlay):
    for _, found in containers(overlay):
        assert found["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert set(found["resources"]["requests"]) == {"cpu", "memory"}
        assert "memory" in found["resources"]["limits"]
    for pod in pods(overlay).values():
        context = pod["spec"]["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["runAsUser"] > 0
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def size_of(quantity):
    match = re.fullmatch(r"(\d+)(Mi|Gi)", quantity)
    return int(match[1]) * {"Mi": 1, "Gi": 1024}[match[2]]


@each_overlay
def test_no_container_asks_for_more_memory_than_it_may_take(overlay):
    for name, found in containers(overlay):
        asked, most = (found["resources"][each]["memory"] for each in ("requests", "limits"))
        assert size_of(asked) <= size_of(most), name


@each_overlay
def test_only_prometheus_may_speak_to_the_cluster(overlay):
    for name, pod in pods(overlay).items():
        assert (pod["spec"].get("automountServiceAccountToken") is False) == (name != "prometheus")


@each_overlay
def test_what_answers_requests_leaves_after_everybody_has_heard_of_it(overlay):
    for name in {"gateway", "model-server"} & set(pods(overlay)):
        pod = pods(overlay)[name]["spec"]
        command = pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
        assert command[0] == "sleep", name
        assert int(command[1]) + load({}).gateway_drain_s < pod["terminationGracePeriodSeconds"], name


@each_overlay
def test_what_has_a_door_is_probed_at_it(overlay):
    for name, found in containers(overlay):
        if found["name"] not in ("setup", "jobs", "evidently", *TIMED):
            assert "livenessProbe" in found, name
            assert "readinessProbe" in found, name
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                port = found.get(probe, {}).get("httpGet", {}).get("port")
                assert port is None or port in {each["name"] for each in found["ports"]}


def may_reach(overlay, source, target, port):
    """Whether network policies let one workload's pods speak to another's port."""
    labels = {name: pod["metadata"]["labels"] for name, pod in pods(overlay).items()}

    def picks(selector, found):
        in_values = all(
            found.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", [])
        )
        return matches(selector.get("matchLabels", {}), found) and in_values

    def allows(policy, way, peer):
        side = "from" if way == "ingress" else "to"
        return any(
            any(
                "namespaceSelector" not in each and picks(each["podSelector"], peer)
                for each in rule.get(side, [])
            )
            and any(each["port"] == port for each in rule.get("ports", [{"port": port}]))
            for rule in policy["spec"].get(way, [])
        )

    policies = of_kind(overlay, "NetworkPolicy")
    out = [each for each in policies if picks(each["spec"]["podSelector"], labels[source])]
    into = [each for each in policies if picks(each["spec"]["podSelector"], labels[target])]
    return any(allows(each, "egress", labels[target]) for each in out) and any(
        allows(each, "ingress", labels[source]) for each in into
    )


@pytest.mark.parametrize(
    ("source", "target", "port"),
    [
        *((each, "mlflow", 5000) for each in ("gateway", "monitor", "api", "jobs", "model-server")),
        *((each, "postgres", 5432) for each in ("setup", "mlflow", "gateway", "monitor", "api", "jobs")),
        *((each, "s3", 8333) for each in ("setup", "mlflow", "gateway", "monitor", "api", "jobs")),
        *((each, "redis", 6379) for each in ("api", "jobs")),
        *((each, *store) for each in ("backup", "restore") for store in (("postgres", 5432), ("s3", 8333))),
        ("prometheus", "gateway", 8000),
        ("prometheus", "monitor", 9101),
        ("prometheus", "api", 8080),
        ("prometheus", "model-server", 8010),
        ("gateway", "model-server", 8010),
        ("monitor", "gateway", 8000),
        ("api", "monitor", 9101),
        ("grafana", "prometheus", 9090),
        ("prometheus", "alertmanager", 9093),
    ],
)  # fmt: skip
def test_who_needs_somebody_may_reach_it(source, target, port):
    assert may_reach("production", source, target, port)


@pytest.mark.parametrize(
    ("source", "target", "port"),
    [
        ("api", "model-server", 8010),
        ("grafana", "postgres", 5432),
        ("gateway", "redis", 6379),
        ("model-server", "postgres", 5432),
        ("backup", "mlflow", 5000),
        ("backup-verify", "postgres", 5432),
        ("backup-verify", "s3", 8333),
        ("restore", "redis", 6379),
    ],
)
def test_who_does_not_need_somebody_may_not(source, target, port):
    assert not may_reach("production", source, target, port)


def volumes_of(overlay, workload):
    """The claims that a workload's only container mounts, with where, and whether it may write there."""
    pod = pods(overlay)[workload]["spec"]
    claims = {
        each["name"]: each["persistentVolumeClaim"]["claimName"]
        for each in pod["volumes"] if "persistentVolumeClaim" in each
    }  # fmt: skip
    return {
        claims[each["name"]]: (each["mountPath"], not each.get("readOnly", False))
        for each in pod["containers"][0]["volumeMounts"] if each["name"] in claims
    }  # fmt: skip


@each_overlay
def test_a_back_up_changes_nothing_but_the_claim_of_back_ups(overlay):
    places = {"platform": "/platform", "var-monitor-0": "/app/var", "backups": "/backups"}
    assert volumes_of(overlay, "backup") == {
        claim: (path, claim == "backups") for claim, path in places.items()
    }
    assert volumes_of(overlay, "restore") == {claim: (path, True) for claim, path in places.items()}
    assert volumes_of(overlay, "backup-verify") == {"backups": ("/backups", True)}


@each_overlay
def test_a_back_up_runs_where_the_claims_of_one_node_are(overlay):
    claims = named(overlay, "PersistentVolumeClaim")
    users = {"platform": "api", "var-monitor-0": "monitor"}
    bound = {app for name, app in users.items() if claims[name]["spec"]["accessModes"] == ["ReadWriteOnce"]}
    terms = pods(overlay)["backup"]["spec"]["affinity"]["podAffinity"]
    wanted = terms["requiredDuringSchedulingIgnoredDuringExecution"]
    assert {term["topologyKey"] for term in wanted} == {"kubernetes.io/hostname"}
    assert {term["labelSelector"]["matchLabels"]["app"] for term in wanted} == bound
    assert "affinity" not in pods(overlay)["restore"]["spec"]


@each_overlay
def test_the_monitors_claim_is_the_one_that_its_stateful_set_looks_for(overlay):
    own = named(overlay, "StatefulSet")["monitor"]["spec"]["volumeClaimTemplates"][0]
    claim = named(overlay, "PersistentVolumeClaim")[f"{own['metadata']['name']}-monitor-0"]
    assert claim["spec"] == own["spec"]


@each_overlay
def test_a_restore_never_begins_by_itself(overlay):
    found = named(overlay, "CronJob")
    assert {name: each["spec"].get("suspend", False) for name, each in found.items()} == {
        "backup": False, "backup-verify": False, "restore": True,
    }  # fmt: skip
    assert {each["spec"]["concurrencyPolicy"] for each in found.values()} == {"Forbid"}


@each_overlay
def test_what_stands_before_a_restore_is_all_but_the_processes_that_write(overlay):
    told = (REPO / "infra" / "PRODUCTION.md").read_text(encoding="utf-8")
    left_out = set(re.search(r"--selector 'app notin \(([^)]*)\)'", told)[1].split(", "))
    first = {each["metadata"].get("labels", {}).get("app") for each in documents(overlay)} - left_out
    assert {"postgres", "s3", "setup", "restore"} <= first
    assert not first & {"mlflow", "gateway", "model-server", "monitor", "api", "jobs"}


@each_overlay
def test_all_is_denied_that_is_not_allowed(overlay):
    deny = named(overlay, "NetworkPolicy")["deny-all"]
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_the_autoscalers_have_the_targets_of_the_model():
    found = named("production", "HorizontalPodAutoscaler")
    assert set(found) == {target.workload for target in TARGETS}
    for target in TARGETS:
        spec = found[target.workload]["spec"]
        metric = spec["metrics"][0]["pods"]
        assert (spec["minReplicas"], spec["maxReplicas"]) == (target.least, target.most)
        assert (metric["metric"]["name"], float(metric["target"]["averageValue"])) == (
            target.metric,
            target.in_flight,
        )
        kind = spec["scaleTargetRef"]["kind"]
        assert target.workload in named("production", kind)


def test_an_apply_leaves_alone_how_many_an_autoscaler_has_made():
    for found in named("production", "HorizontalPodAutoscaler").values():
        target = found["spec"]["scaleTargetRef"]
        assert "replicas" not in named("production", target["kind"])[target["name"]]["spec"]


@each_overlay
def test_who_comes_from_beyond_finds_the_four_doors_alone(overlay):
    doors = named(overlay, "NetworkPolicy")["doors"]["spec"]["ingress"][0]
    assert {each["port"] for each in doors["ports"]} == {8000, 8080, 5000, 9101}


@each_overlay
def test_a_gateways_log_is_bounded_below_its_claim(overlay):
    gateway = named(overlay, "StatefulSet")["gateway"]["spec"]
    told = {each["name"]: each["value"] for each in gateway["template"]["spec"]["containers"][0]["env"]}
    claim = gateway["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"]
    assert int(told["PENSTOCK_LOG_MAX_BYTES"]) < size_of(claim) * 1024**2


@each_overlay
def test_what_passes_through_mlflow_lies_on_a_disk(overlay):
    pod = pods(overlay)["mlflow"]["spec"]
    told = {each["name"]: each["value"] for each in pod["containers"][0]["env"]}
    mounts = {each["mountPath"]: each["name"] for each in pod["containers"][0]["volumeMounts"]}
    volumes = {each["name"]: each for each in pod["volumes"]}
    assert volumes[mounts[told["TMPDIR"]]]["emptyDir"] == {"sizeLimit": "20Gi"}


def test_the_adapter_tells_what_the_autoscalers_ask():
    rules = yaml.safe_load((FOLDER / "prometheus-adapter.yaml").read_text())["rules"]["custom"]
    assert {rule["name"]["as"]: rule["metricsQuery"] for rule in rules} == {
        target.metric: target.query for target in TARGETS
    }
    asked = {rule["seriesQuery"].partition("{")[0] for rule in rules}
    assert asked <= declared_metrics() | {"penstock_model_server_request_seconds_total"}


def test_prometheus_names_jobs_as_the_alerts_do():
    config = yaml.safe_load((REPO / "infra/prometheus/prometheus.kubernetes.yml").read_text())
    label = config["scrape_configs"][0]["kubernetes_sd_configs"][0]["selectors"][0]["label"]
    key, _, value = label.partition("=")
    scraped = {
        name for name, pod in pods("production").items() if pod["metadata"]["labels"].get(key) == value
    }
    local = yaml.safe_load((REPO / "infra/prometheus/prometheus.yml").read_text())
    jobs = {job["job_name"] for job in local["scrape_configs"]}
    assert {f"penstock-{name}" for name in scraped} == jobs - {"prometheus"}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="this machine has no promtool")
def test_promtool_takes_the_configuration_but_for_the_discovery_that_debians_lacks(tmp_path):
    config = yaml.safe_load((REPO / "infra/prometheus/prometheus.kubernetes.yml").read_text())
    del config["scrape_configs"][0]["kubernetes_sd_configs"]
    config["rule_files"] = [str(REPO / "infra/prometheus" / name) for name in config["rule_files"]]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    command = ["promtool", "check", "config", tmp_path / "prometheus.yml"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_minimal_overlay_has_the_memory_of_composes_minimal_profile():
    for name, found in containers("minimal"):
        if name not in ("setup", "redis"):
            assert found["resources"]["limits"]["memory"] == of_compose(name)["mem_limit"].replace(
                "m", "Mi"
            ).replace("g", "Gi")


@each_overlay
def test_a_process_is_told_what_compose_tells_it(overlay):
    maps = {name: each["data"] for name, each in named(overlay, "ConfigMap").items() if "data" in each}
    for workload, found in containers(overlay):
        if found["name"] not in ("gateway", "monitor", "api", "jobs"):
            continue
        told = dict(maps[found["envFrom"][0]["configMapRef"]["name"]])
        told |= {each["name"]: each["value"] for each in found["env"]}
        own = {
            "PENSTOCK_LOG_SEGMENT_S", "PENSTOCK_LOG_MAX_BYTES", "PENSTOCK_UPSTREAMS",
            "PENSTOCK_JOB_MEMORY_BYTES",
        }  # fmt: skip
        compose = {key: str(value) for key, value in SERVICES[workload]["environment"].items()}
        assert {key: value for key, value in told.items() if key not in own} == {
            key: value for key, value in compose.items() if key not in own
        }
