//! The corpus of statements, as this host's SQLite sees it.

use std::{collections::BTreeSet, fmt::Write};

use edgepod_tests::{cases, server};
use serde::Deserialize;
use serde_json::json;

cases![every_statement_of_the_corpus_touches_what_it_says];

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

fn set(written: &str) -> BTreeSet<&str> {
    written.split('|').filter(|name| !name.is_empty()).collect()
}

fn every_statement_of_the_corpus_touches_what_it_says() {
    let corpus: Corpus = toml::from_str(include_str!(
        "../../edgepod-runtime/tests/tracking/corpus.toml"
    ))
    .expect("corpus.toml");
    let mut wrong = String::new();
    for group in corpus.group {
        let statements: Vec<&str> = group.cases.iter().map(|(sql, ..)| sql.as_str()).collect();
        let plans = server()
            .call("plans")
            .args(json!({"schema": group.schema, "statements": statements}))
            .ok();
        let plans = plans.as_array().expect("a list");
        assert_eq!(plans.len(), statements.len());
        for ((sql, reads, writes), plan) in group.cases.iter().zip(plans) {
            let plan = plan.as_str().expect("a text");
            let same = plan
                .split_once('>')
                .is_some_and(|(r, w)| (set(r), set(w)) == (set(reads), set(writes)));
            if !same {
                writeln!(
                    wrong,
                    "{}: {sql}\n  told     {plan}\n  expected {reads}>{writes}",
                    group.about
                )
                .expect("a text grows");
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
