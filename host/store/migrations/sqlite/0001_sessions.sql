-- The ledger of sessions, the tenants of each, and their data.
--
-- Timestamps are RFC 3339 text in UTC with six fraction digits, so that they sort as text and
-- read as themselves in the sqlite3 shell; identifiers are lower-case UUID text.

CREATE TABLE demo_sessions (
    session_id           TEXT    NOT NULL PRIMARY KEY,
    account              TEXT    NOT NULL,
    catalog_digest       TEXT    NOT NULL,
    status               TEXT    NOT NULL CHECK (status IN (
        'CLONING', 'READY', 'PARTIAL', 'FAILED', 'EXPIRED', 'DESTROYING', 'DESTROYED')),
    session_created_at   TEXT    NOT NULL,
    created_at           TEXT    NOT NULL,
    expires_at           TEXT    NOT NULL,
    cloning_completed_at TEXT,
    duration_ms          REAL,
    destroyed_at         TEXT,
    extensions           INTEGER NOT NULL DEFAULT 0,
    error                TEXT,
    -- Who is at work on the session, in which attempt, and until when.
    owner                TEXT,
    epoch                INTEGER NOT NULL DEFAULT 0,
    deadline             TEXT,
    cleanup_retry_count  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX demo_sessions_newest ON demo_sessions (created_at DESC, session_id);
CREATE INDEX demo_sessions_due ON demo_sessions (status, expires_at);

CREATE TABLE demo_tenants (
    session_id     TEXT    NOT NULL REFERENCES demo_sessions (session_id) ON DELETE CASCADE,
    position       INTEGER NOT NULL,
    tenant_id      TEXT    NOT NULL,
    base_tenant_id TEXT    NOT NULL,
    outlet         TEXT,
    name           TEXT    NOT NULL,
    services       TEXT    NOT NULL,
    -- Set when the session is destroyed: the identifier is free again, so that the same session
    -- can be reproduced while the first is still in the ledger.
    released       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (session_id, position)
) STRICT;

CREATE UNIQUE INDEX demo_tenants_held ON demo_tenants (tenant_id) WHERE released = 0;

-- `rows` stands last: what reads counts and digests then never walks its overflow pages.
CREATE TABLE segments (
    tenant_id TEXT    NOT NULL,
    domain    TEXT    NOT NULL,
    entity    TEXT    NOT NULL,
    records   INTEGER NOT NULL,
    digest    TEXT    NOT NULL,
    rows      TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, domain, entity)
) STRICT;

CREATE TABLE demo_cleanup_audit (
    id                    TEXT    NOT NULL PRIMARY KEY,
    session_id            TEXT    NOT NULL,
    virtual_tenant_id     TEXT    NOT NULL,
    started_at            TEXT    NOT NULL,
    completed_at          TEXT,
    duration_ms           REAL,
    total_records_deleted INTEGER NOT NULL DEFAULT 0,
    service_results       TEXT,
    status                TEXT    NOT NULL CHECK (status IN ('SUCCESS', 'PARTIAL', 'FAILED')),
    error_details         TEXT,
    retry_count           INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX demo_cleanup_audit_session ON demo_cleanup_audit (session_id, started_at);

-- The views that the host made, as it made them: `{domain}_{entity}`, one per schema.
CREATE TABLE generated_views (
    name       TEXT NOT NULL PRIMARY KEY,
    definition TEXT NOT NULL
) STRICT;
