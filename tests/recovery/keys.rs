//! Hosts of one store sign with the same keys.

use axum::http::Method;
use tempfile::TempDir;

use crate::recovery::scene::{act, create, id, read};
use crate::support::{
    Host, Puppets, SIGNING_KEY, Said, Store, guests_dir, levain, masked_text, on_postgres,
    serve_arguments,
};

/// The key of RFC 8032, section 7.1, test 2.
const OTHER_KEY: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";

/// A store, and hosts over it that come and go.
struct Ring {
    files: TempDir,
    data: TempDir,
    store: Store,
}

impl Ring {
    async fn forge() -> Self {
        let data = TempDir::new().unwrap();
        Self {
            files: TempDir::new().unwrap(),
            store: Store::make(data.path()).await,
            data,
        }
    }

    fn flags<'r>(&'r self, token: &'r str, receipt: &'r str) -> [(&'r str, &'r str); 3] {
        [
            ("--database-url", &self.store.url),
            ("--token-key", token),
            ("--receipt-key", receipt),
        ]
    }

    fn host(&self, token: &str, receipt: &str, more: &[(&str, &str)]) -> Host {
        let catalog = Puppets::new().write(&self.files);
        let own = TempDir::new_in(self.data.path()).unwrap().keep();
        let flags = [&self.flags(token, receipt), more].concat();
        Host::serve_with(&catalog, &guests_dir(), &own, &flags, &[])
    }

    /// A host that ends at once.
    fn refused(&self, token: &str, receipt: &str) -> Said {
        let catalog = Puppets::new().write(&self.files);
        let own = TempDir::new_in(self.data.path()).unwrap();
        let mut arguments = serve_arguments(&catalog, &guests_dir(), own.path());
        let flags = self.flags(token, receipt);
        let flags = flags.iter().flat_map(|(flag, value)| [*flag, *value]);
        arguments.extend(flags.chain(["--log", "off"]).map(str::to_owned));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let said = levain(&arguments);
        assert_eq!(said.code, 2, "{}", said.all());
        said
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn host_with_other_keys_is_refused_in_words() {
    let ring = Ring::forge().await;
    let first = ring.host(SIGNING_KEY, SIGNING_KEY, &[]);
    let (_, session) = create(&first).unwrap();
    // A file of SQLite is one host's.
    if !on_postgres() {
        first.stop();
    }
    let both = ring.refused(OTHER_KEY, OTHER_KEY);
    masked_text().bind(|| insta::assert_snapshot!("other_keys", both.all()));
    let token = ring.refused(OTHER_KEY, SIGNING_KEY).err;
    assert!(token.contains("another token key"), "{token}");
    assert!(!token.contains("another receipt key"), "{token}");
    let receipt = ring.refused(SIGNING_KEY, OTHER_KEY).err;
    assert!(receipt.contains("another receipt key"), "{receipt}");
    assert!(!receipt.contains("another token key"), "{receipt}");

    let same = ring.host(SIGNING_KEY, SIGNING_KEY, &[]);
    assert_eq!(read(&same, &session).2, 200, "tokens outlive their host");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_replaced_on_purpose() {
    let ring = Ring::forge().await;
    let before = ring.host(SIGNING_KEY, SIGNING_KEY, &[]);
    let (_, session) = create(&before).unwrap();
    let (_, public_before) = before.get("/api/demo/receipt-key");
    before.stop();

    let replacing = [("--replace-keys", "true")];
    let after = ring.host(OTHER_KEY, OTHER_KEY, &replacing);
    let (_, shown, status, problem) = read(&after, &session);
    assert_eq!(shown["status"], "READY", "the session lives on");
    assert_eq!(status, 401, "and its token opens nothing: {problem:#}");
    let (_, public_after) = after.get("/api/demo/receipt-key");
    assert_ne!(public_after, public_before);
    let (status, _) = act(&after, Method::DELETE, id(&session), "").unwrap();
    assert_eq!(status, 200, "whoever knows its id can end it");
    let (_, session) = create(&after).unwrap();
    assert_eq!(read(&after, &session).2, 200);
    after.stop();

    let again = ring.host(OTHER_KEY, OTHER_KEY, &[]);
    assert_eq!(read(&again, &session).2, 200);
    again.stop();
    ring.refused(SIGNING_KEY, SIGNING_KEY);
}
