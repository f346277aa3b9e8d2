"""`make chart-check`: the Dockerfile linted; each value set rendered, linted and checked strictly.

Runs under build/tools and needs no network, no docker and no cluster.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import rendering
import yaml
from helm_python import chart

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "chart"
TOOLS = Path(sys.executable).parent
# The oldest the chart says it runs on, and the newest that the validator knows.
KUBERNETES = ("1.29", "1.37")
EVERYTHING: dict[str, Any] = {
    "broker": {
        "secretName": "billing-broker",
        "authorityConfigMap": "billing-broker-authority",
        "cidrs": ["10.0.1.0/24"],
    },
    "settings": {"pooler": "transaction", "tracing": "http://collector.monitoring:4318/v1/traces"},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
    "workers": {"files": {"autoscaling": {"queueDepth": 50}}},
    "networkPolicy": {
        "extraEgress": [{"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"port": 22}]}]
    },
}
SETS: dict[str, tuple[str, dict[str, Any]]] = {
    "small": ("values-small.yaml", {}),
    "production": ("values-production.yaml", {}),
    "everything": ("values-production.yaml", EVERYTHING),
}
# Kinds of other people's operators, which the validator has no schema for.
FOREIGN = {"PrometheusRule", "ServiceMonitor"}


def main() -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    faults = _hadolint()
    for name, (file, changes) in SETS.items():
        given = rendering.values(file, changes)
        faults += [f"{name}: {fault}" for fault in _lint(given)]
        objects = rendering.objects(given)
        faults += [f"{name}: {fault}" for fault in _validate(objects)]
        manifest = BUILD / f"{name}.yaml"
        manifest.write_text(yaml.safe_dump_all(objects))
        faults += [f"{name}: {fault}" for fault in _checkov(manifest, "kubernetes")]
        print(f"chart, {name}: {len(objects)} objects")
    faults += _checkov(ROOT / "Dockerfile", "dockerfile")
    if faults:
        sys.exit("\n".join(faults))
    print("chart and image: nothing to complain about")


def _hadolint() -> list[str]:
    ran = subprocess.run(
        [TOOLS / "hadolint", "--no-color", "--failure-threshold", "info", ROOT / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    return [] if ran.returncode == 0 else [f"hadolint: {ran.stdout}{ran.stderr}"]


def _lint(given: dict[str, Any]) -> list[str]:
    report = chart.lint(rendering.CHART, given, strict=True)
    return [*report["errors"], *(one["error"] for one in report["messages"] if one["severity"] > 1)]


def _validate(objects: list[dict[str, Any]]) -> list[str]:
    faults = []
    for one in objects:
        if one["kind"] in FOREIGN:
            continue
        for version in KUBERNETES:
            try:
                kubernetes_validate.validate(one, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                faults.append(f"{one['kind']} {one['metadata']['name']}, {version}: {error}")
    return faults


def _checkov(path: Path, framework: str) -> list[str]:
    ran = subprocess.run(
        [
            *(TOOLS / "checkov", "--file", path, "--framework", framework),
            *("--skip-download", "--quiet", "--compact", "--output", "json"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        report = json.loads(ran.stdout)
        report = report[0] if isinstance(report, list) else report
        failed, passed = report["results"]["failed_checks"], report["summary"]["passed"]
    except (json.JSONDecodeError, KeyError, IndexError):
        return [f"checkov: {ran.stdout[-500:]}{ran.stderr[-500:]}"]
    if not passed:
        return [f"checkov looked at nothing in {path.name}"]
    return [f"checkov: {one['check_id']} {one['check_name']}: {one['resource']}" for one in failed]


if __name__ == "__main__":
    main()
