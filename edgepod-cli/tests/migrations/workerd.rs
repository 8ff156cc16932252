//! The cases of `edgepod-runtime/tests/migrations/cases`, with a row in every table, on the SQLite of Durable Objects: they
//! leave what they leave on the SQLite of the native host.

use std::{fs, path::Path};

use edgepod_cli::{diff::diff, workerd::Workerd};
use edgepod_runtime::schema::{Snapshot, SqlType, create_statements};
use rusqlite::{Connection, types::Value as SqlValue};
use serde_json::{Value, json};

struct Case {
    name: String,
    before: Vec<String>,
    change: Vec<String>,
    queries: Vec<String>,
}

#[test]
fn every_case_does_on_a_durable_object_what_it_does_natively() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let server = Workerd::of_modules(folder.join("tests/fixtures/statements"))
        .start()
        .unwrap();
    let mut count = 0;
    for entry in fs::read_dir(folder.join("tests/diff/cases")).unwrap() {
        let Some(case) = Case::read(&entry.unwrap().path()) else {
            continue;
        };
        let (own, native) = (on_workerd(&server, &case), natively(&case));
        assert_eq!(
            own["error"].is_null(),
            native["error"].is_null(),
            "{}: {own} {native}",
            case.name
        );
        assert_eq!(own["results"], native["results"], "{}", case.name);
        count += 1;
    }
    assert!(count >= 40, "{count} cases");
}

#[test]
fn a_change_that_leaves_a_row_without_what_it_references_changes_nothing() {
    let server = Workerd::of_modules(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/statements"),
    )
    .start()
    .unwrap();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff/cases");
    let mut case = Case::read(&cases.join("a_column_becomes_a_reference")).unwrap();
    case.before
        .push("UPDATE posts SET author_id = 77".to_owned());
    let reply = on_workerd(&server, &case);
    assert!(
        reply["error"]
            .as_str()
            .unwrap()
            .to_lowercase()
            .contains("foreign key"),
        "{reply}"
    );
    case.change.clear();
    case.before.iter_mut().for_each(|sql| {
        if !sql.starts_with("UPDATE") {
            "SELECT 1".clone_into(sql);
        }
    });
    assert_eq!(
        on_workerd(&server, &case)["results"],
        reply["results"],
        "the object is as it was before"
    );
    let posts = &reply["results"][1];
    assert!(!posts.to_string().contains("_edgepod_new_"), "{posts}");
}

impl Case {
    /// A case with rows. None for one that has no statements, or whose rows the change is warned not to fit.
    fn read(folder: &Path) -> Option<Self> {
        let read = |name: &str| -> Snapshot {
            serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
        };
        let (before, after) = (read("before.json"), read("after.json"));
        let change = diff(&before, &after).ok()?;
        let mut statements: Vec<String> =
            before.tables.iter().flat_map(create_statements).collect();
        statements.extend(before.objects.iter().map(|object| object.sql.clone()));
        // All rows at once, because tables may reference each other.
        statements.push("PRAGMA defer_foreign_keys = ON".to_owned());
        for table in &before.tables {
            let names: Vec<String> = table.columns.iter().map(|c| quoted(&c.name)).collect();
            let values: Vec<&str> = table
                .columns
                .iter()
                .map(|column| match column.sql_type {
                    SqlType::Text => "'1'",
                    SqlType::Real => "1.5",
                    SqlType::Blob => "x'01'",
                    _ => "1",
                })
                .collect();
            statements.push(format!(
                "INSERT INTO {} ({}) VALUES ({})",
                quoted(&table.name),
                names.join(", "),
                values.join(", ")
            ));
        }
        let mut queries = vec![
            "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE '\\_cf%' ESCAPE '\\' AND sql IS NOT NULL ORDER BY name"
                .to_owned(),
        ];
        for table in &after.tables {
            let name = table.name.replace('\'', "''");
            queries.push(format!(
                "SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_xinfo('{name}') ORDER BY name"
            ));
            queries.push(format!(
                "SELECT \"from\", \"table\", \"to\", on_delete FROM pragma_foreign_key_list('{name}') ORDER BY 1"
            ));
            // Times of a default differ.
            let columns: Vec<String> = table
                .columns
                .iter()
                .filter(|column| column.default.as_deref() != Some("now"))
                .map(|column| match column.sql_type {
                    SqlType::Blob => format!("hex({})", quoted(&column.name)),
                    _ => quoted(&column.name),
                })
                .collect();
            queries.push(format!(
                "SELECT {} FROM {}",
                columns.join(", "),
                quoted(&table.name)
            ));
        }
        Some(Self {
            name: folder.file_name().unwrap().to_string_lossy().into_owned(),
            before: statements,
            change: change.statements,
            queries,
        })
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn on_workerd(server: &Workerd, case: &Case) -> Value {
    let body = json!({"before": case.before, "change": case.change, "queries": case.queries});
    let text = ureq::post(format!("http://{}/{}", server.address(), case.name))
        .send(body.to_string())
        .unwrap_or_else(|error| panic!("{}: {error}", case.name))
        .body_mut()
        .read_to_string()
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

fn natively(case: &Case) -> Value {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .pragma_update(None, "foreign_keys", true)
        .unwrap();
    let batch = |statements: &[String]| {
        connection.execute_batch("BEGIN")?;
        for sql in statements {
            connection.execute_batch(sql)?;
        }
        connection.execute_batch("COMMIT")
    };
    let error = batch(&case.before)
        .and_then(|()| batch(&case.change))
        .err()
        .map(|error| error.to_string());
    if error.is_some() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    let results: Vec<Value> = case
        .queries
        .iter()
        .map(|sql| rows(&connection, sql))
        .collect();
    json!({"error": error, "results": results})
}

fn rows(connection: &Connection, sql: &str) -> Value {
    let mut statement = connection
        .prepare(sql)
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
    let width = statement.column_count();
    let rows = statement
        .query_map((), |row| {
            (0..width)
                .map(|i| row.get(i))
                .collect::<Result<Vec<SqlValue>, _>>()
        })
        .unwrap();
    rows.map(|row| {
        row.unwrap()
            .into_iter()
            .map(|value| match value {
                SqlValue::Null => Value::Null,
                SqlValue::Integer(n) => json!(n),
                // The object has one kind of number.
                SqlValue::Real(x) if x.fract() == 0.0 => json!(x as i64),
                SqlValue::Real(x) => json!(x),
                SqlValue::Text(text) => json!(text),
                SqlValue::Blob(bytes) => panic!("{bytes:?}"),
            })
            .collect::<Vec<_>>()
            .into()
    })
    .collect::<Vec<Value>>()
    .into()
}
