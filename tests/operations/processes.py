"""Parts of the work as processes of their own, for `tests.chaos.Worker`."""

import dataclasses
from datetime import timedelta
from pathlib import Path

from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit import settings
from billing_saas.kit.db import Urls
from billing_saas.workers import main
from billing_saas.workers.main import Part
from tests.chaos import LEASE


def work_a_part(part: Part, heartbeat: Path, urls: Urls, keys: KeyFolder) -> None:
    configured = dataclasses.replace(settings.load(), heartbeat_file=heartbeat)
    grace = timedelta(seconds=2)
    main.serve(
        configured,
        urls,
        keys,
        threads=main.threads_named("2"),
        part=part,
        lease=LEASE,
        grace=grace,
    )
