//! `levain session ...` and `levain verify` against a host that really serves: tables for people, the API's JSON for
//! machines, exit codes, and hints that hold the command to run.

mod failures;
mod receipts;
mod sessions;
mod verify;
