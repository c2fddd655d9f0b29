//! Progress: a bar on a terminal, a line every few sessions in a log.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::output::Output;

/// Sessions between two lines of a log.
const STRIDE: usize = 25;

/// The progress of one account.
pub(super) struct Progress<'p> {
    account: &'p str,
    sessions: u32,
    output: Output,
    bar: Option<ProgressBar>,
}

impl<'p> Progress<'p> {
    pub(super) fn new(account: &'p str, sessions: u32, output: Output) -> Self {
        Self {
            account,
            sessions,
            output,
            bar: output.is_watched().then(|| bar(account, sessions)),
        }
    }

    pub(super) fn step(&self, done: usize) {
        match &self.bar {
            Some(bar) => bar.inc(1),
            None if done.is_multiple_of(STRIDE) => self.output.say(&format!(
                "{}: {done} of {} sessions",
                self.account, self.sessions
            )),
            None => {}
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(account: &str, sessions: u32) -> ProgressBar {
    let target = ProgressDrawTarget::stderr();
    let bar = ProgressBar::with_draw_target(Some(u64::from(sessions)), target);
    // An invalid template only changes the style of the bar.
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} sessions {elapsed}")
    {
        bar.set_style(style);
    }
    bar.with_message(account.to_owned())
}
