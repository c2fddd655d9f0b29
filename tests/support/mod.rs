//! What the tests stand on: the catalog of the project or a small one of misbehaving plugins, and
//! a host over it that is driven through its router.

mod app;
mod clock;
mod hosting;
mod masks;
mod process;
mod puppets;
mod records;

pub use app::{Answer, INTERNAL_KEY, TestApp};
pub use hosting::{Hosting, bakery, catalog_file, guests_dir, plugins_dir, root};
pub use masks::{masked, masked_text};
pub use process::{Host, Said, copy, levain, serve_arguments, until};
pub use puppets::Puppets;
pub use records::{Records, day, instant, number};
