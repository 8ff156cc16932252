//! What is printed and kept, and what the budgets say.

use std::{collections::BTreeMap, path::PathBuf, process::Command};

use anyhow::{Context, Result};
use fs_err as fs;
use serde::Serialize;

use crate::{
    contender::{self, Contender, Runs},
    options::Options,
    server, stats,
};

/// Which way a measure is better.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    MoreIsBetter,
    LessIsBetter,
}

/// One thing that was measured, of all contenders.
#[derive(Serialize)]
pub(crate) struct Measure {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) direction: Direction,
    /// The limit of the ratio to the hand-written Worker.
    pub(crate) budget: Option<f64>,
    /// By contender, then by round; `None` where the system does not tell.
    pub(crate) rounds: Vec<Vec<Option<f64>>>,
}

/// A contender's figures for one measure.
#[derive(Clone, Copy, Serialize)]
struct Figures {
    median: f64,
    /// To the first contender, round by round: the median, the smallest and the largest.
    ratio: Option<[f64; 3]>,
}

impl Measure {
    /// The figures of the contender with this index, when there are any.
    fn figures(&self, index: usize) -> Option<Figures> {
        let values: Vec<f64> = self.rounds[index].iter().copied().collect::<Option<_>>()?;
        let ratios: Option<Vec<f64>> = self.rounds[0]
            .iter()
            .zip(&values)
            .map(|(base, value)| Some(value / (*base)?))
            .collect();
        let ratio = ratios.filter(|_| index > 0).map(|ratios| {
            let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
            let most = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            [stats::median(&ratios), least, most]
        });
        Some(Figures {
            median: stats::median(&values),
            ratio,
        })
    }

    /// Whether the budget is kept at this median ratio; true where there is none.
    fn keeps_budget(&self, ratio: f64) -> bool {
        self.budget.is_none_or(|budget| match self.direction {
            Direction::MoreIsBetter => ratio >= budget,
            Direction::LessIsBetter => ratio <= budget,
        })
    }

    fn shown_budget(&self) -> String {
        match (self.budget, self.direction) {
            (None, _) => String::new(),
            (Some(budget), Direction::MoreIsBetter) => format!("≥ {budget}"),
            (Some(budget), Direction::LessIsBetter) => format!("≤ {budget}"),
        }
    }
}

/// Everything that a run found, and on what.
#[derive(Serialize)]
pub(crate) struct Report {
    /// What the figures depend on besides the code.
    conditions: BTreeMap<&'static str, String>,
    contenders: Vec<String>,
    measures: Vec<Measure>,
    /// For every round under load: how many cores other programs kept busy.
    other_programs: Vec<f64>,
}

/// Cores kept busy by other programs beyond which speeds and latencies are not to be trusted.
const DISTURBED: f64 = 0.1;

impl Report {
    /// One without measures.
    ///
    /// # Errors
    /// When there is no workerd.
    pub(crate) fn new(options: &Options, contenders: &[Contender]) -> Result<Self> {
        let output = |command: &mut Command| {
            let output = command.current_dir(contender::root()).output().ok()?;
            output
                .status
                .success()
                .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let mut conditions = BTreeMap::from([
            (
                "cores",
                std::thread::available_parallelism()
                    .map_or(0, usize::from)
                    .to_string(),
            ),
            ("rounds", options.rounds.to_string()),
            ("seconds", options.seconds.as_secs_f64().to_string()),
            ("connections", options.connections.to_string()),
        ]);
        let is_worker = |contender: &Contender| matches!(contender.runs, Runs::Worker(_));
        if contenders.iter().any(is_worker) {
            conditions.extend(
                output(Command::new(server::program()?).arg("--version"))
                    .map(|version| ("workerd", version)),
            );
        }
        conditions.extend(
            output(Command::new("git").args(["describe", "--always", "--dirty", "--exclude=*"]))
                .map(|commit| ("commit", commit)),
        );
        conditions.extend(processor().map(|processor| ("processor", processor)));
        Ok(Self {
            conditions,
            contenders: contenders
                .iter()
                .map(|contender| contender.name.clone())
                .collect(),
            measures: Vec::new(),
            other_programs: Vec::new(),
        })
    }

    pub(crate) fn add(&mut self, measure: Measure) {
        self.measures.push(measure);
    }

    /// Notes how many cores other programs kept busy, round by round.
    pub(crate) fn disturbed_by(&mut self, cores: impl IntoIterator<Item = f64>) {
        self.other_programs.extend(cores);
    }

    /// Prints the figures as a table of Markdown.
    pub(crate) fn print(&self) {
        println!();
        for (name, value) in &self.conditions {
            println!("- {name}: {value}");
        }
        if !self.other_programs.is_empty() {
            let cores = stats::median(&self.other_programs);
            println!("- cores that other programs kept busy: {cores:.2}");
            if cores > DISTURBED {
                println!(
                    "  This disturbs: trust CPU per request, and repeat the run on a quiet machine for the rest."
                );
            }
        }
        let mut header = vec![
            "median of all rounds".to_owned(),
            self.contenders[0].clone(),
        ];
        for name in &self.contenders[1..] {
            header.extend([name.clone(), format!("{name} / {}", self.contenders[0])]);
        }
        header.push("budget".to_owned());
        let mut rows = vec![header];
        for measure in &self.measures {
            let mut row = vec![measure.name.clone()];
            for index in 0..self.contenders.len() {
                let figures = measure.figures(index);
                row.push(figures.map_or("–".into(), |figures| shown(figures.median, measure.unit)));
                if index > 0 {
                    row.push(figures.and_then(|figures| figures.ratio).map_or(
                        "–".into(),
                        |[ratio, least, most]| {
                            let mark = if measure.keeps_budget(ratio) {
                                ""
                            } else {
                                " ✗"
                            };
                            format!("{ratio:.2} ({least:.2}–{most:.2}){mark}")
                        },
                    ));
                }
            }
            row.push(measure.shown_budget());
            rows.push(row);
        }
        println!("\n{}", markdown(&rows));
    }

    /// Writes the figures of every round as JSON, and returns where.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn save(&self, options: &Options, name: &str) -> Result<PathBuf> {
        let folder = contender::root().join("target/bench");
        let path = match &options.json {
            Some(file) if name == "latest" => file.clone(),
            Some(file) => file.with_extension(format!("{name}.json")),
            None => folder.join(name).with_extension("json"),
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let text = serde_json::to_string_pretty(self).context("writing the figures as JSON")?;
        fs::write(&path, text + "\n")?;
        Ok(path)
    }

    /// What misses its budget, one sentence each.
    pub(crate) fn missed_budgets(&self) -> Vec<String> {
        let mut missed = Vec::new();
        for measure in &self.measures {
            for (index, contender) in self.contenders.iter().enumerate() {
                if let Some([ratio, ..]) = measure.figures(index).and_then(|figures| figures.ratio)
                    && !measure.keeps_budget(ratio)
                {
                    missed.push(format!(
                        "{}: {contender} is at {ratio:.2} of {}, and the budget is {}",
                        measure.name,
                        self.contenders[0],
                        measure.shown_budget()
                    ));
                }
            }
        }
        missed
    }
}

/// A value with three significant digits or more, and its unit.
fn shown(value: f64, unit: &str) -> String {
    let decimals = match value {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$} {unit}").trim_end().to_owned()
}

/// A table whose columns are also aligned where Markdown is read as plain text.
fn markdown(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let line = |row: &Vec<String>| -> String {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        text.push_str(&line(row));
        if number == 0 {
            text.push_str(&line(
                &widths.iter().map(|width| "-".repeat(*width)).collect(),
            ));
        }
    }
    text
}

/// The processor's name, where the system tells it.
fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))?
        .1;
    Some(name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(direction: Direction, budget: f64, other: &[f64]) -> Measure {
        Measure {
            name: "case".into(),
            unit: "ms",
            direction,
            budget: Some(budget),
            rounds: vec![
                vec![Some(10.0); other.len()],
                other.iter().copied().map(Some).collect(),
            ],
        }
    }

    #[test]
    fn a_ratio_is_the_median_of_the_rounds_ratios() {
        let measure = Measure {
            rounds: vec![
                vec![Some(10.0), Some(20.0), Some(40.0)],
                vec![Some(11.0), Some(10.0), Some(60.0)],
            ],
            ..measure(Direction::MoreIsBetter, 1.0, &[])
        };
        let ratio = measure.figures(1).unwrap().ratio.unwrap();
        assert_eq!(ratio, [1.1, 0.5, 1.5]);
        assert!(measure.figures(0).unwrap().ratio.is_none());
    }

    #[test]
    fn a_budget_is_a_floor_for_speed_and_a_ceiling_for_cost() {
        assert!(measure(Direction::MoreIsBetter, 0.9, &[9.5]).keeps_budget(0.95));
        assert!(!measure(Direction::MoreIsBetter, 0.9, &[8.0]).keeps_budget(0.8));
        assert!(measure(Direction::LessIsBetter, 1.1, &[11.0]).keeps_budget(1.1));
        assert!(!measure(Direction::LessIsBetter, 1.1, &[12.0]).keeps_budget(1.2));
    }

    #[test]
    fn a_missed_budget_names_the_case_and_both_contenders() {
        let report = Report {
            conditions: BTreeMap::new(),
            contenders: vec!["handwritten".into(), "edgepod".into()],
            other_programs: Vec::new(),
            measures: vec![
                measure(Direction::LessIsBetter, 1.1, &[12.0]),
                measure(Direction::MoreIsBetter, 0.9, &[9.0]),
            ],
        };
        assert_eq!(
            report.missed_budgets(),
            ["case: edgepod is at 1.20 of handwritten, and the budget is ≤ 1.1"]
        );
    }

    #[test]
    fn what_the_system_does_not_tell_has_no_figures() {
        let measure = Measure {
            rounds: vec![vec![None], vec![None]],
            ..measure(Direction::LessIsBetter, 1.1, &[])
        };
        assert!(measure.figures(0).is_none() && measure.figures(1).is_none());
    }
}
