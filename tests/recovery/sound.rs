//! What must hold of a store when nothing is under way, asked of the database itself.

use crate::support::Database;

/// Every segment belongs to an open session, and every open session has all of its segments.
pub async fn sound(database: &Database) {
    let orphans = "SELECT count(*) FROM segments AS g WHERE NOT EXISTS ( \
         SELECT 1 FROM demo_tenants AS t JOIN demo_sessions AS s ON s.session_id = t.session_id \
         WHERE t.tenant_id = g.tenant_id AND s.status IN ('READY', 'PARTIAL'))";
    assert_eq!(
        database.number(orphans).await,
        0,
        "segments that are nobody's"
    );
    // Of this small catalog a whole session has two segments, one per domain.
    let torn = "SELECT count(*) FROM demo_sessions AS s WHERE s.status = 'READY' AND 2 <> ( \
         SELECT count(*) FROM segments AS g JOIN demo_tenants AS t ON t.tenant_id = g.tenant_id \
         WHERE t.session_id = s.session_id)";
    assert_eq!(
        database.number(torn).await,
        0,
        "open sessions without their data"
    );
    let held = "SELECT count(*) FROM demo_sessions WHERE status IN ('CLONING', 'DESTROYING') \
         OR (status IN ('READY', 'PARTIAL', 'FAILED', 'DESTROYED') AND owner IS NOT NULL)";
    assert_eq!(database.number(held).await, 0, "somebody is still at work");
}
