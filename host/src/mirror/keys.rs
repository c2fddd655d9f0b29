//! Which keys of a Redis are of tenants whose session is over.

use std::collections::HashSet;

use uuid::Uuid;

/// The length of a tenant's id as text.
const ID: usize = 36;

/// Tenants whose keys are to go.
pub(super) struct TenantKeys {
    ids: HashSet<Vec<u8>>,
    /// `{prefix}:`, before what this host itself may have written of a tenant.
    own: Vec<u8>,
}

impl TenantKeys {
    pub(super) fn new(prefix: &str, tenants: impl Iterator<Item = Uuid>) -> Self {
        Self {
            ids: tenants.map(|id| id.to_string().into_bytes()).collect(),
            own: format!("{prefix}:").into_bytes(),
        }
    }

    /// What Redis is asked for: one pass over its keys is enough for any number of tenants, so it
    /// answers what may be theirs, and [`TenantKeys::holds`] decides.
    pub(super) fn pattern(&self) -> String {
        let mut ids = self.ids.iter();
        match (ids.next(), ids.next()) {
            (Some(only), None) => format!("*:{}*", String::from_utf8_lossy(only)),
            _ => "*:????????-????-????-????-????????????*".to_owned(),
        }
    }

    /// Whether a key is one of theirs: `*:{tenant}:*`, as the product's own cleanup has it, or
    /// `{prefix}:{tenant}*`.
    pub(super) fn holds(&self, key: &[u8]) -> bool {
        let id_at = |at: usize| {
            let end = at.saturating_add(ID);
            key.get(at..end).is_some_and(|id| self.ids.contains(id))
        };
        if key.starts_with(&self.own) && id_at(self.own.len()) {
            return true;
        }
        let colons = key.iter().enumerate().filter(|(_, byte)| **byte == b':');
        colons
            .map(|(colon, _)| colon + 1)
            .any(|at| id_at(at) && key.get(at + ID) == Some(&b':'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Uuid = Uuid::from_u128(0x1111_2222_3333_4444_5555_6666_7777_8888);
    const OTHER: Uuid = Uuid::from_u128(0x9999_2222_3333_4444_5555_6666_7777_8888);

    #[test]
    fn a_key_is_a_tenants_by_its_place_in_it() {
        let keys = TenantKeys::new("demo:session", [ONE].into_iter());
        for theirs in [
            format!("cache:{ONE}:books"),
            format!("a:b:{ONE}:c:{OTHER}"),
            format!("x:{OTHER}:{ONE}:"),
            format!("demo:session:{ONE}"),
            format!("demo:session:{ONE}-more"),
        ] {
            assert!(keys.holds(theirs.as_bytes()), "{theirs}");
        }
        for foreign in [
            format!("cache:{OTHER}:books"),
            format!("{ONE}:books"),
            format!("cache:{ONE}"),
            format!("cache:{ONE}x:books"),
            format!("demo:session:{OTHER}"),
            "demo:session:".to_owned(),
            ":::".to_owned(),
            String::new(),
        ] {
            assert!(!keys.holds(foreign.as_bytes()), "{foreign}");
        }
        assert!(!keys.holds(&[0xff, b':', 0xfe]));
    }

    #[test]
    fn one_tenant_is_asked_for_by_name_and_several_by_shape() {
        let one = TenantKeys::new("p", [ONE].into_iter());
        assert_eq!(one.pattern(), format!("*:{ONE}*"));
        let both = TenantKeys::new("p", [ONE, OTHER].into_iter());
        assert_eq!(both.pattern(), "*:????????-????-????-????-????????????*");
        assert!(both.holds(format!("x:{OTHER}:y").as_bytes()));
    }
}
