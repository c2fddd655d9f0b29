//! The catalog's own tests run on a small library, so that no trade is known here.

mod clones;
mod exports;
mod faults;
mod library;
mod references;
mod session;
