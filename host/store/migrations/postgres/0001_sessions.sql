-- The ledger of sessions, the tenants of each, and their data.
--
-- A session's data is keyed by its tenant first, every identifier is made by the application, and
-- nothing needs an advisory lock or a notification: the same tables can be distributed by tenant.

CREATE TABLE demo_sessions (
    session_id           text        NOT NULL PRIMARY KEY,
    demo_account_type    text        NOT NULL,
    -- The account's own tenant, as the first of demo_tenants has it.
    virtual_tenant_id    uuid,
    base_tenant_id       uuid,
    catalog_digest       text        NOT NULL,
    status               text        NOT NULL CHECK (status IN (
        'CLONING', 'READY', 'PARTIAL', 'FAILED', 'EXPIRED', 'DESTROYING', 'DESTROYED')),
    session_created_at   timestamptz NOT NULL,
    created_at           timestamptz NOT NULL,
    expires_at           timestamptz NOT NULL,
    cloning_completed_at timestamptz,
    duration_ms          double precision,
    destroyed_at         timestamptz,
    extensions           integer     NOT NULL DEFAULT 0,
    error                text,
    -- Who is at work on the session, in which attempt, and until when on this server's clock.
    owner                text,
    epoch                integer     NOT NULL,
    deadline             timestamptz,
    cleanup_retry_count  integer     NOT NULL DEFAULT 0
);

CREATE INDEX demo_sessions_newest ON demo_sessions (created_at DESC, session_id);
CREATE INDEX demo_sessions_due ON demo_sessions (expires_at) WHERE status <> 'DESTROYED';
CREATE INDEX demo_sessions_leased ON demo_sessions (deadline) WHERE status IN ('CLONING', 'DESTROYING');
CREATE INDEX demo_sessions_destroyed ON demo_sessions (destroyed_at) WHERE status = 'DESTROYED';

CREATE TABLE demo_tenants (
    session_id     text    NOT NULL REFERENCES demo_sessions (session_id) ON DELETE CASCADE,
    position       integer NOT NULL,
    tenant_id      uuid    NOT NULL,
    base_tenant_id uuid    NOT NULL,
    outlet         text,
    name           text    NOT NULL,
    -- JSON, which nothing here looks into.
    services       text    NOT NULL,
    triggers       text    NOT NULL,
    -- Set when the session is destroyed: the identifier is free again, so that the same session
    -- can be reproduced while the first is still in the ledger.
    released       boolean NOT NULL DEFAULT false,
    PRIMARY KEY (session_id, position)
);

CREATE UNIQUE INDEX demo_tenants_held ON demo_tenants (tenant_id) WHERE NOT released;

CREATE TABLE segments (
    tenant_id uuid    NOT NULL,
    domain    text    NOT NULL,
    entity    text    NOT NULL,
    -- The slug of the trigger that made it; empty for what a clone made.
    part      text    NOT NULL DEFAULT '',
    records   integer NOT NULL,
    digest    text    NOT NULL,
    -- JSON text: nothing is parsed when it is written; the views cast what they open.
    rows      text    NOT NULL,
    PRIMARY KEY (tenant_id, domain, entity, part)
);

-- lz4 costs a third of what the default does. A server may be built without it.
DO $$
BEGIN
    ALTER TABLE segments ALTER COLUMN rows SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported OR syntax_error THEN
    RAISE NOTICE 'this server has no lz4: segments are compressed as it does by default';
END $$;

CREATE TABLE demo_cleanup_audit (
    id                    uuid        NOT NULL PRIMARY KEY,
    session_id            text        NOT NULL,
    virtual_tenant_id     uuid        NOT NULL,
    started_at            timestamptz NOT NULL,
    completed_at          timestamptz,
    duration_ms           double precision,
    total_records_deleted bigint      NOT NULL DEFAULT 0,
    service_results       json,
    status                text        NOT NULL CHECK (status IN ('SUCCESS', 'PARTIAL', 'FAILED')),
    error_details         json,
    retry_count           integer     NOT NULL DEFAULT 0
);

CREATE INDEX demo_cleanup_audit_session ON demo_cleanup_audit (session_id, started_at);
CREATE INDEX demo_cleanup_audit_oldest ON demo_cleanup_audit (started_at);

-- Neither the key nor the request is kept, but their digests: whoever knows a key is given the session.
CREATE TABLE demo_idempotency_keys (
    key_digest     text        NOT NULL PRIMARY KEY,
    request_digest text        NOT NULL,
    session_id     text        NOT NULL,
    expires_at     timestamptz NOT NULL
);

CREATE INDEX demo_idempotency_keys_oldest ON demo_idempotency_keys (expires_at);

-- The views that the host made, as it made them: `{domain}_{entity}`, one per schema.
CREATE TABLE generated_views (
    name       text NOT NULL PRIMARY KEY,
    definition text NOT NULL
);
