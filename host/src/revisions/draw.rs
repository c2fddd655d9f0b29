//! What a proof draws at random, so that a candidate cannot tell its proof from a visitor's session: the names of
//! sessions, the tenants, and some of the instants. All of it derives from one seed, which the report has: a proof
//! with the same seed is the same proof.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use levain_model::{hex, unhex};

/// How far from the draw the drawn instants are: some soon after it, where visitors are, and some within a year.
const SOON: TimeDelta = TimeDelta::days(30);
const YEAR: TimeDelta = TimeDelta::days(365);

/// Instants that are drawn of either kind.
const EACH: u64 = 2;

/// What everything random of a proof derives from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed {
    /// When it was drawn, in seconds of the Unix time: the drawn instants lie around it.
    drawn_at: i64,
    secret: [u8; 16],
}

impl Seed {
    /// A new one.
    ///
    /// # Errors
    /// The operating system's word, where it has no random numbers to give.
    pub(super) fn draw(now: DateTime<Utc>) -> Result<Self, String> {
        let mut secret = [0_u8; 16];
        getrandom::fill(&mut secret).map_err(|error| error.to_string())?;
        Ok(Self {
            drawn_at: now.timestamp(),
            secret,
        })
    }

    /// A session's name, of the shape that visitors' sessions have.
    pub(super) fn session_id(&self, of: &[&str]) -> String {
        format!("demo_{}", hex(&self.bytes("session", of)))
    }

    /// A tenant's id, of the shape that visitors' tenants have.
    pub(super) fn tenant_id(&self, of: &[&str]) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes("tenant", of)).into_uuid()
    }

    /// The drawn instants, to the microsecond, as a visitor's are.
    pub(super) fn instants(&self) -> Vec<DateTime<Utc>> {
        let drawn_at = DateTime::from_timestamp(self.drawn_at, 0).unwrap_or_default();
        let spread = |kind: &str, number: u64, from: TimeDelta, length: TimeDelta| {
            let drawn = u128::from_be_bytes(self.bytes(kind, &[&number.to_string()]));
            let microseconds = u128::try_from(length.num_microseconds().unwrap_or(1)).unwrap_or(1);
            let offset = i64::try_from(drawn % microseconds).unwrap_or_default();
            (drawn_at + from + TimeDelta::microseconds(offset)).trunc_subsecs(6)
        };
        let soon = (0..EACH).map(|number| spread("soon", number, TimeDelta::zero(), SOON));
        let within_a_year = (0..EACH).map(|number| spread("year", number, -YEAR, YEAR * 2));
        soon.chain(within_a_year).collect()
    }

    /// Bytes that are unpredictable without the seed.
    fn bytes(&self, kind: &str, of: &[&str]) -> [u8; 16] {
        let mut digest = Sha256::new();
        digest.update(self.drawn_at.to_be_bytes());
        digest.update(self.secret);
        for text in std::iter::once(&kind).chain(of) {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        }
        let mut bytes = [0_u8; 16];
        for (byte, digested) in bytes.iter_mut().zip(digest.finalize()) {
            *byte = digested;
        }
        bytes
    }
}

/// Hexadecimal, lower case.
impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = hex(&self.drawn_at.to_be_bytes());
        write!(f, "{time}{}", hex(&self.secret))
    }
}

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || "must be the seed of a proof: 48 hexadecimal digits".to_owned();
        let bytes = unhex(text).ok_or_else(malformed)?;
        let (time, secret) = bytes.split_at_checked(8).ok_or_else(malformed)?;
        let drawn_at = i64::from_be_bytes(time.try_into().map_err(|_| malformed())?);
        let secret = secret.try_into().map_err(|_| malformed())?;
        // Where sessions can be: the data clock is of this time.
        let in_range = (946_684_800..4_102_444_800).contains(&drawn_at);
        in_range
            .then_some(Self { drawn_at, secret })
            .ok_or_else(malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::{IdSource as _, RandomIds, redacted};

    fn seed() -> Seed {
        Seed::draw("2026-03-02T10:00:00Z".parse().unwrap()).unwrap()
    }

    #[test]
    fn names_and_tenants_look_like_those_of_visitors() {
        let shape = |text: &str| -> String {
            let of = |c: char| if c.is_ascii_hexdigit() { 'x' } else { c };
            text.chars().map(of).collect()
        };
        let seed = seed();
        let name = seed.session_id(&["library"]);
        assert_eq!(shape(&name), shape(&RandomIds.session_id().unwrap()));
        assert_eq!(redacted(&name).chars().count(), 13);
        let (tenant, visitor) = (seed.tenant_id(&["library"]), RandomIds.tenant_id());
        assert_eq!(tenant.get_version_num(), visitor.get_version_num());
        assert_eq!(tenant.get_variant(), visitor.get_variant());
        assert_ne!(tenant, seed.tenant_id(&["museum"]));
        assert_ne!(seed.session_id(&["a", "b"]), seed.session_id(&["ab"]));
    }

    #[test]
    fn same_seed_is_same_proof_and_another_is_not() {
        let seed = seed();
        let again: Seed = seed.to_string().parse().unwrap();
        assert_eq!(again, seed);
        assert_eq!(again.instants(), seed.instants());
        assert_eq!(again.tenant_id(&["library"]), seed.tenant_id(&["library"]));
        let other = self::seed();
        assert_ne!(other.instants(), seed.instants());
        assert_ne!(other.tenant_id(&["library"]), seed.tenant_id(&["library"]));
        for wrong in ["", "00", "zz", &"f".repeat(48), &"0".repeat(48)] {
            assert!(wrong.parse::<Seed>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn drawn_instants_lie_around_the_draw() {
        let now: DateTime<Utc> = "2026-03-02T10:00:00Z".parse().unwrap();
        let instants = seed().instants();
        assert_eq!(instants.len(), 4);
        assert!(
            instants[..2]
                .iter()
                .all(|at| *at >= now && *at < now + SOON)
        );
        assert!(
            instants[2..]
                .iter()
                .all(|at| *at >= now - YEAR && *at < now + YEAR)
        );
        assert!(
            instants
                .iter()
                .any(|at| at.timestamp_subsec_micros() % 1000 != 0)
        );
    }
}
