"""Rules of the house (decision 0001) that are about names, shapes and sizes rather than imports.

A file that is let off stands in a list here, with the reason.
"""

import ast
import re

from tests.architecture.source import Check, File, called, classes, dotted, imported, nodes

# Names that never say no to anything.
_ANYTHING = {
    *("service", "services", "utils", "util", "helpers", "helper", "manager", "managers"),
    *("common", "base", "misc", "core", "lib", "shared", "stuff", "handlers", "models", "views"),
}

# Sessions of the platform: what they reach belongs to no practice, or to all.
PLATFORM = {
    "billing_saas.kit.db": "makes them",
    "billing_saas.audit.macs": "makes the key of the row MAC, which outlives every practice",
    "billing_saas.audit.trail": "tells what the platform did, in the log of whom it concerns",
    "billing_saas.seals.signing": "makes the key that signs the heads of all logs",
    "billing_saas.seals.inspecting": "asks how far sealing is, for the doctor",
    "billing_saas.seals.sealing": "tells those who watch how far sealing lags, over all logs",
    "billing_saas.tenants.provisioning": "sets practices up",
    "billing_saas.tenants.queries": "finds the practice that a payer means",
    "billing_saas.clients.presenting": "looks machines up, before there is a practice",
    "billing_saas.clients.leaking": "ends what was shown in public, whose-ever it is",
    "billing_saas.clients.forgetting": "removes tokens that ran out, of all practices",
    "billing_saas.custody.rotating": "asks whose keys are worn, and reads no key",
    "billing_saas.federation.answering": "judges a provider's answer, before there is a practice",
    "billing_saas.federation.leaving": "asks which provider let somebody in",
    "billing_saas.federation.linking": "finds whom a provider vouches for",
    "billing_saas.federation.providers": "keeps the providers of companies and practices",
    "billing_saas.federation.starting": "remembers who was sent to a provider",
    "billing_saas.identity.enrolling": "makes people known and gives roles",
    "billing_saas.identity.signing_in": "looks up who stands at the door, before there is a practice",
    "billing_saas.mail.posting": "writes to people, who belong to no practice",
    "billing_saas.mail.sending": "sends what was written to them",
    "billing_saas.signin.administering": "asks whose people somebody looks after",
    "billing_saas.signin.clearing": "removes what is old, of all people",
    "billing_saas.signin.credentials": "keeps passwords, before there is a practice",
    "billing_saas.signin.entering": "lets people in, before there is a practice",
    "billing_saas.signin.factors": "keeps the second factors of people",
    "billing_saas.signin.passkeys": "keeps the passkeys of people",
    "billing_saas.emergencies.telling": "writes to the admins of practices entered in an emergency",
    "billing_saas.signin.policies": "keeps how long a company's people stay signed in",
    "billing_saas.signin.recovering": "gives people a way back",
    "billing_saas.signin.recovery_codes": "keeps the recovery codes of people",
    "billing_saas.signin.sessions": "keeps the sessions of people, who work in many practices",
    "billing_saas.signin.totp": "keeps the authenticator apps of people",
    "billing_saas.vault.keys": "makes the key of the platform's own secrets",
    "billing_saas.vault.sealing": "seals the platform's own secrets",
    "billing_saas.tenants.agreements": "records agreements of one company, narrowed to it",
    "billing_saas.members.inviting": "finds an invitation before it knows whose it is",
    "billing_saas.outbox.leasing": "claims jobs of all practices",
    "billing_saas.outbox.dead_letters": "the operator's look at those of all practices",
    "billing_saas.outbox.purging": "removes what is done, of all practices",
    "billing_saas.outbox.queries": "watches the backlog of all practices",
    "billing_saas.outbox.queue": "owes the platform's own jobs, and those of a schedule",
    "billing_saas.reports.queries": "counts broken invariants over all practices",
    "billing_saas.processor_events.handling": "finds whose account an event tells of",
    "billing_saas.processor_events.sweeping": "asks which practices have a silent payment, no more",
    "billing_saas.requests.keys": "makes and reads the key of requests, before there is a practice",
    "billing_saas.requests.buckets": "counts requests of whom no practice is known yet",
    "billing_saas.requests.forgetting": "forgets requests of all practices",
    "billing_saas.workers.claiming": "claims jobs of all practices, many to a statement",
    "billing_saas.workers.registry": "gives the platform's own jobs their session",
    "billing_saas.workers.relay": "rings for jobs of all practices",
    "billing_saas.workers.running": "claims a job before it knows the practice",
    "billing_saas.workers.schedule": "answers the clock once for all practices",
    "billing_saas.workers.watching": "counts what waits, over all practices",
    "billing_saas.api.oauth.tokens": "looks a client up, before there is a practice",
    "billing_saas.api.leaks": "ends what was shown in a URL, whose-ever it is",
    "billing_saas.api.deps": "asks whose company a practice is, before its people are changed",
    "billing_saas.api.health": "asks whether the database is there (/ready)",
    "billing_saas.api.console.account": "a person's own sessions and factors",
    "billing_saas.api.console.enrollment": "a person's own second factors",
    "billing_saas.api.console.home": "who lands, before their practices are asked",
    "billing_saas.api.console.passwords": "a person's own password, before they are anybody",
    "billing_saas.api.console.sign_in": "the way in, before there is a practice",
    "billing_saas.api.console.visiting": "looks up who visits, before there is a practice",
    "billing_saas.api.portal.visiting": "looks a patient's session up, before there is a practice",
    "billing_saas.portal_office.forgetting": "removes links and sessions that ran out, of all practices",
    "billing_saas.portal_office.reissuing": "looks an old link up, before there is a practice",
    "billing_saas.portal.entering": "looks a link up, before there is a practice",
    "billing_saas.api.staff.sessions": "sessions of people, who work in many practices",
    "billing_saas.signin.listing": "sessions of people, who work in many practices",
    "billing_saas.api.cookies": "looks the session up, before there is a practice",
    "billing_saas.api.door": "looks the token up, before there is a practice",
    "billing_saas.cli": "the operator's commands",
    "billing_saas.carriage.knocking": "finds whose message a carrier tells of",
    "billing_saas.carriage.numbering": "gives a practice its number, in the operator's name",
    "billing_saas.carriage.routing": "looks a message's word up, before there is a practice",
    "billing_saas.cli_messages": "the operator's commands on numbers of practices",
    "billing_saas.cli_phi": "the operator's commands on sealed cells, over all practices",
    "billing_saas.cli_jobs": "the operator's commands on jobs",
    "billing_saas.demo.cast": "plays the operator",
}

# Connections of one's own, past the sessions.
CONNECTIONS = {
    "billing_saas.kit.db": "makes the engines",
    "billing_saas.kit.embedded": "makes the cluster and its roles",
    "billing_saas.kit.inspecting": "looks at the roles and tables before anything is served",
    "billing_saas.kit.standing": "waits for the database and its roles, before there are engines",
    "billing_saas.workers.relay": "listens for the doorbell",
    "billing_saas.demo.proofs": "shows what the database refuses",
    "billing_saas.demo.steps": "makes the demo's own database",
}

LONG_FILES = {
    "billing_saas.api.contract_examples": "one table: a value for every field of the contract",
    "billing_saas.edi.guides.dictionary": "a table: the data elements and segments of the standard",
    "billing_saas.gateways.stripe": "the one file that imports Stripe's library",
    "billing_saas.remittances.rules": "one table of what each adjustment does to the books",
}
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 70
MOST_FILES = 14  # about twelve; then it is two rooms
LARGE_ROOMS = {
    "api": "one file per list",
    "edi": "one format per file",
    "gateways": "one vendor's protocol per file",
    "kit": "one tool per file",
    "signin": "one kind of proof per file; each is an act of its own, and none is long",
    "plans": "what is agreed to, its words and its paper are files of their own, and none is long",
    "stripe": "the sandbox's: one of Stripe's resources per file",
    "remittances": "to be split when it next grows: reading and matching are a room of their own",
}
# A quantity is no money, and JSON knows no other number with a fraction.
FRACTIONS = {"billing_saas.edi.showing"}
# A context that frames an act reads as a word of the language (rule 6 of the architecture).
WORDS = {"handling"}

# Rooms that count or carry money: whole cents, and no division that is not meant to be whole.
MONEY = {
    *(
        "ledger",
        "remittances",
        "claims",
        "encounters",
        "edi",
        "kept_cards",
        "payments",
        "settlements",
        "statement_runs",
        "statements",
        "estimates",
    ),
    *("desk", "plans"),
    *("denials", "service_fees", "coverage", "imports", "money"),
}


def names(files: list[File]) -> list[str]:
    return [
        f"{file.name}: a file or folder called {part} never says no"
        for file in files
        for part in file.name.split(".")
        if part in _ANYTHING
    ]


def rooms(files: list[File]) -> list[str]:
    """A room says what it owns, re-exports nothing, and is not too large."""
    found = []
    per_room: dict[str, int] = {}
    for file in files:
        if file.stem != "__init__":
            per_room[file.room] = per_room.get(file.room, 0) + 1
            continue
        if not ast.get_docstring(file.tree):
            found.append(f"{file.name}: __init__.py does not say what the room owns")
        for node, module, name in imported(file):
            found.append(file.at(node, f"re-exports {name or module}"))
    for room, count in per_room.items():
        if count > MOST_FILES and room not in LARGE_ROOMS and not room.startswith("billing_"):
            found.append(f"{room} has {count} files: split the room")
    return found


def kinds(files: list[File]) -> list[str]:
    """Rows in tables.py, pure functions in rules.py, jobs in jobs.py, errors in errors.py."""
    found = []
    for file in files:
        if not file.name.startswith("billing_saas.") or file.room in ("api", "edi", "kit"):
            continue
        for node, bases in classes(file):
            if "Row" in bases and file.stem != "tables":
                found.append(file.at(node, f"{node.name} is a row outside tables.py"))
            if "Job" in bases and file.stem != "jobs":
                found.append(file.at(node, f"{node.name} is a job outside jobs.py"))
            if {"NotFound", "Conflict", "Refused", "Invalid"} & {*bases} and file.stem != "errors":
                found.append(file.at(node, f"{node.name} is an error outside errors.py"))
        if file.is_rules:
            found += _impurities(file)
        if file.stem in ("tables", "errors", "jobs") and file.name != "billing_saas.outbox.jobs":
            for top in file.tree.body:
                if isinstance(top, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    found.append(file.at(top, f"{top.name} acts in {file.stem}.py"))
    return found


def _impurities(file: File) -> list[str]:
    found = [
        file.at(node, "waits in rules") for node in nodes(file, ast.AsyncFunctionDef, ast.Await)
    ]
    for node, module, name in imported(file):
        whole = f"{module}.{name}"
        if re.match(r"(sqlalchemy|asyncpg|psycopg|httpx|socket)\b", whole) or whole.startswith(
            ("billing_saas.kit.db", "billing_saas.kit.clock")
        ):
            found.append(file.at(node, f"knows {whole}: rules are pure"))
    return found


def clocks(files: list[File]) -> list[str]:
    """One place knows the time, one place makes ids."""
    found = []
    for file in files:
        if file.name in ("billing_saas.kit.clock", "billing_saas.kit.ids"):
            continue
        for node in nodes(file, ast.Call):
            name = called(node)
            if re.search(r"(^|\.)(datetime|date)\.(now|utcnow|today)$|^time\.time(_ns)?$", name):
                found.append(file.at(node, f"{name}: ask kit.clock"))
            if re.search(r"(^|\.)uuid[13-8]$", name):
                found.append(file.at(node, f"{name}: ask kit.ids"))
    return found


def money(files: list[File]) -> list[str]:
    """No float can come near an amount: none written, none made, none by a division."""
    found = []
    for file in files:
        if not file.name.startswith("billing_saas.") or not {file.room, file.stem} & MONEY:
            continue
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                found.append(file.at(node, f"the float {node.value}"))
            if isinstance(node, ast.Name) and node.id == "float" and file.name not in FRACTIONS:
                found.append(file.at(node, "float"))
            if isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div):
                found.append(file.at(node, "a division that makes a float"))
            if isinstance(node, ast.Call) and called(node) == "round":
                found.append(file.at(node, "rounding"))
    return found


def relationships(files: list[File]) -> list[str]:
    """Inside one room, never loaded by the way."""
    found = []
    for file in files:
        own = {node.name for node, _ in classes(file)}
        for node in nodes(file, ast.Call):
            if not isinstance(node, ast.Call) or called(node).rpartition(".")[2] != "relationship":
                continue
            lazy = [k.value for k in node.keywords if k.arg == "lazy"]
            if file.stem != "tables":
                found.append(file.at(node, "a relationship outside tables.py"))
            if not lazy or not isinstance(lazy[0], ast.Constant) or lazy[0].value != "raise":
                found.append(file.at(node, 'a relationship without lazy="raise"'))
            target = node.args[0] if node.args else None
            name = str(target.value) if isinstance(target, ast.Constant) else dotted(target or node)
            if name not in own:
                found.append(file.at(node, f"a relationship to {name or 'a row'} of another room"))
    return found


def sizes(files: list[File]) -> list[str]:
    found = []
    for file in files:
        lines = file.text.count("\n")
        if lines > MOST_LINES and file.name not in LONG_FILES:
            found.append(f"{file.name} has {lines} lines")
        for node in nodes(file, ast.FunctionDef, ast.AsyncFunctionDef):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MOST_LINES_OF_A_FUNCTION:
                found.append(file.at(node, f"{node.name} has {length} lines"))
    return found


_PLATFORM_CALLS = (".platform", ".glance")


def platform_sessions(files: list[File]) -> list[str]:
    """A session past the practices, only where there is none yet or all are meant."""
    used: dict[str, str] = {}
    for file in files:
        for node in ast.walk(file.tree):
            by_name = isinstance(node, ast.Name) and node.id == "PlatformSession"
            by_call = isinstance(node, ast.Call) and called(node).endswith(_PLATFORM_CALLS)
            if by_name or by_call:
                used.setdefault(file.name, file.at(node, "uses the platform's session"))
    return [what for name, what in used.items() if name not in PLATFORM]


def sessions(files: list[File]) -> list[str]:
    """No other way to a row, and one transaction at the edge: acts never commit."""
    found = []
    for file in files:
        if not file.name.startswith("billing_saas."):
            continue
        for node in nodes(file, ast.Call):
            name = called(node)
            opens = r"(^|\.)create_(async_)?(engine|pool)$|^(psycopg|asyncpg)\.connect$"
            if re.search(opens, name) and file.name not in CONNECTIONS:
                found.append(file.at(node, f"{name}: a way around the sessions"))
            if re.search(r"(db|session|platform)\.(commit|rollback)$", name):
                found.append(file.at(node, f"{name}: acts never end the transaction"))
    return found


def leaky_predicates(files: list[File]) -> list[str]:
    """Operators that are not leakproof keep an index from being used below a policy (decision 0003)."""
    found = []
    for file in files:
        if not file.name.startswith("billing_saas.") or file.room in ("kit", "edi", "demo"):
            continue
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                operator = re.search(r"\bI?LIKE\b|@>|<@|->>?|\bSIMILAR TO\b", node.value)
                is_sql = re.search(r"\b(SELECT|UPDATE|DELETE|WHERE)\b", node.value)
                if operator and is_sql:
                    found.append(file.at(node, f"asks by {operator[0]}"))
            if isinstance(node, ast.Call) and re.search(
                r"\.(i?like|astext|has_key|regexp_match|icontains|istartswith)$", called(node)
            ):
                found.append(file.at(node, f"asks by {called(node).rpartition('.')[2]}"))
    return found


def imported_acts(files: list[File]) -> list[str]:
    """Import the module of an act, not the act: the call then says where it happens."""
    found = []
    for file in files:
        for node, module, name in imported(file):
            parts = module.split(".")
            is_act = parts[0] == "billing_saas" and len(parts) == 3 and parts[2] != "rules"
            if not is_act or parts[1] in ("api", "edi", "kit", file.room) or name in WORDS:
                continue
            if re.match(r"[a-z]", name):
                found.append(file.at(node, f"imports the act {name}, not its module {module}"))
    return found


CHECKS: tuple[Check, ...] = (
    *(names, rooms, kinds, clocks, money, relationships, sizes, platform_sessions, sessions),
    *(leaky_predicates, imported_acts),
)
