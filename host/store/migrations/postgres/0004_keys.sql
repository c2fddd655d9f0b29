-- The keys that the hosts of this store sign with, by their fingerprints: hosts that sign otherwise do not start.

CREATE TABLE demo_keys (
    -- `token` or `receipt`.
    name        text NOT NULL PRIMARY KEY,
    -- SHA-256 of the public half.
    fingerprint text NOT NULL
);
