//! What the tests stand on: the catalog of the project or a small one of misbehaving plugins, and
//! a host over it that is driven through its router.

mod apiary;
mod app;
mod candidates;
mod clock;
mod disk;
mod events;
mod handmade;
mod hosting;
mod masks;
mod metrics;
mod process;
mod puppets;
mod raise;
mod receiver;
mod records;
mod relay;
#[path = "../../host/store/src/postgres/tests/server.rs"]
mod server;
mod store;
mod versions;

pub use apiary::apiary;
pub use app::{ADMIN_KEY, Answer, INTERNAL_KEY, SIGNING_KEY, TestApp};
pub use candidates::{Candidate, candidates, laborious};
pub use disk::Disk;
pub use events::Events;
pub use handmade::{Entries, Handmade};
pub use hosting::{Hosting, bakery, catalog_file, guests_dir, plugins_dir, root};
pub use masks::{masked, masked_text};
pub use metrics::Metrics;
pub use process::{Host, Running, Said, binary, copy, levain, serve_arguments, until};
pub use puppets::Puppets;
pub use raise::raise;
pub use receiver::{Received, Receiver};
pub use records::{Records, day, instant, number};
pub use relay::Relay;
pub use store::{Database, Store, on_postgres};
pub use versions::{Cycles, version};
