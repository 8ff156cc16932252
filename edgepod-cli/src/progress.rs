//! A line that moves while something takes its time. Where there is no terminal, nothing is printed.

use std::{
    path::Path,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use walkdir::WalkDir;

/// What goes on, and for how long it has.
const TIME: &str = "{spinner:>12} {msg}, {elapsed}";

/// How much of it is there.
const BYTES: &str =
    "{spinner:>12} {msg} [{bar:24}] {decimal_bytes} of about {decimal_total_bytes}, {elapsed}";

/// How often the line changes.
const TICK: Duration = Duration::from_millis(120);

/// How often a folder is looked at.
const LOOK: Duration = Duration::from_millis(400);

/// The line. Dropping it takes it away.
pub(crate) struct Progress {
    bar: ProgressBar,
    watcher: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Shows that `what` goes on, and for how long it has.
    pub fn of(what: impl Into<String>) -> Self {
        let bar = ProgressBar::new_spinner().with_message(what.into());
        bar.set_style(style(TIME));
        bar.enable_steady_tick(TICK);
        Self { bar, watcher: None }
    }

    /// Shows how `folder` grows to about so many `bytes`.
    pub fn of_folder(what: impl Into<String>, folder: &Path, bytes: u64) -> Self {
        let bar = ProgressBar::new(bytes).with_message(what.into());
        bar.set_style(style(BYTES));
        bar.enable_steady_tick(TICK);
        if bar.is_hidden() {
            return Self { bar, watcher: None };
        }
        let (end, ended) = mpsc::channel();
        let (watched, folder) = (bar.clone(), folder.to_owned());
        let watcher = thread::spawn(move || {
            while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                // It is about so many bytes: the bar never says that it is done before it is.
                watched.set_position(size(&folder).min(bytes / 100 * 99));
            }
        });
        Self {
            bar,
            watcher: Some((end, watcher)),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((end, watcher)) = self.watcher.take() {
            drop(end);
            // A panic in there has been printed, and the bar goes anyway.
            let _ = watcher.join();
        }
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .progress_chars("=> ")
}

/// The bytes of all files in `folder`; those that go while it is looked at do not count.
fn size(folder: &Path) -> u64 {
    WalkDir::new(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .filter(std::fs::Metadata::is_file)
        .map(|file| file.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_one() {
        for template in [TIME, BYTES] {
            ProgressStyle::with_template(template).unwrap();
        }
    }

    #[test]
    fn a_folders_size_is_that_of_all_its_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("inner")).unwrap();
        std::fs::write(folder.path().join("a"), [0; 1000]).unwrap();
        std::fs::write(folder.path().join("inner/b"), [0; 234]).unwrap();
        assert_eq!(size(folder.path()), 1234);
    }
}
