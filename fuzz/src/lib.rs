//! What every fuzz target is: under `cargo fuzz` a target of libFuzzer; without it a program that runs the files that
//! are named, to repeat what a fuzzer found.

use std::io;

/// Defines the target of a name: see `levain::fuzzing`.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|input: &[u8]| levain::fuzzing::run($name, input));

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            $crate::repeat($name)
        }
    };
}

/// Runs a target on each file that the command line names.
///
/// # Errors
/// For a file that cannot be read.
///
/// # Panics
/// Where an input breaks a property.
pub fn repeat(name: &str) -> io::Result<()> {
    for file in std::env::args_os().skip(1) {
        levain::fuzzing::run(name, &std::fs::read(file)?);
    }
    Ok(())
}
