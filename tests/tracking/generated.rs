//! Generated statements: the server's SQLite names the same tables as the one in this process, which is held against its
//! authorizer by the tests of the tracker.

use std::{collections::BTreeMap, fmt::Write};

use edgepod_runtime::db::Database;
use edgepod_tests::{cases, server};
use fastrand::Rng;
use serde_json::json;

use crate::{
    generator,
    model::number,
    sqlite::{Optimiser, Sqlite, names},
};

cases![generated_statements_touch_the_same_tables_on_every_host];

/// Statements, unless `EDGEPOD_TRACKING_STATEMENTS` says otherwise; `EDGEPOD_TRACKING_SEED` chooses others.
const STATEMENTS: u64 = 1000;

/// Statements for each schema.
const EACH: u64 = 40;

fn generated_statements_touch_the_same_tables_on_every_host() {
    let seed = number("EDGEPOD_TRACKING_SEED", 1);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = String::new();
    for round in 0..number("EDGEPOD_TRACKING_STATEMENTS", STATEMENTS).div_ceil(EACH) {
        let mut rng = Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(round));
        let mut schema = generator::schema(&mut rng);
        let sqlite = Sqlite::new(Optimiser::On);
        // A trigger may name a column that a later view lacks: it is left out.
        schema.sql.retain(|sql| sqlite.run(sql, &[]).is_ok());
        let statements: Vec<String> = (0..EACH)
            .map(|_| generator::statement(&mut rng, &schema))
            .collect();
        let plans = server()
            .call("plans")
            .args(json!({"schema": schema.sql, "statements": statements}))
            .ok();
        let plans = plans.as_array().expect("a list");
        assert_eq!(plans.len(), statements.len());
        for (sql, there) in statements.iter().zip(plans) {
            let there = there.as_str().expect("a text");
            let here = match sqlite.plan(sql) {
                Ok(plan) => {
                    let joined = |set| names(set).into_iter().collect::<Vec<_>>().join("|");
                    format!("{}>{}", joined(&plan.reads), joined(&plan.writes))
                }
                // Hosts add to SQLite's words.
                Err(_) => "!".to_owned(),
            };
            let same = here == there || here == "!" && there.starts_with('!');
            let kind = match (&*here, same) {
                (_, false) => "told apart",
                ("!", _) => "refused on both",
                _ => "the same",
            };
            *counts.entry(kind).or_default() += 1;
            if !same {
                writeln!(
                    wrong,
                    "{};\n--\n{sql}\n  here  {here}\n  there {there}",
                    schema.sql.join(";\n")
                )
                .expect("a text grows");
            }
        }
    }
    println!("seed {seed}: {counts:?}");
    assert!(wrong.is_empty(), "seed {seed}: {counts:?}\n{wrong}");
    assert!(
        counts.get("refused on both").copied().unwrap_or_default() * 4 < counts["the same"],
        "{counts:?}"
    );
}
