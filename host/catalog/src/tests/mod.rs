//! The catalog's own tests run on a small library, so that no trade is known here.

mod clones;
mod desk;
mod exports;
mod faults;
mod library;
mod products;
mod references;
mod session;
mod times;
mod whole;
