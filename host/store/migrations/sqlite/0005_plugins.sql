-- Which component serves each domain: every change is a revision, and every session is wholly of one.

-- Components by their SHA-256. Those that nothing names any more are removed.
CREATE TABLE plugin_components (
    digest     TEXT    NOT NULL PRIMARY KEY,
    size_bytes INTEGER NOT NULL,
    added_at   TEXT    NOT NULL,
    component  BLOB    NOT NULL
) STRICT;

CREATE TABLE plugin_revisions (
    revision INTEGER NOT NULL PRIMARY KEY,
    cause    TEXT    NOT NULL CHECK (cause IN ('FILL', 'INSTALL', 'ROLLBACK')),
    made_at  TEXT    NOT NULL,
    made_by  TEXT    NOT NULL,
    -- JSON, which nothing here looks into: the digest per domain, of all domains.
    active   TEXT    NOT NULL
) STRICT;

-- 0 is from before there were revisions.
ALTER TABLE demo_sessions ADD COLUMN plugin_revision INTEGER NOT NULL DEFAULT 0;
CREATE INDEX demo_sessions_revision ON demo_sessions (plugin_revision);

-- The catalog that all of this is of.
CREATE TABLE demo_catalog (
    only_one INTEGER NOT NULL PRIMARY KEY CHECK (only_one = 1),
    name     TEXT    NOT NULL,
    digest   TEXT    NOT NULL
) STRICT;
