use super::*;
fn settings(data_dir: &Path) -> KeySettings {
    KeySettings {
        data_dir: data_dir.to_owned(),
        listen: SocketAddr::from(([127, 0, 0, 1], 8018)),
        internal_api_key: None,
        admin_api_key: None,
        token_key: None,
        receipt_key: None,
    }
}

#[test]
fn keys_are_made_once_and_read_ever_after() {
    let directory = tempfile::tempdir().unwrap();
    let settings = settings(&directory.path().join("new"));
    let first = settings.open().unwrap();
    let names: Vec<&str> = first.made.iter().map(|made| made.name).collect();
    assert_eq!(names, ["internal", "admin"]);
    let file = first.made[0].file.clone();
    assert_ne!(first.internal_api_key, first.admin_api_key);
    assert_eq!(first.internal_api_key.reveal().len(), 64);
    assert_eq!(first.token_key().len(), 64);
    let again = settings.open().unwrap();
    assert_eq!(again.made, []);
    assert_eq!(again.internal_api_key, first.internal_api_key);
    assert_eq!(again.token_key(), first.token_key());
    assert_eq!(again.receipt_key(), first.receipt_key());
    assert_ne!(first.receipt_key(), first.token_key());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 5);
}

#[test]
fn a_given_key_is_taken_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = settings(directory.path());
    settings.internal_api_key = Some(Secret::new("0123456789abcdef"));
    settings.admin_api_key = Some(Secret::new("fedcba9876543210"));
    let keys = settings.open().unwrap();
    assert_eq!(keys.internal_api_key.reveal(), "0123456789abcdef");
    assert_eq!(keys.admin_api_key.reveal(), "fedcba9876543210");
    assert_eq!(keys.made, []);
}

#[test]
fn beyond_loopback_somebody_must_have_chosen_the_key() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = settings(directory.path());
    settings.open().unwrap();
    settings.listen = "0.0.0.0:8018".parse().unwrap();
    let refusal = settings.open().unwrap_err();
    assert!(
        refusal.to_string().contains("INTERNAL_API_KEY"),
        "{refusal}"
    );
    settings.internal_api_key = Some(Secret::new("0123456789abcdef"));
    let refusal = settings.open().unwrap_err();
    assert!(refusal.to_string().contains("ADMIN_API_KEY"), "{refusal}");
    settings.admin_api_key = Some(Secret::new("fedcba9876543210"));
    settings.open().unwrap();
}

#[test]
fn a_spoilt_key_file_is_named_and_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let settings = settings(directory.path());
    settings.open().unwrap();
    let file = directory.path().join(TOKEN_KEY_FILE);
    fs::write(&file, "rubbish").unwrap();
    let refusal = settings.open().unwrap_err();
    assert!(matches!(refusal, KeyError::Malformed { .. }), "{refusal}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "rubbish");
}

#[test]
fn keys_are_long_and_fit_a_header() {
    assert!(api_key("0123456789abcdef").is_ok());
    for text in ["0123456789abcde", "0123456789 abcdef", "0123456789abcdeñ"] {
        assert!(api_key(text).is_err());
    }
}

#[test]
fn signing_keys_are_checked_whole() {
    assert!(signing_key("00").is_err());
    assert!(signing_key(&"0g".repeat(64)).is_err());
    assert!(signing_key(&"00".repeat(64)).is_err(), "no seed");
    assert!(
        signing_key(&"01".repeat(64)).is_err(),
        "halves do not match"
    );
    assert!(signing_key("0").is_err());
}
