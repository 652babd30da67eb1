"""The tables, as numbered steps that run forward by themselves.

The text is the subset that SQLite and PostgreSQL share, but for four words that each
dialect spells its own way: `{id}` a 64-bit primary key, `{bytes}` a byte string,
`{clustered}` a table stored in the order of its primary key, `{small}` a small integer.
FORMAT.md says what each table means.
"""

from __future__ import annotations

from dataclasses import dataclass

from holdall.catalog.transaction import Transaction
from holdall.core.errors import FormatError


@dataclass(frozen=True, slots=True)
class Words:
    """How a dialect spells the four words."""

    id: str
    bytes: str
    clustered: str
    small: str

    def spell(self, statement: str) -> str:
        return statement.format(
            id=self.id, bytes=self.bytes, clustered=self.clustered, small=self.small
        )


STORE = "CREATE TABLE IF NOT EXISTS store (id {id}, format BIGINT NOT NULL, uid TEXT NOT NULL)"

STEPS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE clock (id {id}, seq BIGINT NOT NULL, time BIGINT NOT NULL,"
        " batch TEXT NOT NULL)",
        "INSERT INTO clock (id, seq, time, batch) VALUES (1, 0, 0, '')",
        "CREATE TABLE buckets (id {id}, uid TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, name TEXT,"
        " created BIGINT NOT NULL, versioning {small} NOT NULL, public {small} NOT NULL,"
        " floor BIGINT NOT NULL, UNIQUE (owner, name))",
        "CREATE TABLE usage (bucket {id}, blobs BIGINT NOT NULL, bytes BIGINT NOT NULL,"
        " revisions BIGINT NOT NULL, revision_bytes BIGINT NOT NULL, markers BIGINT NOT NULL)",
        "CREATE TABLE blobs (bucket BIGINT NOT NULL, deleted {small} NOT NULL,"
        " key {bytes} NOT NULL, chain BIGINT NOT NULL, current BIGINT NOT NULL,"
        " next BIGINT NOT NULL, PRIMARY KEY (bucket, deleted, key)) {clustered}",
        "CREATE TABLE revisions (chain BIGINT NOT NULL, number BIGINT NOT NULL,"
        " id BIGINT NOT NULL, token BIGINT NOT NULL, time BIGINT NOT NULL,"
        " kind {small} NOT NULL, is_null {small} NOT NULL, size BIGINT NOT NULL,"
        " content_type TEXT, etag TEXT, crc32c BIGINT, checksums TEXT, metadata TEXT, tags TEXT,"
        " PRIMARY KEY (chain, number)) {clustered}",
        "CREATE TABLE spans (owner BIGINT NOT NULL, position BIGINT NOT NULL,"
        " payload BIGINT NOT NULL, start BIGINT NOT NULL, length BIGINT NOT NULL,"
        " PRIMARY KEY (owner, position)) {clustered}",
        "CREATE INDEX spans_by_payload ON spans (payload)",
        "CREATE TABLE payloads (id {id}, token TEXT NOT NULL, state {small} NOT NULL,"
        " size BIGINT NOT NULL, lease BIGINT NOT NULL, sums {bytes} NOT NULL)",
        "CREATE INDEX payloads_pending ON payloads (lease) WHERE state = 0",
        "CREATE TABLE small_payloads (id {id}, crc32c BIGINT NOT NULL, bytes {bytes} NOT NULL)",
        "CREATE TABLE doomed (payload {id}, token TEXT, seq BIGINT NOT NULL)",
        "CREATE TABLE uploads (id {id}, uid TEXT NOT NULL UNIQUE, bucket BIGINT NOT NULL,"
        " key {bytes} NOT NULL, time BIGINT NOT NULL, options TEXT NOT NULL)",
        "CREATE INDEX uploads_by_key ON uploads (bucket, key, uid)",
        "CREATE TABLE parts (upload BIGINT NOT NULL, number BIGINT NOT NULL, id BIGINT NOT NULL,"
        " time BIGINT NOT NULL, size BIGINT NOT NULL, etag TEXT NOT NULL, crc32c BIGINT,"
        " checksums TEXT, PRIMARY KEY (upload, number)) {clustered}",
        "CREATE TABLE events (seq {id}, time BIGINT NOT NULL, kind {small} NOT NULL,"
        " bucket BIGINT NOT NULL, key {bytes}, number BIGINT, size BIGINT, actor TEXT NOT NULL)",
        "CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL,"
        " seq BIGINT NOT NULL, until BIGINT NOT NULL)",
    ),
    (
        "ALTER TABLE revisions ADD COLUMN attributes TEXT",
        "ALTER TABLE revisions ADD COLUMN marked {small} NOT NULL DEFAULT 0",
        "ALTER TABLE revisions ADD COLUMN parts BIGINT NOT NULL DEFAULT 0",
        "CREATE TABLE marks (chain BIGINT NOT NULL, number BIGINT NOT NULL, name TEXT NOT NULL,"
        " value TEXT NOT NULL, PRIMARY KEY (chain, number, name)) {clustered}",
        "CREATE TABLE completed_parts (revision BIGINT NOT NULL, number BIGINT NOT NULL,"
        " size BIGINT NOT NULL, crc32c BIGINT, checksums TEXT,"
        " PRIMARY KEY (revision, number)) {clustered}",
        "ALTER TABLE buckets ADD COLUMN locked {small} NOT NULL DEFAULT 0",
        "CREATE INDEX buckets_by_name ON buckets (name)",
        "CREATE TABLE settings (bucket BIGINT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,"
        " PRIMARY KEY (bucket, name)) {clustered}",
        "ALTER TABLE uploads ADD COLUMN initiator TEXT NOT NULL DEFAULT ''",
        "CREATE TABLE users (name TEXT NOT NULL, created BIGINT NOT NULL, display TEXT NOT NULL,"
        " is_admin {small} NOT NULL, PRIMARY KEY (name)) {clustered}",
        "CREATE TABLE orgs (name TEXT NOT NULL, created BIGINT NOT NULL,"
        " PRIMARY KEY (name)) {clustered}",
        "CREATE TABLE members (org TEXT NOT NULL, username TEXT NOT NULL, role TEXT NOT NULL,"
        " PRIMARY KEY (org, username)) {clustered}",
        "CREATE INDEX members_by_user ON members (username, org)",
        "CREATE TABLE access_keys (id TEXT NOT NULL, secret {bytes} NOT NULL,"
        " username TEXT NOT NULL, name TEXT NOT NULL, created BIGINT NOT NULL, expires BIGINT,"
        " last_used BIGINT, buckets TEXT, read_only {small} NOT NULL, policy TEXT,"
        " session_of TEXT, PRIMARY KEY (id)) {clustered}",
        "CREATE INDEX access_keys_by_user ON access_keys (username, id)",
        "CREATE INDEX access_keys_by_parent ON access_keys (session_of)"
        " WHERE session_of IS NOT NULL",
        "CREATE INDEX access_keys_by_expiry ON access_keys (expires) WHERE expires IS NOT NULL",
        "CREATE TABLE grants (bucket BIGINT NOT NULL, grantee TEXT NOT NULL, level TEXT NOT NULL,"
        " PRIMARY KEY (bucket, grantee)) {clustered}",
        "CREATE INDEX grants_by_grantee ON grants (grantee, bucket)",
        "ALTER TABLE payloads ADD COLUMN sealed {bytes}",
        "ALTER TABLE small_payloads ADD COLUMN sealed {bytes}",
    ),
)

FORMAT = len(STEPS)


def migrate(tx: Transaction, words: Words, uid: str) -> None:
    """Bring the catalog to `FORMAT`; `FormatError` when it is already beyond."""
    tx.run(words.spell(STORE))
    row = tx.one("SELECT format FROM store WHERE id = 1")
    found = row[0] if row else 0
    refuse_newer(found)
    if not row:
        tx.run("INSERT INTO store (id, format, uid) VALUES (1, 0, ?)", (uid,))
    for step in STEPS[found:]:
        for statement in step:
            tx.run(words.spell(statement))
    if found < FORMAT:
        tx.run("UPDATE store SET format = ? WHERE id = 1", (FORMAT,))


def refuse_newer(found: int) -> None:
    if found > FORMAT:
        raise FormatError(
            f"This store has format {found}; this Holdall knows formats up to {FORMAT}."
            " Please upgrade Holdall; nothing was changed.",
            expected=FORMAT,
            actual=found,
        )
