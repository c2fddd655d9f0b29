-- Which component serves each domain: every change is a revision, and every session is wholly of one.

-- Components by their SHA-256. Those that nothing names any more are removed.
CREATE TABLE plugin_components (
    digest     text        NOT NULL PRIMARY KEY,
    size_bytes bigint      NOT NULL,
    added_at   timestamptz NOT NULL,
    component  bytea       NOT NULL
);

CREATE TABLE plugin_revisions (
    revision integer     NOT NULL PRIMARY KEY,
    cause    text        NOT NULL CHECK (cause IN ('FILL', 'INSTALL', 'ROLLBACK')),
    made_at  timestamptz NOT NULL,
    made_by  text        NOT NULL,
    -- JSON, which nothing here looks into: the digest per domain, of all domains.
    active   text        NOT NULL
);

-- 0 is from before there were revisions.
ALTER TABLE demo_sessions ADD COLUMN plugin_revision integer NOT NULL DEFAULT 0;
CREATE INDEX demo_sessions_revision ON demo_sessions (plugin_revision);

-- The catalog that all of this is of.
CREATE TABLE demo_catalog (
    only_one integer NOT NULL PRIMARY KEY CHECK (only_one = 1),
    name     text    NOT NULL,
    digest   text    NOT NULL
);
