//! What is planted into a database behind its host's back, so that the host tells and keeps what it must
//! not. In the words of either store.

use crate::support::{Database, Store, on_postgres};

/// Whatever is deleted of segments stays in a table that the host does not know.
pub async fn archive(store: &Store) {
    execute(
        store,
        &[
            "CREATE TABLE archive (tenant_id TEXT NOT NULL, entity TEXT NOT NULL)",
            "CREATE TRIGGER archive AFTER DELETE ON segments \
             BEGIN INSERT INTO archive VALUES (old.tenant_id, old.entity); END",
        ],
        &[
            "CREATE TABLE archive (tenant_id uuid NOT NULL, entity text NOT NULL)",
            "CREATE FUNCTION archive() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN INSERT INTO archive VALUES (old.tenant_id, old.entity); RETURN old; END $$",
            "CREATE TRIGGER archive AFTER DELETE ON segments FOR EACH ROW EXECUTE FUNCTION archive()",
        ],
    )
    .await;
}

/// The segments of an entity are spoilt as they are written: `sqlite` and `postgres` are expressions of
/// their rows.
pub async fn spoil(store: &Store, (domain, entity): (&str, &str), sqlite: &str, postgres: &str) {
    let name = format!("spoil_{domain}_{entity}");
    let condition = format!("new.domain = '{domain}' AND new.entity = '{entity}'");
    execute(
        store,
        &[&format!(
            "CREATE TRIGGER {name} AFTER INSERT ON segments WHEN {condition} \
             BEGIN UPDATE segments SET rows = {sqlite} WHERE rowid = new.rowid; END"
        )],
        &[
            &format!(
                "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN new.rows := (SELECT {postgres} FROM (SELECT new.rows) AS written (rows)); RETURN new; END $$"
            ),
            &format!(
                "CREATE TRIGGER {name} BEFORE INSERT ON segments FOR EACH ROW WHEN ({condition}) \
                 EXECUTE FUNCTION {name}()"
            ),
        ],
    )
    .await;
}

async fn execute(store: &Store, sqlite: &[&str], postgres: &[&str]) {
    let database: Database = store.open().await;
    let statements = if on_postgres() { postgres } else { sqlite };
    for statement in statements {
        database.execute(statement).await;
    }
}
