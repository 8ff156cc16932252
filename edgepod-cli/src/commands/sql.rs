//! `edgepod sql`: the native database of `edgepod dev`, in SQL.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result, anyhow, bail};
use rusqlite::{Connection, OpenFlags, types::ValueRef};
use serde_json::{Map, Value};
use unicode_width::UnicodeWidthStr;

use crate::{app::App, args::Sql, term};

pub(super) fn run(args: &Sql) -> Result<ExitCode> {
    let app = App::find(&args.app)?;
    let folder = match &args.data {
        Some(folder) => folder.clone(),
        None => app.state()?,
    };
    let file = folder.join("data.sqlite");
    if !file.is_file() {
        bail!(
            "there is no database at {}: `edgepod dev` makes it (on the native host; workerd has a format of its own)",
            app.display(&file)
        );
    }
    let database = open(&file, args.write)?;
    let mut statement = database
        .prepare(&args.statement)
        .map_err(|error| anyhow!("the statement is not understood: {error}"))?;
    if !args.write && !statement.readonly() {
        bail!("the statement changes the database: add --write if that is meant");
    }
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    if names.is_empty() {
        let changed = statement.execute([]).map_err(failed)?;
        term::status("Changed", plural(changed));
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = statement.query([]).map_err(failed)?;
    let mut table = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let cells: Vec<Value> = (0..names.len())
            .map(|column| row.get_ref(column).map(json))
            .collect::<Result<_, _>>()?;
        table.push(cells);
    }
    if args.json {
        let rows: Vec<Value> = table
            .into_iter()
            .map(|cells| Value::Object(names.iter().cloned().zip(cells).collect::<Map<_, _>>()))
            .collect();
        anstream::println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        print(&names, &table);
    }
    Ok(ExitCode::SUCCESS)
}

fn failed(error: rusqlite::Error) -> anyhow::Error {
    anyhow!("the statement failed: {error}")
}

fn open(file: &Path, may_write: bool) -> Result<Connection> {
    // Reading a database in WAL mode writes beside it, so the file is opened for both and the connection told what for.
    let database = Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .with_context(|| format!("{} could not be opened", file.display()))?;
    database.pragma_update(None, "foreign_keys", true)?;
    database.pragma_update(None, "query_only", !may_write)?;
    database.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(database)
}

fn json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
        ValueRef::Blob(bytes) => format!("x'{}'", base16ct::lower::encode_string(bytes)).into(),
    }
}

fn print(names: &[String], rows: &[Vec<Value>]) {
    for line in table(names, rows) {
        anstream::println!("{line}");
    }
    term::status("Found", plural(rows.len()));
}

/// Names, a rule and rows, in columns of one width on the terminal: a character may take two places there, or none.
fn table(names: &[String], rows: &[Vec<Value>]) -> Vec<String> {
    let cell = |value: &Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::String(text) => text.replace('\n', "\\n"),
        other => other.to_string(),
    };
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(cell).collect())
        .collect();
    let widths: Vec<usize> = (0..names.len())
        .map(|column| {
            let cells = rows.iter().map(|row| row[column].width());
            cells.chain([names[column].width()]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| cell.clone() + &" ".repeat(width - cell.width()))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
    let mut lines = vec![line(names), line(&rule)];
    lines.extend(rows.iter().map(|row| line(row)));
    lines
}

fn plural(rows: usize) -> String {
    match rows {
        1 => "1 row".to_owned(),
        _ => format!("{rows} rows"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_in_any_script() {
        let names = ["id".to_owned(), "名前".to_owned(), "x".to_owned()];
        let rows = [
            vec![1.into(), "山田太郎".into(), "a".into()],
            vec![22.into(), "é".into(), Value::Null],
        ];
        assert_eq!(
            table(&names, &rows),
            [
                "id  名前      x",
                "--  --------  ----",
                "1   山田太郎  a",
                "22  é         NULL",
            ]
        );
    }
}
