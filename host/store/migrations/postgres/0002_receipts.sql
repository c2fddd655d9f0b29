-- What a session was made of, signed. It stays with the session's row when its data goes.

CREATE TABLE demo_receipts (
    session_id text NOT NULL PRIMARY KEY REFERENCES demo_sessions (session_id) ON DELETE CASCADE,
    receipt    text NOT NULL
);

-- As it does for segments. A server may be built without it.
DO $$
BEGIN
    ALTER TABLE demo_receipts ALTER COLUMN receipt SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported OR syntax_error THEN
    RAISE NOTICE 'this server has no lz4: receipts are compressed as it does by default';
END $$;
