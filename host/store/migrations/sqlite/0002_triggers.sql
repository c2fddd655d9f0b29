-- What triggers make after cloning: the records of an entity may come in parts, one per trigger,
-- and a tenant's row tells what became of each trigger.

-- SQLite cannot change a primary key: the table is made again. `rows` stands last as before.
CREATE TABLE segments_in_parts (
    tenant_id TEXT    NOT NULL,
    domain    TEXT    NOT NULL,
    entity    TEXT    NOT NULL,
    -- The slug of the trigger that made it; empty for what a clone made.
    part      TEXT    NOT NULL DEFAULT '',
    records   INTEGER NOT NULL,
    digest    TEXT    NOT NULL,
    rows      TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, domain, entity, part)
) STRICT;

INSERT INTO segments_in_parts (tenant_id, domain, entity, records, digest, rows)
SELECT tenant_id, domain, entity, records, digest, rows FROM segments;

DROP TABLE segments;

-- The views name `segments`, and do so again once this one has the name: the modern way would
-- look into them while the name is gone, and refuse.
PRAGMA legacy_alter_table = ON;
ALTER TABLE segments_in_parts RENAME TO segments;
PRAGMA legacy_alter_table = OFF;

ALTER TABLE demo_tenants ADD COLUMN triggers TEXT NOT NULL DEFAULT '[]';
