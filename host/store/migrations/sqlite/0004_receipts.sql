-- What a session was made of, signed. It stays with the session's row when its data goes.

CREATE TABLE demo_receipts (
    session_id TEXT NOT NULL PRIMARY KEY REFERENCES demo_sessions (session_id) ON DELETE CASCADE,
    receipt    TEXT NOT NULL
) STRICT;
