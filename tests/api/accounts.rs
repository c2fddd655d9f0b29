//! What can be demonstrated.

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_of_the_catalog_are_listed() {
    let app = TestApp::bakery().await;
    insta::assert_json_snapshot!(app.get("/api/demo/accounts").await.expect(200));
}
