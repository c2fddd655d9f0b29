//! The real host as a process: how it starts, how it dies, what is left, and how it refuses.

mod cache;
mod components;
mod crash;
mod drain;
mod faults;
mod keys;
mod kill;
mod lock;
mod outage;
mod scene;
mod sound;
