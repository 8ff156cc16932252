//! A cell, a new row, a row less: each a call in the app's own engine, and what undoes it.

use edgepod_sql::quote;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    refusal::{Answer, Refusal},
    statement::{Statement, is_cut},
    table::{self, Table},
    target::Target,
};

type Cells = Map<String, Value>;

/// The body of `POST /api/edit`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    table: String,
    set: Option<Cells>,
    #[serde(default, rename = "where")]
    key: Cells,
    #[serde(default)]
    was: Cells,
    insert: Option<Cells>,
    delete: Option<Cells>,
}

pub(super) fn edit(target: &Target, pod: Option<&str>, asked: &Asked) -> Answer<Value> {
    target.ensure_writes()?;
    let table = table::one(target, pod, &asked.table)?;
    if table.kind == "view" {
        return Err(Refusal::bad(format!(
            "`{}` is a view: edit the tables that it reads.",
            table.name
        )));
    }
    if table.kind == "virtual" {
        return Err(Refusal::bad(format!(
            "`{}` is a virtual table: its module writes it. Edit the table that it is made of, or call a function.",
            table.name
        )));
    }
    if table.is_system() {
        return Err(Refusal::forbidden(format!(
            "`{}` is not the app's: what keeps it relies on what it wrote there.",
            table.name
        )));
    }
    let editing = Editing {
        target,
        pod,
        table: &table,
    };
    match (&asked.set, &asked.insert, &asked.delete) {
        (Some(set), None, None) => editing.update(set, &asked.key, &asked.was),
        (None, Some(insert), None) => editing.insert(insert),
        (None, None, Some(key)) => editing.delete(key),
        _ => Err(Refusal::bad(
            "An edit has one of `set`, `insert` and `delete`.",
        )),
    }
}

struct Editing<'a> {
    target: &'a Target,
    pod: Option<&'a str>,
    table: &'a Table,
}

impl Editing<'_> {
    fn update(&self, set: &Cells, key: &Cells, was: &Cells) -> Answer<Value> {
        let old = self.row(key)?;
        // What it was, as whoever edits has seen it; else as it is now. Only a beginning cannot be compared.
        let mut was = was.clone();
        for name in set.keys() {
            if let (false, Some(cell)) = (was.contains_key(name), old.get(name))
                && !is_cut(cell)
            {
                was.insert(name.clone(), cell.clone());
            }
        }
        let row = self.execute(&update(self.table, set, key, &was)?)?;
        let undo = was_known(set, &was).then(|| {
            let now = set.iter().map(|(name, sent)| {
                let written = row.get(name).filter(|cell| !is_cut(cell));
                (name.clone(), written.unwrap_or(sent).clone())
            });
            json!({
                "table": self.table.name,
                "set": picked(&was, set.keys()),
                "where": self.key_of(&row),
                "was": now.collect::<Cells>(),
            })
        });
        Ok(json!({"row": row, "undo": undo}))
    }

    fn insert(&self, cells: &Cells) -> Answer<Value> {
        let row = self.execute(&insert(self.table, cells)?)?;
        let undo = json!({"table": self.table.name, "delete": self.key_of(&row)});
        Ok(json!({"row": row, "undo": undo}))
    }

    fn delete(&self, key: &Cells) -> Answer<Value> {
        let old = self.row(key)?;
        self.execute(&delete(self.table, key)?)?;
        // A value of which only the beginning is known cannot be put back.
        let undo = (!old.values().any(is_cut)).then(|| {
            let columns = self.table.columns.iter();
            // With its rowid, where that is the key: it is what others know it by.
            let kept = columns.filter(|column| !column.generated || column.key > 0);
            let names: Vec<_> = kept.map(|column| column.name.clone()).collect();
            json!({"table": self.table.name, "insert": picked(&old, names.iter())})
        });
        Ok(json!({"row": null, "undo": undo}))
    }

    /// The row of this key as it is.
    fn row(&self, key: &Cells) -> Answer<Cells> {
        let names = self.table.names();
        let columns: Vec<String> = names.iter().map(|name| quoted(self.table, name)).collect();
        let mut select = Statement::new(format!(
            "SELECT {} FROM {}",
            columns.join(", "),
            quote(&self.table.name)
        ));
        push_key(&mut select, self.table, key)?;
        let found = self.target.select(self.pod, &select, &names, 1, 0)?;
        let row = found.rows.into_iter().next().ok_or_else(|| {
            Refusal::conflict("The row is not there any more: somebody has deleted it meanwhile.")
        })?;
        Ok(names.into_iter().zip(row).collect())
    }

    fn execute(&self, statement: &Statement) -> Answer<Cells> {
        let names = self.table.names();
        let row = self.target.execute(self.pod, statement, &names)?;
        Ok(names.into_iter().zip(row).collect())
    }

    fn key_of(&self, row: &Cells) -> Cells {
        let key = self.table.key();
        picked(row, key.iter().map(|column| &column.name))
    }
}

fn was_known(set: &Cells, was: &Cells) -> bool {
    set.keys().all(|name| was.contains_key(name))
}

fn picked<'a>(cells: &Cells, names: impl Iterator<Item = &'a String>) -> Cells {
    names
        .filter_map(|name| Some((name.clone(), cells.get(name)?.clone())))
        .collect()
}

/// A column of a statement's only table, which no text can be taken for.
fn quoted(table: &Table, column: &str) -> String {
    format!("{}.{}", quote(&table.name), quote(column))
}

fn push_key(statement: &mut Statement, table: &Table, key: &Cells) -> Answer<()> {
    let columns = table.key();
    if columns.is_empty() {
        return Err(Refusal::bad(format!(
            "`{}` has no key by which one of its rows is known.",
            table.name
        )));
    }
    if key.len() != columns.len() {
        let names: Vec<_> = columns.iter().map(|column| &*column.name).collect();
        return Err(Refusal::bad(format!(
            "A row of `{}` is known by its {}.",
            table.name,
            names.join(", ")
        )));
    }
    for (i, column) in columns.iter().enumerate() {
        let value = key.get(&column.name).ok_or_else(|| {
            Refusal::bad(format!(
                "A row of `{}` is known by its {}.",
                table.name, column.name
            ))
        })?;
        statement.push(if i == 0 { " WHERE " } else { " AND " });
        statement.push(&format!("{} IS ", quoted(table, &column.name)));
        statement.push_value(value);
    }
    Ok(())
}

fn ensure_settable(table: &Table, name: &str, is_new: bool) -> Answer<()> {
    let column = table.column(name)?;
    if column.generated && !(is_new && column.key > 0) {
        return Err(Refusal::bad(format!(
            "`{name}` is not set: the database computes it."
        )));
    }
    Ok(())
}

/// `OR ABORT`: a constraint of the table that says `ON CONFLICT REPLACE` would take other rows away.
fn update(table: &Table, set: &Cells, key: &Cells, was: &Cells) -> Answer<Statement> {
    if set.is_empty() {
        return Err(Refusal::bad("`set` names no column."));
    }
    let mut statement = Statement::new(format!("UPDATE OR ABORT {} SET ", quote(&table.name)));
    for (i, (name, value)) in set.iter().enumerate() {
        ensure_settable(table, name, false)?;
        statement.push(if i == 0 { "" } else { ", " });
        statement.push(&format!("{} = ", quote(name)));
        statement.push_value(value);
    }
    push_key(&mut statement, table, key)?;
    for (name, value) in was {
        statement.push(&format!(
            " AND {} IS ",
            quoted(table, &table.column(name)?.name)
        ));
        statement.push_value(value);
    }
    Ok(statement)
}

fn insert(table: &Table, cells: &Cells) -> Answer<Statement> {
    let mut statement = Statement::new(format!("INSERT OR ABORT INTO {} ", quote(&table.name)));
    if cells.is_empty() {
        statement.push("DEFAULT VALUES");
        return Ok(statement);
    }
    let mut names = Vec::new();
    for name in cells.keys() {
        ensure_settable(table, name, true)?;
        names.push(quote(name));
    }
    statement.push(&format!("({}) VALUES (", names.join(", ")));
    for (i, value) in cells.values().enumerate() {
        statement.push(if i == 0 { "" } else { ", " });
        statement.push_value(value);
    }
    statement.push(")");
    Ok(statement)
}

fn delete(table: &Table, key: &Cells) -> Answer<Statement> {
    let mut statement = Statement::new(format!("DELETE FROM {}", quote(&table.name)));
    push_key(&mut statement, table, key)?;
    Ok(statement)
}

#[cfg(test)]
mod tests {
    use super::{super::table::tests::table, *};

    fn cells(value: Value) -> Cells {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn edits_become_sql() {
        let t = table("t\"t", &[("id", 1), ("a", 0)]);
        let key = cells(json!({"id": 7}));
        let done = update(
            &t,
            &cells(json!({"a": "new"})),
            &key,
            &cells(json!({"a": null})),
        );
        let done = done.unwrap();
        assert_eq!(
            done.sql,
            "UPDATE OR ABORT \"t\"\"t\" SET \"a\" = ? WHERE \"t\"\"t\".\"id\" IS ? AND \"t\"\"t\".\"a\" IS ?"
        );
        assert_eq!(done.values, [json!("new"), json!(7), json!(null)]);
        let done = insert(&t, &cells(json!({"a": "x"}))).unwrap();
        assert_eq!(
            done.sql,
            "INSERT OR ABORT INTO \"t\"\"t\" (\"a\") VALUES (?)"
        );
        let done = insert(&t, &Cells::new()).unwrap();
        assert_eq!(done.sql, "INSERT OR ABORT INTO \"t\"\"t\" DEFAULT VALUES");
        let done = delete(&t, &key).unwrap();
        assert_eq!(
            done.sql,
            "DELETE FROM \"t\"\"t\" WHERE \"t\"\"t\".\"id\" IS ?"
        );
    }

    #[test]
    fn one_row_is_edited_and_no_other() {
        let t = table("t", &[("b", 2), ("a", 1), ("x", 0)]);
        for key in [
            json!({}),
            json!({"a": 1}),
            json!({"a": 1, "b": 2, "x": 3}),
            json!({"a": 1, "x": 2}),
        ] {
            assert_eq!(delete(&t, &cells(key)).unwrap_err().status, 400);
        }
        let rowid = table("t", &[("x", 0)]);
        let by_rowid = delete(&rowid, &cells(json!({"rowid": 1}))).unwrap();
        assert_eq!(by_rowid.sql, "DELETE FROM \"t\" WHERE \"t\".\"rowid\" IS ?");
        let set = cells(json!({"rowid": 2}));
        let refused = update(&rowid, &set, &cells(json!({"rowid": 1})), &Cells::new());
        assert!(refused.is_err());
        // Where a row is put back it is what it was.
        assert!(insert(&rowid, &set).is_ok());
        for name in ["nope", "x\" = 1 --"] {
            assert!(insert(&t, &cells(json!({name: 1}))).is_err());
        }
    }
}
