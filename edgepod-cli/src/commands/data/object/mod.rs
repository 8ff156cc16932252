//! The data of an object, which has no file: it is asked for in SQL, and sent as SQL. `data_object.mjs` of the runtime runs the
//! steps that are made here, those of a request in one transaction.

mod build;
mod follow;
mod pull;
mod push;
mod rewind;

use anyhow::{Context, Result, bail};
use edgepod_sql::quote;
use rusqlite::{Connection, types::ValueRef};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::admin::Admin;

pub(super) use build::{Built, build};
pub(super) use pull::Copying;
pub(super) use push::push;
pub(super) use rewind::{HISTORY, Moment, has_history, rewind};

/// The pod, which may yet have to be made.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    pub admin: &'a Admin,
    pub pod: Option<&'a str>,
}

impl Object<'_> {
    /// Has it do these steps; what each comes to.
    fn run(self, steps: &[Value]) -> Result<Vec<Value>> {
        self.asked(&json!({ "steps": steps }), &[])
    }

    fn asked(self, body: &Value, more: &[(&str, &str)]) -> Result<Vec<Value>> {
        let pod = self.pod.map(|pod| ("pod", pod));
        let query: Vec<_> = pod.into_iter().chain(more.iter().copied()).collect();
        let body = serde_json::to_vec(body)?;
        match self.admin.send("/data/run", &query, &body)? {
            Value::Array(said) => Ok(said),
            Value::String(why) => bail!("the pod refuses: {why}"),
            _ => Err(strange()),
        }
    }
}

/// A step of which the rows are wanted.
fn rows(sql: impl Into<String>, values: &[&str]) -> Value {
    let mut step = vec![json!("rows"), json!(sql.into())];
    step.extend(values.iter().map(|value| json!(value)));
    step.into()
}

/// A step that fails, with these words in the message, unless the condition holds.
fn unless(condition: &str, values: &[&str], words: &str) -> Value {
    rows(
        format!("SELECT iif({condition}, 1, json_extract('{{}}', '{words}'))"),
        values,
    )
}

/// What is the platform's or these commands' own, and no part of the data.
fn is_own(name: &str) -> bool {
    name.starts_with("_cf_") || name == PUSH || follow::is_own(name)
}

/// The table of what a pull takes last, and how the names of all begin that a pull makes in an object ([`follow::is_own`]).
const COPY: &str = "_edgepod_copy";
const PUSH: &str = "_edgepod_push";

/// The most columns of a result.
const MOST_COLUMNS: usize = 100;

/// What is in a database.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Schema {
    objects: Vec<Item>,
    /// As it came, without what is not of the data: to see whether it is still so.
    said: Vec<Value>,
    /// What is there of these commands' own: kinds and names.
    own: Vec<(String, String)>,
}

/// A line of `sqlite_schema`, and what is known of its table.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Item {
    kind: String,
    name: String,
    table: String,
    sql: Option<String>,
    /// `table`, `virtual` or `shadow`, of a table.
    of: String,
    has_rowid: bool,
    columns: Vec<String>,
    /// Names of columns that are computed: nobody inserts those.
    computed: Vec<String>,
}

/// Those that are no own, in the order in which they were made.
const SCHEMA: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid";

fn schema_steps() -> [Value; 2] {
    [
        rows(SCHEMA, &[]),
        rows(
            "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'",
            &[],
        ),
    ]
}

/// The lines of the schema that are no own.
fn of_the_data(said: &Value) -> Vec<Value> {
    let lines = said.as_array().into_iter().flatten();
    let is_own = |line: &&Value| {
        let text = |place: usize| line[place].as_str().unwrap_or_default();
        !is_own(text(1)) && !is_own(text(2))
    };
    lines.filter(is_own).cloned().collect()
}

/// What the schema has of these commands' own, but for indexes: kinds and names.
fn own(said: &Value) -> Vec<(String, String)> {
    let lines = said.as_array().into_iter().flatten();
    let names = lines.filter_map(|line| Some((line[0].as_str()?, line[1].as_str()?)));
    names
        .filter(|(kind, name)| *kind != "index" && is_own(name) && !name.starts_with("_cf_"))
        .map(|(kind, name)| (kind.to_owned(), name.to_owned()))
        .collect()
}

impl Schema {
    /// What is said to [`schema_steps`]. `ask` asks for more.
    fn read(ask: impl Fn(&[Value]) -> Result<Vec<Value>>) -> Result<Self> {
        let said = ask(&schema_steps())?;
        let [schema, tables] = &*said else {
            return Err(strange());
        };
        let own = own(schema);
        let said = of_the_data(schema);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let tables = tables.as_array().cloned().unwrap_or_default();
        let objects = said.iter().map(|line| {
            let name = text(&line[1]);
            let table = tables.iter().find(|table| table[0] == name);
            Item {
                kind: text(&line[0]),
                table: text(&line[2]),
                sql: line[3].as_str().map(str::to_owned),
                of: table.map(|table| text(&table[1])).unwrap_or_default(),
                has_rowid: table.is_some_and(|table| table[2] == 0),
                columns: Vec::new(),
                computed: Vec::new(),
                name,
            }
        });
        let mut objects: Vec<_> = objects.collect();
        let of_tables = objects.iter_mut().filter(|item| item.kind == "table");
        let of_tables: Vec<_> = of_tables.collect();
        // Of each by its name: of others an object tells nobody.
        let sql = "SELECT name, hidden FROM pragma_table_xinfo(?)";
        let steps: Vec<_> = of_tables
            .iter()
            .map(|item| rows(sql, &[&item.name]))
            .collect();
        for (item, columns) in of_tables.into_iter().zip(ask(&steps)?) {
            for column in columns.as_array().into_iter().flatten() {
                match column[1] == 0 {
                    true => item.columns.push(text(&column[0])),
                    false => item.computed.push(text(&column[0])),
                }
            }
        }
        Ok(Self { objects, said, own })
    }

    /// That of a file.
    fn of(connection: &Connection) -> Result<Self> {
        let ask = |step: &Value| -> Result<Value> {
            let mut select = connection.prepare(step[1].as_str().unwrap_or_default())?;
            if let Some(value) = step[2].as_str() {
                select.raw_bind_parameter(1, value)?;
            }
            let width = select.column_count();
            let mut found = select.raw_query();
            let mut rows = Vec::new();
            while let Some(row) = found.next()? {
                let values = (0..width).map(|place| {
                    Ok(match row.get_ref(place)? {
                        ValueRef::Integer(n) => json!(n),
                        ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
                        _ => Value::Null,
                    })
                });
                rows.push(values.collect::<rusqlite::Result<Value>>()?);
            }
            Ok(rows.into())
        };
        Self::read(|steps| steps.iter().map(ask).collect())
    }

    /// The tables with rows of their own, also those in which virtual tables keep theirs.
    fn tables(&self) -> impl Iterator<Item = &Item> {
        let is_table = |item: &&Item| item.kind == "table" && item.of != "virtual";
        let tables = self.objects.iter().filter(is_table);
        tables.filter(|item| !item.name.starts_with("sqlite_") || item.is_sequence())
    }
}

impl Item {
    fn is_sequence(&self) -> bool {
        self.name == "sqlite_sequence"
    }

    /// What names the rowid, where there is one that no column hides.
    fn rowid(&self) -> Option<&'static str> {
        let is_free = |name: &&str| {
            let mut columns = self.columns.iter().chain(&self.computed);
            !columns.any(|column| column.eq_ignore_ascii_case(name))
        };
        let names = ["rowid", "_rowid_", "oid"];
        let free = names.into_iter().find(is_free);
        free.filter(|_| self.has_rowid && !self.is_sequence())
    }

    /// The columns that make a row again, as SQL: with the rowid, where it has a name.
    fn to_insert(&self) -> Vec<String> {
        let rowid = self.rowid();
        // A result has no more columns.
        let rowid = rowid.filter(|_| self.columns.len() < MOST_COLUMNS);
        let columns = self.columns.iter().map(|column| quote(column));
        rowid
            .map(str::to_owned)
            .into_iter()
            .chain(columns)
            .collect()
    }
}

fn strange() -> anyhow::Error {
    anyhow::anyhow!("the object answers as another version does: is the command as new as the app?")
}

fn count(value: &Value, column: usize) -> Result<u64> {
    value[0][column]
        .as_u64()
        .with_context(|| format!("no number: {value}"))
}
