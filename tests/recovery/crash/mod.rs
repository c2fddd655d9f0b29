//! Hosts that are killed or paused in the middle of their work: nothing that was acknowledged is lost,
//! nothing half-made is visible, nothing is left over.
//!
//! All of it runs on whichever store the hosts under test have. `LEVAIN_CRASH_ROUNDS` says how many random
//! kills there are.

mod paused;
mod points;
mod random;
mod replicas;
