"""What the chart makes, read object by object: the promises an auditor would ask about."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from billing_saas.api.app import create_app
from billing_saas.kit.db import Database
from billing_saas.outbox.jobs import Queue
from billing_saas.workers import main as workers
from tests.chart.conftest import ROOT, Object, Refused, Render

FILES = ["values-small.yaml", "values-production.yaml"]
PODS = {"Deployment", "Job", "CronJob"}


@pytest.fixture(scope="module", params=FILES)
def objects(request: pytest.FixtureRequest, render: Render) -> list[Object]:
    file: str = request.param
    return render(file)


def pod_of(one: Object) -> Object:
    spec: Object = one["spec"]
    if one["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    pod: Object = spec["template"]
    return pod


def pods(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    for one in objects:
        if one["kind"] in PODS:
            yield one["metadata"]["name"], pod_of(one)


def containers(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    for name, pod in pods(objects):
        for container in pod["spec"]["containers"]:
            yield name, container


def named(objects: list[Object], kind: str, ending: str) -> Object:
    (found,) = [
        one
        for one in objects
        if one["kind"] == kind and one["metadata"]["name"].endswith(f"-{ending}")
    ]
    return found


def selects(selector: dict[str, str], pod: Object) -> bool:
    labels: dict[str, str] = pod["metadata"]["labels"]
    return selector.items() <= labels.items()


def test_every_part_is_there(objects: list[Object]) -> None:
    commands = [container["args"] for _, container in containers(objects)]
    first = {" ".join(args[:2]) for args in commands if args[0] in ("serve", "work", "migrate")}
    assert first == {"serve --host", "work --queues", "work --scheduler-only", "migrate"}


def test_every_queue_has_a_worker_and_one_process_has_the_schedule(objects: list[Object]) -> None:
    listened: set[Queue] = set()
    for _, container in containers(objects):
        args = container["args"]
        if args[0] == "work" and "--scheduler-only" not in args:
            assert "--no-schedule" in args
            listened |= workers.queues_named(args[args.index("--queues") + 1])
    assert listened == workers.queues_named("interactive,files,bulk")


def test_every_container_is_bound(objects: list[Object]) -> None:
    for name, container in containers(objects):
        security = container["securityContext"]
        assert security["runAsNonRoot"] is True, name
        assert security["runAsUser"] > 10000, name
        assert security["readOnlyRootFilesystem"] is True, name
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["capabilities"] == {"drop": ["ALL"]}, name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for bound in ("requests", "limits"):
            assert {"cpu", "memory"} == container["resources"][bound].keys(), name
        assert re.fullmatch(r".+@sha256:[0-9a-f]{64}", container["image"]), name


def test_no_pod_has_the_clusters_token_or_the_nodes_files(objects: list[Object]) -> None:
    for name, pod in pods(objects):
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        assert not [volume for volume in spec["volumes"] if "hostPath" in volume], name
        # "Always" would open the key files to the group at every mount; KeyFolder then refuses them.
        assert spec["securityContext"]["fsGroupChangePolicy"] == "OnRootMismatch", name


def test_no_secret_in_plain_text(objects: list[Object]) -> None:
    assert not [one for one in objects if one["kind"] == "Secret"]
    assert "postgresql://" not in json.dumps(objects)
    for name, container in containers(objects):
        for variable in container["env"]:
            assert "valueFrom" not in variable, name
            if variable["name"] in ("BILLING_PUBLIC_URL", "BILLING_PORTAL_URL"):
                continue  # the addresses that everybody knows
            if re.search("URL|PASSWORD|SECRET|TOKEN", variable["name"]):
                assert variable["name"].endswith("_FILE"), variable
                assert variable["value"].startswith("/run/billing/"), variable


def test_only_the_migration_may_change_the_schema(objects: list[Object]) -> None:
    holders = [
        name
        for name, pod in pods(objects)
        if "billing-migrator" in json.dumps(pod["spec"]["volumes"])
    ]
    assert [name.rpartition("-")[2] for name in holders] == ["migration"]


def test_keys_are_never_beside_a_backup(objects: list[Object], render: Render) -> None:
    backup = pod_of(named(objects, "CronJob", "backup"))
    assert "billing-keys" not in json.dumps(backup)
    assert "KEY" not in json.dumps(backup["spec"]["containers"][0]["env"])
    with pytest.raises(Refused, match="keys must never lie beside"):
        render("values-small.yaml", backup={"existingClaim": "billing-keys"})


def test_the_settings_of_every_container_are_ones_we_know(objects: list[Object]) -> None:
    from dataclasses import fields

    from billing_saas.kit.settings import Settings

    # An unknown one would be refused at start.
    known = {f"BILLING_{one.name.upper()}" for one in fields(Settings)}
    for name, container in containers(objects):
        for variable in container["env"]:
            if variable["name"].startswith("BILLING_"):
                either = {variable["name"], variable["name"].removesuffix("_FILE")}
                assert either & known, name


def test_what_is_mounted_is_there(objects: list[Object]) -> None:
    for name, pod in pods(objects):
        volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
        for container in pod["spec"]["containers"]:
            mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
            assert set(mounts) == volumes, name
            for variable in container["env"]:
                if variable["name"].endswith(("_FILE", "_FOLDER")):
                    path = variable["value"]
                    assert any(path.startswith(mount) for mount in mounts.values()), (name, path)


def test_every_service_budget_and_autoscaler_has_something_to_hold(objects: list[Object]) -> None:
    templates = [pod for _, pod in pods(objects)]
    deployments = {one["metadata"]["name"] for one in objects if one["kind"] == "Deployment"}
    services = {one["metadata"]["name"] for one in objects if one["kind"] == "Service"}
    for one in objects:
        name = one["metadata"]["name"]
        if one["kind"] == "Service":
            held = [pod for pod in templates if selects(one["spec"]["selector"], pod)]
            assert len(held) == 1, name
            ports = {port["name"] for port in held[0]["spec"]["containers"][0]["ports"]}
            assert {port["targetPort"] for port in one["spec"]["ports"]} <= ports
        elif one["kind"] == "PodDisruptionBudget":
            selector = one["spec"]["selector"]["matchLabels"]
            assert len([pod for pod in templates if selects(selector, pod)]) == 1, name
        elif one["kind"] == "HorizontalPodAutoscaler":
            assert one["spec"]["scaleTargetRef"]["name"] in deployments
        elif one["kind"] == "Ingress":
            assert one["spec"]["tls"], name
            for rule in one["spec"]["rules"]:
                for path in rule["http"]["paths"]:
                    assert path["backend"]["service"]["name"] in services, name
    assert len({one["metadata"]["name"] for one in objects if one["kind"] == "Deployment"}) >= 3


def test_a_deployment_selects_its_own_pods_and_no_others(objects: list[Object]) -> None:
    for one in objects:
        if one["kind"] == "Deployment":
            selector = one["spec"]["selector"]["matchLabels"]
            assert selects(selector, pod_of(one))
            assert len([1 for _, pod in pods(objects) if selects(selector, pod)]) == 1


def test_nothing_in_and_nothing_out_unless_said(objects: list[Object]) -> None:
    policies = [one for one in objects if one["kind"] == "NetworkPolicy"]
    deny = named(objects, "NetworkPolicy", "deny")["spec"]
    assert sorted(deny["policyTypes"]) == ["Egress", "Ingress"]
    assert not {"ingress", "egress"} & deny.keys()
    for _, pod in pods(objects):
        assert selects(deny["podSelector"]["matchLabels"], pod)
    for policy in policies:
        for rule in [*policy["spec"].get("egress", []), *policy["spec"].get("ingress", [])]:
            peers = rule.get("to") or rule.get("from")
            assert peers, "a rule without peers is open to the world"
            assert all(peer.get("ipBlock", {}).get("cidr") != "0.0.0.0/0" for peer in peers)
            assert rule["ports"]


def test_the_grace_is_longer_than_what_must_fit_into_it(objects: list[Object]) -> None:
    from billing_saas import cli

    for name, container in containers(objects):
        pod = dict(pods(objects))[name]
        grace = pod["spec"].get("terminationGracePeriodSeconds")
        if container["args"][0] == "serve":
            pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
            assert grace > pause + cli.DRAIN_SECONDS
        elif container["args"][0] == "work":
            assert grace > workers.GRACE.total_seconds() + 5


def test_every_long_running_container_is_probed(objects: list[Object]) -> None:
    for one in objects:
        if one["kind"] == "Deployment":
            (container,) = pod_of(one)["spec"]["containers"]
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()
            if container["args"][0] == "work":
                beats = {v["name"]: v.get("value") for v in container["env"]}
                path = beats["BILLING_HEARTBEAT_FILE"]
                assert path in container["livenessProbe"]["exec"]["command"][2]


def test_the_api_host_has_no_portal_and_the_portals_no_api(render: Render) -> None:
    objects = render("values-production.yaml")
    hosts = {}
    for one in objects:
        if one["kind"] == "Ingress":
            (rule,) = one["spec"]["rules"]
            hosts[rule["host"]] = {path["path"] for path in rule["http"]["paths"]}
    # Every page and door of the application is on one of the two, and nothing that is not there.
    served = {"/" + route.path.split("/")[1] for route in create_app(no_database).routes}
    of_patients = {"/portal", "/s"}
    assert hosts == {
        "api.billing.example.com": served - of_patients - {"/live", "/ready"},
        "pay.billing.example.com": {"/", *of_patients},
    }


def no_database() -> Database:
    raise AssertionError("nobody is served")


def test_the_migration_comes_first(objects: list[Object]) -> None:
    job = named(objects, "Job", "migration")["metadata"]["annotations"]
    account = named(objects, "ServiceAccount", "billing-saas")["metadata"]["annotations"]
    assert job["helm.sh/hook"] == account["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert int(account["helm.sh/hook-weight"]) < int(job["helm.sh/hook-weight"])


def test_queue_depth_scales_each_class_by_its_own(render: Render) -> None:
    objects = render("values-production.yaml")
    files = named(objects, "HorizontalPodAutoscaler", "worker-files")["spec"]["metrics"]
    assert [metric["type"] for metric in files] == ["Resource", "External"]
    assert files[1]["external"]["metric"] == {
        "name": "billing_saas_queue_due",
        "selector": {"matchLabels": {"queue": "files"}},
    }


def test_every_part_that_runs_is_scraped_and_only_by_the_watchers(render: Render) -> None:
    assert not [one for one in render(FILES[0]) if one["kind"] == "ServiceMonitor"]
    objects = render(FILES[1])
    (monitor,) = [one for one in objects if one["kind"] == "ServiceMonitor"]
    wanted = monitor["spec"]["selector"]["matchLabels"]
    scraped = [
        one
        for one in objects
        if one["kind"] == "Service" and wanted.items() <= one["metadata"]["labels"].items()
    ]
    deployed = [one for one in objects if one["kind"] == "Deployment"]
    assert len(scraped) == len(deployed) == 5
    assert monitor["spec"]["endpoints"][0]["port"] == "metrics"
    (container,) = pod_of(named(objects, "Deployment", "scheduler"))["spec"]["containers"]
    environment = {one["name"]: one["value"] for one in container["env"]}
    (port,) = container["ports"]
    assert environment["BILLING_METRICS_PORT"] == str(port["containerPort"])
    policy = named(objects, "NetworkPolicy", "metrics-in")["spec"]
    assert policy["ingress"] == [
        {
            "from": [
                {
                    "namespaceSelector": {
                        "matchLabels": {"kubernetes.io/metadata.name": "monitoring"}
                    }
                }
            ],
            "ports": [{"protocol": "TCP", "port": port["containerPort"]}],
        }
    ]
    ports = named(objects, "NetworkPolicy", "api-in")["spec"]["ingress"][0]["ports"]
    assert ports == [{"protocol": "TCP", "port": 8000}]


def test_without_metrics_nothing_listens_for_them(render: Render) -> None:
    objects = render(FILES[0], metrics={"enabled": False})
    assert "METRICS" not in json.dumps(objects)
    assert not [
        one for one in objects if one["metadata"]["name"].endswith(("metrics", "metrics-in"))
    ]
    with pytest.raises(Refused, match=r"serviceMonitor\.enabled needs metrics.enabled"):
        render(FILES[1], metrics={"enabled": False})


def test_every_alarm_asks_figures_that_are_served_and_is_explained(render: Render) -> None:
    from billing_saas.kit import meters

    (made,) = [one for one in render(FILES[1]) if one["kind"] == "PrometheusRule"]
    rules = made["spec"]["groups"][0]["rules"]
    assert len(rules) > 10
    told = (ROOT / "docs" / "operations.md").read_text()
    counted = {
        f"{family.name}{ending}"
        for family in meters.REGISTRY.collect()
        for ending in ("", "_total", "_bucket")
    }
    source = ROOT / "src" / "billing_saas"
    looked = {
        f"billing_saas_{name}"
        for name in re.findall(
            r'"(?:billing_saas_)?([a-z_]+)"',
            (source / "workers" / "watching.py").read_text()
            + (source / "kit" / "meters.py").read_text(),
        )
    }
    for rule in rules:
        for name in re.findall(r"billing_saas_[a-z_]+", rule["expr"]):
            assert name in counted | looked, f"{rule['alert']} asks {name}"
            assert f"`{name.removesuffix('_bucket')}`" in told, f"{name} is not explained"
        assert f"`{rule['alert']}`" in told, f"{rule['alert']} is not explained"
        assert rule["labels"]["severity"] in ("page", "ticket")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"image": {"digest": "latest"}}, "/image/digest"),
        ({"image": {"tag": "v1"}}, "tag"),
        ({"database": {"password": "x"}}, "password"),
        ({"database": {"cidrs": []}}, "/database/cidrs"),
        ({"keys": {"existingClaim": ""}}, "/keys/existingClaim"),
        ({"api": {"graceSeconds": 10}}, "/api/graceSeconds"),
        ({"ingress": {"tlsSecretName": ""}}, "/ingress"),
        ({"workers": {"all": {"queues": ["urgent"]}}}, "/workers/all"),
        ({"colour": "red"}, "colour"),
        ({"backup": {"existingClaim": ""}}, "/backup"),
    ],
)
def test_the_schema_refuses(render: Render, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(Refused, match=re.escape(told)):
        render("values-small.yaml", **changes)


def test_every_value_is_described() -> None:
    path = ROOT / "helm" / "billing-saas" / "values.schema.json"
    bare = list(_undescribed(json.loads(path.read_text()), ""))
    assert bare == []


def _undescribed(schema: dict[str, Any], place: str) -> Iterator[str]:
    for name, inner in schema.get("properties", {}).items():
        if len(inner.get("description", "")) < 5:
            yield f"{place}/{name}"
        yield from _undescribed(inner, f"{place}/{name}")
    for inner in [
        *schema.get("oneOf", []),
        schema.get("items"),
        schema.get("additionalProperties"),
    ]:
        if isinstance(inner, dict):
            yield from _undescribed(inner, f"{place}/*")


def test_keys_lie_in_a_folder_or_with_a_provider(render: Render) -> None:
    provider = "awskms://us-east-1/alias/billing"
    made = render("values-production.yaml", keys={"provider": provider, "existingClaim": ""})
    for name, pod in pods(made):
        if "backup" in name:
            continue
        assert "keys" not in {volume["name"] for volume in pod["spec"]["volumes"]}, name
        (container,) = pod["spec"]["containers"]
        given = {one["name"]: one.get("value") for one in container["env"]}
        assert given["BILLING_KEYS"] == provider, name
        assert "BILLING_KEY_FOLDER" not in given, name
    for neither_or_both in ({"existingClaim": ""}, {"provider": provider}):
        with pytest.raises(Refused, match="keys"):
            render("values-production.yaml", keys=neither_or_both)


def test_stores_and_letters_are_named_and_within_reach(render: Render) -> None:
    """Addresses of buckets are no secrets; whoever may enter them is the account or a file."""
    made = render(
        "values-production.yaml",
        cloud={"credentialsSecretName": "stores", "cidrs": ["10.0.7.0/24"]},
        mail={"secretName": "letters", "from": "us@example.test", "cidrs": ["10.0.8.0/24"]},
        rateLimits={"secretName": "counts", "cidrs": ["10.0.9.0/24"]},
        texts={"secretName": "words", "account": "AC1", "cidrs": ["10.0.10.0/24"]},
    )
    for name, pod in pods(made):
        if "backup" in name:
            continue
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        (container,) = pod["spec"]["containers"]
        given = {one["name"]: one.get("value") for one in container["env"]}
        mounted = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
        for volume, secret, variable in (
            ("cloud", "stores", "AWS_SHARED_CREDENTIALS_FILE"),
            ("mail", "letters", "BILLING_MAIL_FILE"),
            ("texts", "words", "BILLING_TEXTS_TOKEN_FILE"),
            ("rates", "counts", "BILLING_RATE_LIMIT_URL_FILE"),
        ):
            assert volumes[volume]["secret"]["secretName"] == secret, name
            assert given[variable].startswith(mounted[volume]), name
        assert given["BILLING_BLOBS"].startswith("s3://"), name
        assert given["BILLING_AUDIT_ANCHOR"].startswith("s3://"), name
    reach = json.dumps(named(made, "NetworkPolicy", "out"))
    for network in ("10.0.7.0/24", "10.0.8.0/24", "10.0.9.0/24", "10.0.10.0/24"):
        assert network in reach


def test_only_the_scheduler_seals(objects: list[Object]) -> None:
    holders = [
        name
        for name, pod in pods(objects)
        if "billing-sealer" in json.dumps(pod["spec"]["volumes"])
    ]
    assert [name.rpartition("-")[2] for name in holders] == ["scheduler"]


def test_an_external_broker_is_a_secret_by_name_and_within_reach(render: Render) -> None:
    broker = {"secretName": "bells", "authorityConfigMap": "bells-ca", "cidrs": ["10.0.9.0/24"]}
    made = render("values-production.yaml", broker=broker)
    for name, pod in pods(made):
        if "backup" in name or "migrat" in name:
            continue
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        assert volumes["broker"]["secret"]["secretName"] == "bells", name
        assert volumes["broker-authority"]["configMap"]["name"] == "bells-ca", name
        (container,) = pod["spec"]["containers"]
        given = {one["name"]: one.get("value") for one in container["env"]}
        assert given["BILLING_BROKER_URL_FILE"] == "/run/billing/broker/broker-url"
        assert "BILLING_BROKER_URL" not in given
    ports = [
        (block["ipBlock"]["cidr"], port["port"])
        for rule in named(made, "NetworkPolicy", "out")["spec"]["egress"]
        for block in rule["to"]
        if "ipBlock" in block
        for port in rule["ports"]
    ]
    assert ("10.0.9.0/24", 6379) in ports
