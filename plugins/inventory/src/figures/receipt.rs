//! Production received: what the workshop delivered to an outlet (domain specification, section 4.1).

use levain_plugin::time::{DAY, Instant, Micros};
use levain_plugin::{Decimal, Uuid};
use serde::Deserialize;

/// How far back the window reaches, by the moment of receipt.
pub const WINDOW: Micros = 7 * DAY;

/// The fields of a transfer that the figure is made of.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Transfer {
    pub outlet_tenant_id: Uuid,
    pub status: Status,
    pub received_at: Option<Instant>,
    pub received_quantity: Option<Decimal>,
}

/// How far a transfer has come.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// The outlet took it in.
    Received,
    /// It is planned or on its way.
    #[serde(other)]
    ToCome,
}

/// What an outlet took in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Receipts {
    /// Units accepted.
    pub units: Decimal,
    /// The transfers counted.
    pub transfers: i64,
}

impl Receipts {
    /// Counts a transfer that the outlet received in [now - 7 d, now).
    pub fn add(&mut self, transfer: &Transfer, outlet: Uuid, now: Micros) {
        let window = now.saturating_sub(WINDOW)..now;
        let received = transfer
            .received_at
            .is_some_and(|at| window.contains(&at.0));
        if received && transfer.status == Status::Received && transfer.outlet_tenant_id == outlet {
            self.units += transfer.received_quantity.unwrap_or_default();
            self.transfers += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = 1_772_445_600_000_000;
    const OUTLET: Uuid = Uuid::from_u128(2);

    fn transfer(at: Micros) -> Transfer {
        Transfer {
            outlet_tenant_id: OUTLET,
            status: Status::Received,
            received_at: Some(Instant(at)),
            received_quantity: Some(Decimal::whole(30)),
        }
    }

    fn of(transfers: &[Transfer]) -> Receipts {
        let mut sum = Receipts::default();
        transfers
            .iter()
            .for_each(|transfer| sum.add(transfer, OUTLET, NOW));
        sum
    }

    #[test]
    fn the_window_is_half_open() {
        for (at, counted) in [
            (NOW - WINDOW - 1, 0),
            (NOW - WINDOW, 1),
            (NOW - 1, 1),
            (NOW, 0),
        ] {
            assert_eq!(of(&[transfer(at)]).transfers, counted, "{}", at - NOW);
        }
    }

    #[test]
    fn what_others_got_or_is_to_come_does_not_count() {
        let other = Transfer {
            outlet_tenant_id: Uuid::from_u128(3),
            ..transfer(NOW - 1)
        };
        let coming = Transfer {
            status: Status::ToCome,
            ..transfer(NOW - 1)
        };
        let without = Transfer {
            received_at: None,
            ..transfer(NOW - 1)
        };
        assert_eq!(of(&[other, coming, without]), Receipts::default());
        let sum = of(&[other, transfer(NOW - 1), transfer(NOW - 2)]);
        assert_eq!(sum.units, Decimal::whole(60));
    }

    #[test]
    fn the_fields_of_a_stored_transfer() {
        let text = format!(
            r#"{{"outlet_tenant_id":"{OUTLET}","status":"PLANNED","received_at":null,"received_quantity":null}}"#
        );
        let read: Transfer = serde_json::from_str(&text).unwrap();
        assert_eq!((read.status, read.received_at), (Status::ToCome, None));
    }
}
