"""Render the chart without helm or a cluster: objects as JSON, for tests and `helm/checking.py`.

    echo '{"api": {"replicas": 3}}' | build/tools/bin/python helm/rendering.py values-small.yaml

Runs under the tools of `make chart-check`. Ends with 1 and the reason when the chart refuses.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml
from helm_python import HelmError
from helm_python.chart import Chart

CHART = Path(__file__).parent / "billing-saas"
# What the value sets leave to the operator.
IMAGE = {"repository": "registry.example.com/billing-saas", "digest": "sha256:" + "0f" * 32}
NAMED: dict[str, Any] = {"image": IMAGE, "backup": {"image": IMAGE}}


def values(file: str, changes: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = yaml.safe_load((CHART / file).read_text())
    return merged(merged(given, NAMED), changes)


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """As helm lays one values file over another."""
    result = dict(below)
    for key, value in above.items():
        inner = result.get(key)
        both = isinstance(inner, dict) and isinstance(value, dict)
        result[key] = merged(inner, value) if both else value
    return result


def objects(given: dict[str, Any]) -> list[dict[str, Any]]:
    with Chart.load(CHART) as chart:
        chart.validate_schema(given)
        manifests = chart.render(given, name="elm", namespace="billing")
    return [
        parsed
        for path, text in sorted(manifests.items())
        if path.endswith(".yaml")
        for parsed in yaml.safe_load_all(text)
        if parsed
    ]


def main() -> None:
    try:
        print(json.dumps(objects(values(sys.argv[1], json.loads(sys.stdin.read() or "{}")))))
    except HelmError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
