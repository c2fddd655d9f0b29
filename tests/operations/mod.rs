//! What an operator sees of a host: metrics, spans, its mirror in Redis, its notices.

mod boards;
mod cleanup;
mod metrics;
mod mirror;
mod outage;
mod redis_server;
mod traces;
