//! The corpus.

use std::{collections::BTreeSet, fmt::Write};

use serde::Deserialize;

use crate::sqlite::{Names, Optimiser, Sqlite, names};

#[derive(Deserialize)]
struct Corpus {
    group: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    about: String,
    schema: Vec<String>,
    cases: Vec<(String, String, String)>,
}

fn set(written: &str) -> Names {
    written
        .split('|')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn corpus() -> Corpus {
    toml::from_str(include_str!("corpus.toml")).expect("corpus.toml")
}

#[test]
fn every_statement_of_the_corpus_touches_what_it_says() {
    let mut wrong = String::new();
    let mut count = 0;
    for group in corpus().group {
        let sqlite = Sqlite::new(Optimiser::On);
        for sql in &group.schema {
            sqlite.execute(sql);
        }
        for (sql, reads, writes) in &group.cases {
            count += 1;
            let told = match sqlite.plan(sql) {
                Ok(plan) => (names(&plan.reads), names(&plan.writes)),
                Err(error) => {
                    writeln!(wrong, "{}: {sql}\n  {error}", group.about).unwrap();
                    continue;
                }
            };
            let expected = (set(reads), set(writes));
            if told != expected {
                writeln!(
                    wrong,
                    "{}: {sql}\n  told     {told:?}\n  expected {expected:?}",
                    group.about
                )
                .unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(count >= 150, "{count} statements");
}

#[test]
fn no_statement_is_twice_in_the_corpus() {
    for group in corpus().group {
        let mut seen = BTreeSet::new();
        for (sql, ..) in &group.cases {
            assert!(seen.insert(sql), "{}: {sql}", group.about);
        }
    }
}
