//! Each folder of `cases` is one: `before.json`, `after.json`, and `expected.sql` (with what is lost and what the data may
//! not fit, as comments) or `expected.txt` (the errors). `UPDATE_CASES=1` writes what is expected anew.

use std::{fs, path::Path};

use edgepod_cli::diff::diff;
use edgepod_runtime::schema::Snapshot;

use crate::live::{describe, fresh, is_sound, migrate};

#[test]
fn every_case_gives_its_statements_and_they_make_the_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff/cases");
    let mut count = 0;
    for case in fs::read_dir(folder).unwrap() {
        run(&case.unwrap().path());
        count += 1;
    }
    assert!(count >= 40, "{count} cases");
}

fn run(case: &Path) {
    let read = |name: &str| -> Snapshot {
        let text = fs::read_to_string(case.join(name)).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", case.display()))
    };
    let (before, after) = (read("before.json"), read("after.json"));
    match diff(&before, &after) {
        Ok(change) => {
            let mut text = String::new();
            for loss in &change.losses {
                text += &format!("-- loses: {loss}\n");
            }
            for warning in &change.warnings {
                text += &format!("-- warning: {warning}\n");
            }
            for statement in &change.statements {
                text += &format!("{statement};\n");
            }
            expect(&case.join("expected.sql"), &text);
            let live = fresh(&before);
            migrate(&live, &change).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
            assert_eq!(
                describe(&live),
                describe(&fresh(&after)),
                "{}",
                case.display()
            );
            is_sound(&live);
            let again = diff(&after.clone().without_renames(), &after).unwrap();
            assert_eq!(again.statements, [] as [String; 0], "{}", case.display());
        }
        Err(errors) => {
            let text: String = errors.iter().map(|error| format!("{error}\n")).collect();
            expect(&case.join("expected.txt"), &text);
        }
    }
}

fn expect(file: &Path, text: &str) {
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(file, text).unwrap();
    }
    let expected = fs::read_to_string(file)
        .unwrap_or_else(|error| panic!("{}: {error}; the result is:\n{text}", file.display()));
    assert_eq!(text, expected, "{}", file.display());
}
