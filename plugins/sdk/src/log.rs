//! One line to the host's log.

use crate::contract::Level;

/// Writes one line to the host's log, with session, tenant and domain added by the host. Lines over the
/// host's limit are dropped and counted; the call never fails. Outside of the sandbox there is no host
/// to listen, and nothing happens.
pub fn log(level: Level, message: &str) {
    #[cfg(all(feature = "guest", target_family = "wasm"))]
    crate::guest::log(level, message);
    #[cfg(not(all(feature = "guest", target_family = "wasm")))]
    let _ = (level, message);
}
