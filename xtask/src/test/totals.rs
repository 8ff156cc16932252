//! How many checks passed and failed, read from what the runners print.

use std::{collections::BTreeMap, fmt, iter::Sum, ops::Add};

use crate::run::Finished;

/// Counts of checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) passed: usize,
    pub(super) failed: usize,
    /// Cases that the runner left out. They are shown; they do not fail a run.
    pub(super) skipped: usize,
    /// The cases that failed, as their runner names them, what they said, and what kept others from running: lines.
    pub(super) failures: Vec<String>,
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
                failures: Vec::new(),
            })
            .sum::<Self>()
            .agreeing_with(finished)
            .naming(failures_of_cargo_test(&finished.output))
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
                failures: Vec::new(),
            })
            .sum::<Self>()
            .agreeing_with(finished)
            .naming(failures_of_vitest(&finished.output))
    }

    /// A program that failed without a failed case (it did not compile, it crashed) is one failure.
    fn agreeing_with(self, finished: &Finished) -> Self {
        if !finished.success && self.failed == 0 {
            self + Self::one_failure()
        } else {
            self
        }
    }

    fn naming(self, failures: Vec<String>) -> Self {
        Self { failures, ..self }
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
            failures: [self.failures, other.failures].concat(),
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

/// How much of what a failed case says is told again at the end, in lines.
const TOLD: usize = 12;

/// The names in the last list that a test program prints under `failures:`, each with what its case said, and errors of what was not
/// built or ended early.
fn failures_of_cargo_test(output: &str) -> Vec<String> {
    let mut failures = Vec::new();
    let mut said: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut lines = output.lines().peekable();
    while let Some(line) = lines.next() {
        let of_a_case = line.strip_prefix("---- ");
        if let Some(case) = of_a_case.and_then(|rest| rest.strip_suffix(" stdout ----")) {
            let is_of_it = |line: &&str| !line.starts_with("---- ") && *line != "failures:";
            let lines = std::iter::from_fn(|| lines.next_if(is_of_it));
            said.insert(case, told(lines));
        } else if line == "failures:" {
            while let Some(name) = lines.next_if(|line| line.starts_with("    ")) {
                failures.push(name.trim().to_owned());
                let lines = said.remove(name.trim()).unwrap_or_default();
                failures.extend(lines.into_iter().map(indented));
            }
        } else if line.starts_with("error") {
            failures.push(line.to_owned());
        }
    }
    failures
}

/// `FAIL  file > case`, which vitest prints before each failure, and what it says of it.
fn failures_of_vitest(output: &str) -> Vec<String> {
    let mut failures: Vec<String> = Vec::new();
    let lines: Vec<String> = output.lines().map(without_colours).collect();
    let name_in = |line: &str| {
        let name = line.trim_start().strip_prefix("FAIL ")?;
        Some(name.trim().to_owned())
    };
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = name_in(line) else { continue };
        if failures.contains(&name) {
            continue;
        }
        failures.push(name);
        let after = lines[at + 1..].iter().map(String::as_str);
        let after = after.take_while(|line| name_in(line).is_none());
        failures.extend(told(after).into_iter().map(indented));
    }
    failures
}

/// The first lines that say something.
fn told<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut lines: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).collect();
    lines.truncate(TOLD);
    lines
}

fn indented(line: &str) -> String {
    format!("    {line}")
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
                skipped: 1,
                failures: Vec::new()
            }
        );
    }

    #[test]
    fn what_failed_is_named() {
        let libtest = "test a::b ... FAILED\n\nfailures:\n\n---- a::b stdout ----\n    indented\n\nfailures:\n    a::b\n    c::d\n\n\
            test result: FAILED. 0 passed; 2 failed; 0 ignored\nerror: test failed, to rerun pass `-p x`\n";
        assert_eq!(
            Totals::of_cargo_test(&finished(false, libtest)).failures,
            [
                "a::b",
                "        indented",
                "c::d",
                "error: test failed, to rerun pass `-p x`"
            ]
        );
        let vitest = "\u{1b}[41m\u{1b}[1m FAIL \u{1b}[22m\u{1b}[49m tests/a.test.ts\u{1b}[2m > \u{1b}[22mreads\n\n\
            \u{1b}[31mAssertionError: no row\u{1b}[39m\n";
        assert_eq!(
            Totals::of_vitest(&finished(false, vitest)).failures,
            ["tests/a.test.ts > reads", "    AssertionError: no row"]
        );
    }

    #[test]
    fn a_program_that_fails_before_its_first_case_is_a_failure() {
        let totals = Totals::of_cargo_test(&finished(false, "error: could not compile `x`\n"));
        let failures = vec!["error: could not compile `x`".to_owned()];
        assert_eq!(totals, Totals::one_failure().naming(failures));
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
                skipped: 2,
                failures: Vec::new()
            }
        );
        assert_eq!(
            Totals::of_vitest(&finished(true, coloured)),
            Totals {
                passed: 7,
                failed: 0,
                skipped: 0,
                failures: Vec::new()
            }
        );
    }
}
