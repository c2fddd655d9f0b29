//! What a session must contain, and what must be refused: the domain specification, walked by
//! queries over exports and by data read from the catalog, never by ids that a test knows.

mod corpus;
mod determinism;
mod exact_times;
mod instants;
mod raised;
mod references;
mod sample;
mod schemas;
mod second_trade;
mod shifted;
mod toolchains;
mod trade;
mod volumes;
mod xrules;
