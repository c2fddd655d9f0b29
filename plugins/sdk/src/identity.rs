//! Identity: which id a cloned record gets (domain specification, section 6).
//!
//! The id of a record in a session is a pure function of the session's tenant and the record's *base
//! id*, the one in its fixture. So every domain derives the same id for another domain's record
//! without asking it, and clones that run at the same time agree.

use uuid::Uuid;

use crate::time::{Micros, day_of, push_compact_day};

/// The id of a record in a tenant: UUIDv5, namespace `tenant`, name the 16 bytes of `base_id`.
///
/// An outlet's virtual tenant derives from its parent's in the same way.
pub fn derive(tenant: &Uuid, base_id: &Uuid) -> Uuid {
    Uuid::new_v5(tenant, base_id.as_bytes())
}

/// The base id of a record that a plugin makes itself: UUIDv5 of its subject's base id and a label
/// that says what the record is to the subject.
pub fn derive_base(subject_base_id: &Uuid, label: &str) -> Uuid {
    Uuid::new_v5(subject_base_id, label.as_bytes())
}

/// The last part of a user-facing code: six characters of `[A-Z0-9]`, a function of the base id alone.
///
/// Two thousand million values are enough for no two records of a catalog to meet by chance; that they
/// do not is proved when the catalog loads.
pub fn code_suffix(base_id: &Uuid) -> String {
    const ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut number = derive_base(base_id, "code").as_u128();
    let mut suffix = String::with_capacity(6);
    for _ in 0..6 {
        let place = usize::try_from(number % 36).unwrap_or_default();
        suffix.push(ALPHABET.get(place).copied().map_or('A', char::from));
        number /= 36;
    }
    suffix
}

/// A user-facing code: `PREFIX-YYYYMMDD-XXXXXX`, with the record's own date in the session (UTC) and
/// its [`code_suffix`].
pub fn code(prefix: &str, date: Micros, base_id: &Uuid) -> String {
    let mut code = String::with_capacity(prefix.len() + 16);
    code.push_str(prefix);
    code.push('-');
    push_compact_day(&mut code, day_of(date));
    code.push('-');
    code.push_str(&code_suffix(base_id));
    code
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_id_is_rfc_4122_version_5() {
        let tenant = Uuid::from_u128(0xa1b2_c3d4_e5f6_47a8_b9c0_d1e2_f3a4_b5c6);
        let base = Uuid::from_u128(0x2300_0000_0000_4000_8000_0000_0000_0001);
        // Python: uuid.UUID(bytes=sha1(tenant.bytes + base.bytes).digest()[:16], version=5)
        assert_eq!(derive(&tenant, &base).to_string(), EXPECTED);
    }

    const EXPECTED: &str = "0aa013c3-91b5-5d59-b0fe-215d4102218d";

    proptest! {
        #[test]
        fn tenants_share_no_id(a: u128, b: u128, base: u128) {
            prop_assume!(a != b);
            let base = Uuid::from_u128(base);
            let id = derive(&Uuid::from_u128(a), &base);
            prop_assert_ne!(id, derive(&Uuid::from_u128(b), &base));
            prop_assert_eq!(id.get_version_num(), 5);
        }

        #[test]
        fn labels_tell_made_records_apart(subject: u128, a in "[a-z]{1,8}", b in "[a-z]{1,8}") {
            prop_assume!(a != b);
            let subject = Uuid::from_u128(subject);
            prop_assert_ne!(derive_base(&subject, &a), derive_base(&subject, &b));
        }

        #[test]
        fn a_code_has_its_form(base: u128, date in 0..4_102_444_800_000_000_i64) {
            let base = Uuid::from_u128(base);
            let code = code("BATCH", date, &base);
            let suffix = code_suffix(&base);
            prop_assert!(suffix.len() == 6 && suffix.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
            prop_assert_eq!(&code, &format!("BATCH-{}-{suffix}", crate::time::format_day(day_of(date)).replace('-', "")));
        }
    }

    #[test]
    fn suffixes_of_neighbours_differ() {
        let suffixes: std::collections::BTreeSet<String> = (0..5_000)
            .map(|n| {
                code_suffix(&Uuid::from_u128(
                    0x2300_0000_0000_4000_8000_0000_0000_0000 + n,
                ))
            })
            .collect();
        assert_eq!(suffixes.len(), 5_000);
    }
}
