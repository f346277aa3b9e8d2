"""Every room's tables, imported once: the one list alembic reads."""

import billing_saas.agencies.tables
import billing_saas.audit.tables
import billing_saas.blobs.tables
import billing_saas.circumstances.tables
import billing_saas.claims.tables
import billing_saas.clients.tables
import billing_saas.collections.tables
import billing_saas.connections.tables
import billing_saas.coverage.tables
import billing_saas.custody.tables
import billing_saas.desk.tables
import billing_saas.documents.tables
import billing_saas.duties.tables
import billing_saas.emergencies.tables
import billing_saas.encounters.tables
import billing_saas.federation.tables
import billing_saas.followups.tables
import billing_saas.hardship.tables
import billing_saas.identity.tables
import billing_saas.inbox.tables
import billing_saas.ledger.tables
import billing_saas.links.tables
import billing_saas.mail.tables
import billing_saas.members.tables
import billing_saas.messages.tables
import billing_saas.outbox.tables
import billing_saas.patient_requests.tables
import billing_saas.patients.tables
import billing_saas.payers.tables
import billing_saas.payments.tables
import billing_saas.phi.tables
import billing_saas.plans.tables
import billing_saas.portal.tables
import billing_saas.portal_looks.tables
import billing_saas.providers.tables
import billing_saas.remittances.tables
import billing_saas.reports.tables
import billing_saas.requests.tables
import billing_saas.reviews.tables
import billing_saas.seals.tables
import billing_saas.signin.tables
import billing_saas.statement_runs.tables
import billing_saas.statements.tables
import billing_saas.tenants.tables
import billing_saas.vault.tables  # noqa: F401  # imported for what they add to the metadata
from billing_saas.kit.db import Row

metadata = Row.metadata
