//! Names: a session's is a capability, so it must not be guessed and is never logged whole.

use uuid::Uuid;

use levain_model::hex;

/// Where the names of sessions and tenants come from.
pub trait IdSource: Send + Sync + 'static {
    /// A session's name: `demo_` and an unguessable part.
    ///
    /// # Errors
    /// The operating system's word, where it has no random numbers to give.
    fn session_id(&self) -> Result<String, String>;
    /// A virtual tenant's id.
    fn tenant_id(&self) -> Uuid;
}

/// Names from the operating system's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn session_id(&self) -> Result<String, String> {
        let mut secret = [0_u8; 16];
        getrandom::fill(&mut secret).map_err(|error| error.to_string())?;
        Ok(format!("demo_{}", hex(&secret)))
    }

    fn tenant_id(&self) -> Uuid {
        Uuid::new_v4()
    }
}

/// A session's name as the log may show it: enough to find it, too little to use it.
#[must_use]
pub fn redacted(session_id: &str) -> String {
    session_id.chars().take(12).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_long_different_and_shortened_in_the_log() {
        let (one, two) = (
            RandomIds.session_id().unwrap(),
            RandomIds.session_id().unwrap(),
        );
        assert_ne!(one, two);
        assert_eq!(one.len(), "demo_".len() + 32);
        assert_eq!(redacted(&one).chars().count(), 13);
    }
}
