"""`billing-saas`: serve, work, migrate, provision, and show what the product does."""

import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import click

from billing_saas import __version__
from billing_saas.cli_audit import audit
from billing_saas.cli_edi import edi
from billing_saas.cli_jobs import jobs
from billing_saas.cli_messages import messages
from billing_saas.cli_phi import phi
from billing_saas.cli_terminal import OPERATOR, plainly, read_settings, with_database
from billing_saas.gateways import key_provider
from billing_saas.identity.rules import PERMISSIONS
from billing_saas.kit import inspecting, safety, settings
from billing_saas.kit.db import Database
from billing_saas.kit.migrating import migrate as migrate_database
from billing_saas.kit.safety import Finding
from billing_saas.kit.settings import BadSettings, Settings
from billing_saas.kit.standing import refuse_unsafe, standing, urls_of, wait_for

# How long requests in flight may go on after SIGTERM. The chart's grace period is longer.
DRAIN_SECONDS = 30


@click.group()
@click.version_option(__version__, prog_name="billing-saas")
def main() -> None:
    """A multi-tenant back office for outsourced medical billing."""


main.add_command(audit)
main.add_command(edi)
main.add_command(jobs)
main.add_command(messages)
main.add_command(phi)


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema, and make what a deployment needs once."""
    from billing_saas.tenants import provisioning

    with plainly():
        configured = read_settings()
        if not configured.embedded:
            _migrate_operators(configured)
        with standing(configured) as urls:
            refuse_unsafe(configured, lambda: inspecting.findings(urls))
            with_database(configured, urls, provisioning.initialise)
    click.echo("The schema is the newest.")


def _migrate_operators(configured: Settings) -> None:
    url = configured.migrator_database_url
    if not url:
        raise BadSettings(["BILLING_MIGRATOR_DATABASE_URL: needed to migrate"])
    wait_for(url, configured.database_patience, schema=False)
    refuse_unsafe(configured, lambda: inspecting.migrator_findings(url))
    migrate_database(url)


@main.command()
def doctor() -> None:
    """Look for whatever production would refuse, and say how to mend each. Ends with 1 on a fault."""
    with plainly():
        configured = settings.read(os.environ)
    found = settings.production_findings(configured, os.environ, safety.importable)
    if not configured.embedded:
        found += inspecting.findings(urls_of(configured))
        if configured.migrator_database_url:
            found += inspecting.migrator_findings(configured.migrator_database_url)
        found += _trail_findings(configured)
    for finding in found:
        wrong = "FAULT" if finding.is_refused else "warn"
        click.echo(f"[{wrong if finding.faults else 'ok'}] {finding.check}")
        for fault in finding.faults:
            click.echo(f"    {fault}")
        if finding.faults:
            click.echo(f"    Mend: {finding.mend}")
    faults = sum(len(finding.faults) for finding in found if finding.is_refused)
    if faults:
        raise click.ClickException(f"{faults} found; production refuses to start.")
    click.echo("Nothing that production would refuse.")


def _trail_findings(configured: Settings) -> Sequence[Finding]:
    from sqlalchemy.exc import SQLAlchemyError

    from billing_saas.seals import inspecting as seals

    async def look(database: Database) -> Sequence[Finding]:
        async with database.platform() as db:
            return await seals.findings(
                db,
                seals_here=bool(configured.sealer_database_url),
                anchor=configured.audit_anchor,
            )

    try:
        return with_database(configured, urls_of(configured), look)
    except (OSError, SQLAlchemyError):
        return []  # that the database does not answer, or has no schema, was found before


@main.command()
@click.option("--host", default=None, help="Address to listen on.")
@click.option("--port", type=int, default=None, help="Port to listen on.")
@click.option("--with-worker", is_flag=True, help="Run a worker beside it, for development.")
def serve(host: str | None, port: int | None, with_worker: bool) -> None:
    """Serve the API and its documentation page (/docs)."""
    from granian import Granian
    from granian.constants import Interfaces

    from billing_saas.tenants import provisioning

    with plainly():
        configured = read_settings()
        with standing(configured) as urls:
            refuse_unsafe(configured, lambda: inspecting.findings(urls))
            with_database(configured, urls, provisioning.initialise)
            server = Granian(
                "billing_saas.api.serving:from_environment",
                factory=True,
                interface=Interfaces.ASGI,
                address=host or configured.host,
                port=port or configured.port,
                workers=configured.processes,
                log_enabled=False,
                log_access=False,
                workers_kill_timeout=DRAIN_SECONDS,
            )
            worker = _start_worker(configured) if with_worker else None
            try:
                server.serve()
            finally:
                if worker is not None:
                    worker.send_signal(signal.SIGTERM)
                    worker.wait(timeout=60)


def _start_worker(configured: Settings) -> subprocess.Popen[bytes]:
    environment = dict(os.environ)
    if configured.metrics_port:
        # After those of the server's processes.
        environment["BILLING_METRICS_PORT"] = str(configured.metrics_port + configured.processes)
    # A session of its own: Ctrl-C is for the server, which then stops its worker in good order.
    return subprocess.Popen(
        [sys.executable, "-m", "billing_saas.cli", "work"], env=environment, start_new_session=True
    )


@main.command()
@click.option(
    "--threads",
    default="interactive=4,files=3,bulk=1",
    show_default=True,
    help="Jobs at a time, by queue; one number is for each queue.",
)
@click.option("--queues", default="", help="Only jobs of these, such as interactive,files.")
@click.option("--no-schedule", is_flag=True, help="Leave the schedule to another process.")
@click.option("--scheduler-only", is_flag=True, help="Relay and schedule, and run no job.")
def work(threads: str, queues: str, no_schedule: bool, scheduler_only: bool) -> None:
    """Run jobs: relay, schedule and worker threads in one process, or a part of it."""
    from billing_saas.gateways.counted_keys import CountedKeys
    from billing_saas.workers import main as workers

    if scheduler_only and (no_schedule or queues):
        raise click.UsageError("--scheduler-only goes with neither --no-schedule nor --queues")
    with plainly():
        part = workers.Part(
            queues=workers.queues_named(queues), schedule=not no_schedule, jobs=not scheduler_only
        )
        at_a_time = workers.threads_named(threads)
        configured = read_settings()
        with standing(configured, migrated=False) as urls:
            refuse_unsafe(configured, lambda: inspecting.findings(urls))
            keys = CountedKeys(key_provider.opened(configured.key_provider))
            workers.serve(configured, urls, keys, threads=at_a_time, part=part)


@main.group()
def tenant() -> None:
    """Billing companies, their practices and people."""


@tenant.command("add-company")
@click.argument("name")
def add_company(name: str) -> None:
    """Make a billing company; prints its id."""
    from billing_saas.tenants import provisioning

    with plainly():
        configured = read_settings()
        with standing(configured) as urls:

            async def add(database: Database) -> UUID:
                await provisioning.initialise(database)
                return await provisioning.add_company(database, name)

            click.echo(with_database(configured, urls, add))


@tenant.command("add-practice")
@click.argument("company", type=click.UUID)
@click.option("--name", required=True)
@click.option("--npi", required=True, help="Ten digits.")
@click.option("--tax-id", required=True, help="Nine digits.")
@click.option("--time-zone", required=True, help="Such as America/New_York.")
@click.option("--agreement-signed-on", required=True, type=click.DateTime(["%Y-%m-%d"]))
@click.option("--agreement-signed-by", required=True)
def add_practice(
    company: UUID,
    name: str,
    npi: str,
    tax_id: str,
    time_zone: str,
    agreement_signed_on: datetime,
    agreement_signed_by: str,
) -> None:
    """Provision a practice with its keys and its book; prints its id."""
    from billing_saas.ledger import journal
    from billing_saas.tenants import provisioning

    new = provisioning.NewPractice(
        name=name,
        npi=npi,
        tax_id=tax_id,
        time_zone=time_zone,
        agreement_signed_on=agreement_signed_on.date(),
        agreement_signed_by=agreement_signed_by,
    )
    with plainly():
        configured = read_settings()
        with standing(configured) as urls:
            click.echo(
                with_database(
                    configured,
                    urls,
                    lambda database: provisioning.add_practice(
                        database, OPERATOR, company, new, journal.open_book
                    ),
                )
            )


@tenant.command("add-person")
@click.argument("practice", type=click.UUID)
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(sorted(PERMISSIONS))
)
@click.option(
    "--days", type=click.IntRange(min=1), default=90, help="How long the token is good for."
)
def add_person(practice: UUID, email: str, name: str, roles: tuple[str, ...], days: int) -> None:
    """Make a person with roles in a practice; prints a bearer token, this once."""
    from billing_saas.identity import enrolling
    from billing_saas.tenants.errors import PracticeNotFound
    from billing_saas.tenants.tables import Practice

    async def add(database: Database) -> str:
        async with database.platform() as platform:
            if await platform.get(Practice, practice) is None:
                raise PracticeNotFound("There is no such practice.")
            user_id = await enrolling.add_user(platform, email=email, display_name=name)
            await enrolling.grant(platform, user_id, practice, roles, by=None)
            return await enrolling.issue_token(
                platform, user_id, name="command line", good_for=timedelta(days=days)
            )

    with plainly():
        configured = read_settings()
        with standing(configured) as urls:
            click.echo(with_database(configured, urls, add))


@tenant.command("add-admin")
@click.argument("company", type=click.UUID)
@click.option("--email", required=True)
@click.option("--name", required=True)
def add_admin(company: UUID, email: str, name: str) -> None:
    """Make the first administrator of a billing company; prints a link that sets a password, once."""
    from billing_saas.identity import enrolling

    async def add(database: Database) -> None:
        async with database.platform() as platform:
            user_id = await enrolling.add_user(platform, email=email, display_name=name)
            await enrolling.grant_company(platform, user_id, company, "company_admin", by=None)

    _print_password_link(email, add)


@tenant.command("password-link")
@click.argument("email")
def password_link(email: str) -> None:
    """Print a link that sets a person's password, once, within a day: it opens their account."""
    _print_password_link(email, None)


def _print_password_link(email: str, first: Callable[[Database], Awaitable[None]] | None) -> None:
    from billing_saas.identity import enrolling
    from billing_saas.signin import recovering
    from billing_saas.signin.errors import PersonNotFound

    async def make(database: Database) -> str:
        if first is not None:
            await first(database)
        async with database.platform() as platform:
            user_id = await enrolling.known_user(platform, email)
            if user_id is None:
                raise PersonNotFound("Nobody has this address.")
            return await recovering.make_link(platform, user_id)

    with plainly():
        configured = read_settings()
        with standing(configured) as urls:
            click.echo(f"{configured.site}/password/{with_database(configured, urls, make)}")


@main.command()
@click.option("--check", is_flag=True, help="Only say whether openapi/openapi.json is true.")
def openapi(check: bool) -> None:
    """Write the API's contract to openapi/openapi.json."""
    from billing_saas.api.contract import contract

    path = Path("openapi/openapi.json")
    text = contract()
    if not check:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    elif not path.exists() or path.read_text() != text:
        raise click.ClickException(f"{path} is not what the application serves: `make openapi`.")


@main.command()
def demo() -> None:
    """Show the main job on real files, with the embedded PostgreSQL."""
    try:
        from billing_saas.demo import steps
    except ModuleNotFoundError as error:
        if error.name != "billing_sandbox":
            raise
        raise click.ClickException("The demo needs the sandbox: run it in a checkout.") from None

    with plainly():
        sys.exit(steps.run(_demo_settings(), serve=os.environ.get("DEMO_SERVE") != "0"))


@main.command("clean-demo")
def clean_demo() -> None:
    """Remove what the demo left behind: its database and its keys."""
    import shutil

    with plainly():
        folder = _demo_settings().data
    if not folder.exists():
        click.echo(f"Nothing stands in {folder}.")
        return
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise click.ClickException(f"{folder} could not be removed: {error.strerror}.") from error
    click.echo(f"Removed {folder}.")


def _demo_settings() -> Settings:
    """The demo has a folder of its own: it never touches a deployment's data."""
    from dataclasses import replace

    configured = read_settings()
    if not configured.embedded:
        raise click.ClickException("The demo runs on the embedded PostgreSQL only.")
    return replace(configured, data=configured.data / "demo", log_level="ERROR")


if __name__ == "__main__":
    main()
