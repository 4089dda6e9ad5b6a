"""The first tables; takes over those that a Penstock from before versions had made."""

import sqlalchemy as sa
from alembic import context, op

revision, down_revision = "0001", None
TABLES = sa.MetaData()


def upgrade() -> None:
    """Make tables, columns and indexes that are not there."""
    for table in TABLES.sorted_tables:
        op.execute(sa.schema.CreateTable(table, if_not_exists=True))
        if not context.is_offline_mode():
            _add_later_columns(table)
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            op.execute(sa.schema.CreateIndex(index, if_not_exists=True))


def _add_later_columns(table: sa.Table) -> None:
    """Add what tables of the first weeks had not; rows that are there get its default."""
    there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table.name)}
    for column in table.columns:
        if column.name not in there:
            later = sa.Column(column.name, column.type, nullable=False, server_default=column.server_default)
            op.add_column(table.name, later)


sa.Table(
    "penstock_ab_tests",
    TABLES,
    sa.Column("test_id", sa.String(length=36), nullable=False),
    sa.Column("name", sa.String(length=64), nullable=False),
    sa.Column("kept", sa.Text(), nullable=False),
    sa.Column("created_s", sa.Double(), nullable=False),
    sa.Column("ended_s", sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint("test_id"),
    sa.Index("penstock_ab_tests_ended", "ended_s", "created_s"),
    sa.Index("penstock_ab_tests_name", "name", "created_s"),
)
sa.Table(
    "penstock_answers",
    TABLES,
    sa.Column("actor", sa.String(length=400), nullable=False),
    sa.Column("key", sa.String(length=200), nullable=False),
    sa.Column("fingerprint", sa.String(length=64), nullable=False),
    sa.Column("status", sa.Integer(), nullable=False),
    sa.Column("headers", sa.Text(), nullable=False),
    sa.Column("body", sa.LargeBinary(), nullable=False),
    sa.Column("begun_s", sa.Double(), nullable=False),
    sa.Column("until_s", sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint("actor", "key"),
    sa.Index("penstock_answers_begun", "begun_s"),
)
sa.Table(
    "penstock_approvals",
    TABLES,
    sa.Column("request_id", sa.String(length=36), nullable=False),
    sa.Column("place", sa.String(length=500), nullable=False),
    sa.Column("model", sa.String(length=400), nullable=False),
    sa.Column("version", sa.String(length=40), nullable=False),
    sa.Column("project", sa.String(length=400), nullable=False),
    sa.Column("state", sa.String(length=20), nullable=False),
    sa.Column("asked_by", sa.String(length=400), nullable=False),
    sa.Column("comment", sa.Text(), nullable=False),
    sa.Column("force", sa.Boolean(), nullable=False),
    sa.Column("people", sa.Integer(), nullable=False),
    sa.Column("answers", sa.Text(), nullable=False),
    sa.Column("created_s", sa.Double(), nullable=False),
    sa.Column("expires_s", sa.Double(), nullable=False),
    sa.Column("ended_s", sa.Double(), nullable=False),
    sa.Column("why", sa.Text(), nullable=False),
    sa.Column("made_ms", sa.BigInteger(), server_default="0", nullable=False),
    sa.PrimaryKeyConstraint("request_id"),
    sa.UniqueConstraint("place"),
    sa.Index("penstock_approvals_model", "model", "created_s"),
    sa.Index("penstock_approvals_state", "state", "created_s"),
)
sa.Table(
    "penstock_audit",
    TABLES,
    sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
    sa.Column("previous_sha256", sa.String(length=64), nullable=False),
    sa.Column("sha256", sa.String(length=64), nullable=False),
    sa.Column("time", sa.String(length=40), nullable=False),
    sa.Column("actor", sa.String(length=400), nullable=False),
    sa.Column("address", sa.String(length=80), nullable=False),
    sa.Column("action", sa.String(length=40), nullable=False),
    sa.Column("project", sa.String(length=400), nullable=False),
    sa.Column("subject", sa.Text(), nullable=False),
    sa.Column("outcome", sa.String(length=20), nullable=False),
    sa.Column("details", sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint("sequence"),
    sa.UniqueConstraint("previous_sha256"),
    sa.Index("penstock_audit_actor", "actor", "sequence"),
    sa.Index("penstock_audit_project", "project", "sequence"),
    sa.Index("penstock_audit_time", "time", "sequence"),
)
sa.Table(
    "penstock_canaries",
    TABLES,
    sa.Column("route", sa.String(length=512), nullable=False),
    sa.Column("state", sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint("route"),
)
sa.Table(
    "penstock_datasets",
    TABLES,
    sa.Column("dataset_id", sa.String(length=36), nullable=False),
    sa.Column("project", sa.String(length=400), nullable=False),
    sa.Column("owner", sa.String(length=255), nullable=False),
    sa.Column("name", sa.String(length=255), nullable=False),
    sa.Column("origin", sa.String(length=20), nullable=False),
    sa.Column("parent_id", sa.String(length=36), nullable=False),
    sa.Column("file", sa.Text(), nullable=False),
    sa.Column("sha256", sa.String(length=64), nullable=False),
    sa.Column("size_bytes", sa.BigInteger(), nullable=False),
    sa.Column("job_id", sa.String(length=36), nullable=False),
    sa.Column("run_id", sa.String(length=64), nullable=False),
    sa.Column("rows", sa.BigInteger(), nullable=False),
    sa.Column("target_column", sa.Text(), nullable=False),
    sa.Column("profile", sa.Text(), nullable=False),
    sa.Column("created_s", sa.Double(), nullable=False),
    sa.Column("removed_s", sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint("dataset_id"),
    sa.Index("penstock_datasets_project", "project", "created_s"),
    sa.Index("penstock_datasets_run", "run_id"),
    sa.Index("penstock_datasets_sha256", "sha256"),
)
sa.Table(
    "penstock_decisions",
    TABLES,
    sa.Column("sequence", sa.Integer(), autoincrement=True, nullable=False),
    sa.Column("time_s", sa.Double(), nullable=False),
    sa.Column("model", sa.String(length=512), nullable=False),
    sa.Column("topic", sa.String(length=20), nullable=False),
    sa.Column("decision", sa.String(length=20), nullable=False),
    sa.Column("reasons", sa.Text(), nullable=False),
    sa.Column("ticket", sa.String(length=80), nullable=False),
    sa.Column("version", sa.String(length=40), nullable=False),
    sa.Column("gist", sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint("sequence"),
    sa.Index("penstock_decisions_model", "model", "sequence"),
)
sa.Table(
    "penstock_erasures",
    TABLES,
    sa.Column("erasure_id", sa.String(length=36), nullable=False),
    sa.Column("asked_by", sa.String(length=400), nullable=False),
    sa.Column("asked", sa.Text(), nullable=False),
    sa.Column("waits_for", sa.Text(), nullable=False),
    sa.Column("created_s", sa.Double(), nullable=False),
    sa.Column("done_s", sa.Double(), nullable=False),
    sa.Column("predictions", sa.BigInteger(), nullable=False),
    sa.Column("outcomes", sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint("erasure_id"),
    sa.Index("penstock_erasures_done", "done_s"),
)
sa.Table(
    "penstock_job_shares",
    TABLES,
    sa.Column("owner", sa.String(length=255), nullable=False),
    sa.Column("served_s", sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint("owner"),
)
sa.Table(
    "penstock_jobs",
    TABLES,
    sa.Column("job_id", sa.String(length=36), nullable=False),
    sa.Column("entry", sa.String(length=40), nullable=False),
    sa.Column("owner", sa.String(length=255), nullable=False),
    sa.Column("project", sa.String(length=400), nullable=False),
    sa.Column("wanted", sa.Text(), nullable=False),
    sa.Column("state", sa.String(length=20), nullable=False),
    sa.Column("is_urgent", sa.Boolean(), nullable=False),
    sa.Column("created_s", sa.Double(), nullable=False),
    sa.Column("started_s", sa.Double(), nullable=False),
    sa.Column("ended_s", sa.Double(), nullable=False),
    sa.Column("attempts", sa.Integer(), nullable=False),
    sa.Column("run_id", sa.String(length=64), nullable=False),
    sa.Column("results", sa.Text(), nullable=False),
    sa.Column("why", sa.Text(), nullable=False),
    sa.Column("code", sa.String(length=40), nullable=False),
    sa.Column("progress", sa.Text(), nullable=False),
    sa.Column("core_s", sa.Double(), nullable=False),
    sa.Column("peak_bytes", sa.BigInteger(), nullable=False),
    sa.Column("disk_bytes", sa.BigInteger(), nullable=False),
    sa.Column("wall_s", sa.Double(), nullable=False),
    sa.Column("cancel_by", sa.String(length=255), nullable=False),
    sa.Column("worker", sa.String(length=300), nullable=False),
    sa.Column("pid", sa.Integer(), nullable=False),
    sa.Column("born_s", sa.Double(), nullable=False),
    sa.Column("beat_s", sa.Double(), nullable=False),
    sa.Column("due_s", sa.Double(), nullable=False),
    sa.Column("host", sa.String(length=255), nullable=False),
    sa.Column("gpus", sa.Integer(), nullable=False),
    sa.Column("place", sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint("job_id"),
    sa.Index("penstock_jobs_created", "created_s", "job_id"),
    sa.Index("penstock_jobs_owner", "owner", "created_s"),
    sa.Index("penstock_jobs_project", "project", "created_s"),
    sa.Index("penstock_jobs_run", "run_id"),
    sa.Index("penstock_jobs_state", "state", "owner", "is_urgent", "created_s", "due_s"),
)
sa.Table(
    "penstock_journal",
    TABLES,
    sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
    sa.Column("previous_sha256", sa.String(length=64), nullable=False),
    sa.Column("sha256", sa.String(length=64), nullable=False),
    sa.Column("time", sa.String(length=40), nullable=False),
    sa.Column("model", sa.Text(), nullable=False),
    sa.Column("version", sa.String(length=40), nullable=False),
    sa.Column("from_stage", sa.String(length=20), nullable=False),
    sa.Column("to_stage", sa.String(length=20), nullable=False),
    sa.Column("action", sa.String(length=20), nullable=False),
    sa.Column("actor", sa.Text(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("external", sa.Boolean(), nullable=False),
    sa.Column("registry", sa.Text(), server_default="", nullable=False),
    sa.PrimaryKeyConstraint("sequence"),
    sa.UniqueConstraint("previous_sha256"),
    sa.Index("penstock_journal_model", "model", "sequence"),
)
sa.Table(
    "penstock_key_owners",
    TABLES,
    sa.Column("key_id", sa.String(length=64), nullable=False),
    sa.Column("user_id", sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint("key_id"),
)
sa.Table(
    "penstock_keys",
    TABLES,
    sa.Column("key_id", sa.String(length=40), nullable=False),
    sa.Column("digest", sa.LargeBinary(), nullable=False),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("owner", sa.Text(), nullable=False),
    sa.Column("project", sa.Text(), nullable=False),
    sa.Column("models", sa.Text(), nullable=False),
    sa.Column("actions", sa.Text(), nullable=False),
    sa.Column("rate_per_s", sa.Double(), nullable=True),
    sa.Column("burst", sa.Double(), nullable=True),
    sa.Column("made_at", sa.Double(), nullable=False),
    sa.Column("expires_at", sa.Double(), nullable=True),
    sa.Column("revoked_at", sa.Double(), nullable=True),
    sa.Column("used_at", sa.Double(), nullable=True),
    sa.PrimaryKeyConstraint("key_id"),
)
sa.Table(
    "penstock_leases",
    TABLES,
    sa.Column("name", sa.String(length=512), nullable=False),
    sa.Column("owner", sa.String(length=512), nullable=False),
    sa.Column("expires_at", sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint("name"),
)
sa.Table(
    "penstock_projects",
    TABLES,
    sa.Column("owner", sa.String(length=64), nullable=False),
    sa.Column("name", sa.String(length=64), nullable=False),
    sa.Column("experiment_id", sa.String(length=64), nullable=False),
    sa.Column("description", sa.Text(), nullable=False),
    sa.Column("created_s", sa.Double(), nullable=False),
    sa.Column("limits", sa.Text(), nullable=False),
    sa.Column("dataset_retention_days", sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint("owner", "name"),
)
sa.Table(
    "penstock_route_journal",
    TABLES,
    sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
    sa.Column("previous_sha256", sa.String(length=64), nullable=False),
    sa.Column("sha256", sa.String(length=64), nullable=False),
    sa.Column("time", sa.String(length=40), nullable=False),
    sa.Column("route", sa.Text(), nullable=False),
    sa.Column("model", sa.Text(), nullable=False),
    sa.Column("action", sa.String(length=40), nullable=False),
    sa.Column("actor", sa.Text(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("before", sa.Text(), nullable=True),
    sa.Column("after", sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint("sequence"),
    sa.UniqueConstraint("previous_sha256"),
    sa.Index("penstock_route_journal_route", "route", "sequence"),
)
sa.Table(
    "penstock_schedules",
    TABLES,
    sa.Column("model", sa.String(length=512), nullable=False),
    sa.Column("kind", sa.String(length=20), nullable=False),
    sa.Column("expression", sa.String(length=200), nullable=False),
    sa.Column("next_s", sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint("model", "kind", "expression"),
)
sa.Table(
    "penstock_secrets",
    TABLES,
    sa.Column("name", sa.String(length=80), nullable=False),
    sa.Column("secret", sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint("name"),
)
sa.Table(
    "penstock_sessions",
    TABLES,
    sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
    sa.Column("user", sa.String(length=255), nullable=False),
    sa.Column("user_id", sa.String(length=64), nullable=False),
    sa.Column("address", sa.String(length=80), nullable=False),
    sa.Column("begun_s", sa.Double(), nullable=False),
    sa.Column("ends_s", sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint("digest"),
    sa.Index("ix_penstock_sessions_user", "user"),
)
sa.Table(
    "penstock_stamps",
    TABLES,
    sa.Column("name", sa.String(length=40), nullable=False),
    sa.Column("stamp", sa.String(length=40), nullable=False),
    sa.PrimaryKeyConstraint("name"),
)
sa.Table(
    "penstock_tickets",
    TABLES,
    sa.Column("name", sa.String(length=80), nullable=False),
    sa.Column("claim", sa.String(length=600), nullable=True),
    sa.Column("kind", sa.String(length=20), nullable=False),
    sa.Column("model", sa.String(length=512), nullable=False),
    sa.Column("version", sa.String(length=40), nullable=False),
    sa.Column("host", sa.String(length=255), nullable=False),
    sa.Column("keeper", sa.String(length=80), nullable=False),
    sa.Column("pid", sa.Integer(), nullable=False),
    sa.Column("born_s", sa.Double(), nullable=False),
    sa.Column("started_s", sa.Double(), nullable=False),
    sa.Column("due_s", sa.Double(), nullable=False),
    sa.Column("cut_s", sa.Double(), nullable=False),
    sa.Column("rows", sa.Integer(), nullable=False),
    sa.Column("output", sa.Text(), nullable=False),
    sa.Column("state", sa.String(length=20), nullable=False),
    sa.Column("ended_s", sa.Double(), nullable=False),
    sa.Column("made", sa.String(length=40), nullable=False),
    sa.Column("after", sa.String(length=20), nullable=False),
    sa.PrimaryKeyConstraint("name"),
    sa.UniqueConstraint("claim"),
    sa.Index("penstock_tickets_model", "model", "kind", "started_s"),
)
sa.Table(
    "penstock_usage",
    TABLES,
    sa.Column("day", sa.String(length=10), nullable=False),
    sa.Column("owner", sa.String(length=255), nullable=False),
    sa.Column("project", sa.String(length=400), nullable=False),
    sa.Column("jobs", sa.Integer(), nullable=False),
    sa.Column("core_s", sa.Double(), nullable=False),
    sa.Column("memory_gb_s", sa.Double(), nullable=False),
    sa.Column("wall_s", sa.Double(), nullable=False),
    sa.Column("peak_bytes", sa.BigInteger(), nullable=False),
    sa.Column("disk_bytes", sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint("day", "owner", "project"),
)
sa.Table(
    "penstock_window_marks",
    TABLES,
    sa.Column("name", sa.String(length=512), nullable=False),
    sa.Column("time_s", sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint("name"),
)
sa.Table(
    "penstock_windows",
    TABLES,
    sa.Column("model", sa.String(length=256), nullable=False),
    sa.Column("version", sa.String(length=40), nullable=False),
    sa.Column("variant", sa.String(length=256), nullable=False),
    sa.Column("since_s", sa.Double(), nullable=False),
    sa.Column("until_s", sa.Double(), nullable=False),
    sa.Column("judged_s", sa.Double(), nullable=False),
    sa.Column("found", sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint("model", "version", "variant", "since_s", "until_s"),
    sa.Index("penstock_windows_newest", "model", "until_s"),
)
