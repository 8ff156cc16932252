//! How many checks passed and failed, read from what the runners print.

use std::{fmt, iter::Sum, ops::Add};

use crate::run::Finished;

/// Counts of checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) passed: usize,
    pub(super) failed: usize,
    /// Cases that the runner left out. They are shown; they do not fail a run.
    pub(super) skipped: usize,
}

impl Totals {
    /// For what is one check by itself: a formatter, a linter, a build.
    pub(super) fn of_exit(finished: &Finished) -> Self {
        if finished.success {
            Self {
                passed: 1,
                ..Self::default()
            }
        } else {
            Self::one_failure()
        }
    }

    pub(super) fn one_failure() -> Self {
        Self {
            failed: 1,
            ..Self::default()
        }
    }

    /// Counts from the `test result:` lines of libtest, which doc tests and libtest-mimic print too.
    pub(super) fn of_cargo_test(finished: &Finished) -> Self {
        finished
            .output
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("test result:"))
            .map(|summary| Self {
                passed: count_before(summary, "passed"),
                failed: count_before(summary, "failed"),
                skipped: count_before(summary, "ignored"),
            })
            .sum::<Self>()
            .agreeing_with(finished)
    }

    /// Counts from vitest's `Tests  1 failed | 12 passed (13)` line.
    pub(super) fn of_vitest(finished: &Finished) -> Self {
        finished
            .output
            .lines()
            .map(without_colours)
            .filter_map(|line| line.trim_start().strip_prefix("Tests ").map(str::to_owned))
            .map(|summary| Self {
                passed: count_before(&summary, "passed"),
                failed: count_before(&summary, "failed"),
                skipped: count_before(&summary, "skipped"),
            })
            .sum::<Self>()
            .agreeing_with(finished)
    }

    /// A program that failed without a failed case (it did not compile, it crashed) is one failure.
    fn agreeing_with(self, finished: &Finished) -> Self {
        if !finished.success && self.failed == 0 {
            self + Self::one_failure()
        } else {
            self
        }
    }

    /// A suite that ran nothing has failed.
    pub(super) fn or_failure_if_empty(self) -> Self {
        if self.passed + self.failed == 0 {
            self + Self::one_failure()
        } else {
            self
        }
    }
}

impl Add for Totals {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl Sum for Totals {
    fn sum<I: Iterator<Item = Self>>(totals: I) -> Self {
        totals.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// The number that stands directly before `word`, or 0.
fn count_before(summary: &str, word: &str) -> usize {
    let words: Vec<&str> = summary.split_whitespace().collect();
    words
        .windows(2)
        .find(|pair| pair[1].trim_end_matches([',', ';']) == word)
        .and_then(|pair| pair[0].parse().ok())
        .unwrap_or(0)
}

/// The line without terminal colours (`ESC [ … m`).
fn without_colours(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(success: bool, output: &str) -> Finished {
        Finished {
            success,
            output: output.to_owned(),
        }
    }

    #[test]
    fn every_summary_of_cargo_test_is_added() {
        let output = "running 2 tests\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 3 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n";
        let totals = Totals::of_cargo_test(&finished(false, output));
        assert_eq!(
            totals,
            Totals {
                passed: 5,
                failed: 4,
                skipped: 1
            }
        );
    }

    #[test]
    fn a_program_that_fails_before_its_first_case_is_a_failure() {
        let totals = Totals::of_cargo_test(&finished(false, "error: could not compile `x`\n"));
        assert_eq!(totals, Totals::one_failure());
    }

    #[test]
    fn a_suite_that_ran_nothing_has_failed() {
        let totals = Totals::of_vitest(&finished(true, "")).or_failure_if_empty();
        assert_eq!(totals, Totals::one_failure());
    }

    #[test]
    fn vitest_is_read_with_and_without_colours() {
        let plain =
            " Test Files  1 passed (1)\n      Tests  1 failed | 12 passed | 2 skipped (15)\n";
        let coloured = "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m7 passed\u{1b}[39m\u{1b}[22m\u{1b}[90m (7)\u{1b}[39m\n";
        assert_eq!(
            Totals::of_vitest(&finished(false, plain)),
            Totals {
                passed: 12,
                failed: 1,
                skipped: 2
            }
        );
        assert_eq!(
            Totals::of_vitest(&finished(true, coloured)),
            Totals {
                passed: 7,
                failed: 0,
                skipped: 0
            }
        );
    }
}
