-- What a session goes through after its creation: the names of the product's own ledger, the keys of
-- requests that are done once, and what the sweep looks for.

ALTER TABLE demo_sessions RENAME COLUMN account TO demo_account_type;
-- The account's own tenant, as the first of demo_tenants has it.
ALTER TABLE demo_sessions ADD COLUMN virtual_tenant_id TEXT;
ALTER TABLE demo_sessions ADD COLUMN base_tenant_id TEXT;
UPDATE demo_sessions SET
    virtual_tenant_id = (SELECT tenant_id FROM demo_tenants AS t WHERE t.session_id = demo_sessions.session_id AND t.position = 0),
    base_tenant_id = (SELECT base_tenant_id FROM demo_tenants AS t WHERE t.session_id = demo_sessions.session_id AND t.position = 0),
    epoch = 1;

DROP INDEX demo_sessions_due;
CREATE INDEX demo_sessions_due ON demo_sessions (expires_at) WHERE status <> 'DESTROYED';
CREATE INDEX demo_sessions_leased ON demo_sessions (deadline) WHERE status IN ('CLONING', 'DESTROYING');
CREATE INDEX demo_sessions_destroyed ON demo_sessions (destroyed_at) WHERE status = 'DESTROYED';
CREATE INDEX demo_cleanup_audit_oldest ON demo_cleanup_audit (started_at);

-- Neither the key nor the request is kept, but their digests: whoever knows a key is given the session.
CREATE TABLE demo_idempotency_keys (
    key_digest     TEXT NOT NULL PRIMARY KEY,
    request_digest TEXT NOT NULL,
    session_id     TEXT NOT NULL,
    expires_at     TEXT NOT NULL
) STRICT;

CREATE INDEX demo_idempotency_keys_oldest ON demo_idempotency_keys (expires_at);
