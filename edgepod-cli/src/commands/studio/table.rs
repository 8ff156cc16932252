//! What tables there are, and what of them a statement is made of.

use edgepod_manifest::SYSTEM_PREFIX;
use edgepod_sql::quote_text;
use serde_json::{Value, json};

use super::{
    refusal::{Answer, Refusal},
    statement::Statement,
    target::{Target, Where},
};

/// A larger table is not counted unasked: it would be read from end to end.
const COUNTED: u64 = 10_000;

/// The most tables that are counted in one statement, which has a column for each.
const AT_ONCE: usize = 50;

/// The most rows of what describes a schema.
const MOST: u64 = 10_000;

/// A table or a view.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub name: String,
    /// `table`, `view`, `virtual` or `shadow`.
    pub kind: String,
    pub columns: Vec<Column>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    pub name: String,
    pub ty: String,
    pub not_null: bool,
    /// Its place in the key, 0 where it is in none.
    pub key: u64,
    /// Nobody sets it.
    pub generated: bool,
}

impl Table {
    /// The columns, with the rowid first where it is the key.
    fn new(name: String, kind: String, has_rowid: bool, mut columns: Vec<Column>) -> Self {
        let has_key = columns.iter().any(|column| column.key > 0);
        let is_free = |name: &&str| {
            let mut columns = columns.iter();
            !columns.any(|column| column.name.eq_ignore_ascii_case(name))
        };
        if kind != "view"
            && has_rowid
            && !has_key
            && let Some(rowid) = ["rowid", "_rowid_", "oid"].into_iter().find(is_free)
        {
            let rowid = Column {
                name: rowid.to_owned(),
                ty: "INTEGER".to_owned(),
                not_null: true,
                key: 1,
                generated: true,
            };
            columns.insert(0, rowid);
        }
        Self {
            name,
            kind,
            columns,
        }
    }

    pub fn names(&self) -> Vec<String> {
        self.columns
            .iter()
            .map(|column| column.name.clone())
            .collect()
    }

    /// The columns of the key, in its order.
    pub fn key(&self) -> Vec<&Column> {
        let mut key: Vec<_> = self
            .columns
            .iter()
            .filter(|column| column.key > 0)
            .collect();
        key.sort_by_key(|column| column.key);
        key
    }

    /// The column of this name.
    ///
    /// # Errors
    /// Where there is none.
    pub fn column(&self, name: &str) -> Answer<&Column> {
        let found = self.columns.iter().find(|column| column.name == name);
        found.ok_or_else(|| {
            Refusal::bad(format!("The table `{}` has no column `{name}`.", self.name))
        })
    }

    /// Whether it is EdgePod's or SQLite's own.
    pub fn is_system(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        name.starts_with(SYSTEM_PREFIX) || name.starts_with("sqlite_") || self.kind == "shadow"
    }

    fn json(&self) -> Value {
        let columns = self.columns.iter().map(|column| {
            json!({
                "name": column.name, "type": column.ty, "notNull": column.not_null, "key": column.key,
                "generated": column.generated,
            })
        });
        let kind = if self.kind == "view" { "view" } else { "table" };
        json!({"name": self.name, "kind": kind, "columns": columns.collect::<Vec<_>>()})
    }
}

/// What is the platform's own is told to nobody.
const NOT_OF_THE_PLATFORM: &str = "substr(name, 1, 4) <> '_cf_'";

/// One table.
///
/// # Errors
/// Where there is none of this name.
pub(super) fn one(target: &Target, pod: Option<&str>, name: &str) -> Answer<Table> {
    let name = quote_text(name);
    let sql = format!(
        "SELECT l.name, l.type, l.wr, x.name, x.type, x.\"notnull\", x.pk, x.hidden FROM \
         (SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND name = {name} AND {NOT_OF_THE_PLATFORM}) l, \
         pragma_table_xinfo({name}) x ORDER BY x.cid"
    );
    let found = read(target, pod, &sql)?.pop();
    found.ok_or_else(|| Refusal::not_found(format!("There is no table {name}.")))
}

/// All tables, in the order in which they were made; then the views.
fn all(target: &Target, pod: Option<&str>) -> Answer<Vec<Table>> {
    let sql = format!(
        "SELECT m.name, coalesce(l.type, m.type), coalesce(l.wr, 0), x.name, x.type, x.\"notnull\", x.pk, x.hidden FROM \
         (SELECT rowid AS place, name, type FROM sqlite_schema WHERE type = 'table' AND {NOT_OF_THE_PLATFORM}) m \
         LEFT JOIN (SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main') l ON l.name = m.name \
         CROSS JOIN pragma_table_xinfo(m.name) x ORDER BY m.place, x.cid"
    );
    let mut tables = read(target, pod, &sql)?;
    let views = format!(
        "SELECT name FROM sqlite_schema WHERE type = 'view' AND {NOT_OF_THE_PLATFORM} ORDER BY rowid"
    );
    let views = target.select(pod, &Statement::new(views), &["name".to_owned()], MOST, 0)?;
    for row in &views.rows {
        let name = text(&row[0]);
        // Each by itself: one that reads what is not there any more has no columns, and SQLite refuses whatever asks for them.
        let view = one(target, pod, &name);
        tables
            .push(view.unwrap_or_else(|_| Table::new(name, "view".to_owned(), false, Vec::new())));
    }
    Ok(tables)
}

fn read(target: &Target, pod: Option<&str>, sql: &str) -> Answer<Vec<Table>> {
    let columns: Vec<String> = [
        "name", "kind", "wr", "column", "type", "not_null", "pk", "hidden",
    ]
    .map(str::to_owned)
    .to_vec();
    let found = target.select(pod, &Statement::new(sql), &columns, MOST, 0)?;
    let mut tables: Vec<(String, String, bool, Vec<Column>)> = Vec::new();
    for row in &found.rows {
        let name = text(&row[0]);
        if tables.last().is_none_or(|table| table.0 != name) {
            tables.push((name, text(&row[1]), row[2] == 0, Vec::new()));
        }
        // A virtual table's own, which nobody selects.
        if row[7] == 1 {
            continue;
        }
        let column = Column {
            name: text(&row[3]),
            ty: text(&row[4]),
            not_null: row[5] == 1,
            key: row[6].as_u64().unwrap_or(0),
            generated: row[7] != 0,
        };
        if let Some(table) = tables.last_mut() {
            table.3.push(column);
        }
    }
    let tables = tables.into_iter();
    Ok(tables
        .map(|(name, kind, has_rowid, columns)| Table::new(name, kind, has_rowid, columns))
        .collect())
}

/// `GET /api/schema`.
pub(super) fn schema(target: &Target, pod: Option<&str>) -> Answer<Value> {
    let facts = target.facts();
    let manifest: Value = facts
        .manifest
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let declared: Vec<&str> = manifest["tables"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|table| table["name"].as_str())
        .collect();
    let tables = all(target, pod)?;
    let references = references(target, pod)?;
    // Whoever reads rows on Cloudflare pays for them.
    let counts = match facts.host {
        Where::Remote => vec![Value::Null; tables.len()],
        _ => counts(target, pod, &tables)?,
    };
    let tables = tables.iter().zip(counts).map(|(table, rows)| {
        let mut json = table.json();
        json["declared"] = declared.contains(&&*table.name).into();
        json["system"] = table.is_system().into();
        json["rows"] = rows;
        let own = references.iter().filter(|(of, _)| *of == table.name);
        json["references"] = own.map(|(_, to)| to.clone()).collect();
        json
    });
    Ok(json!({"tables": tables.collect::<Vec<_>>()}))
}

/// The foreign keys, with the tables that have them.
fn references(target: &Target, pod: Option<&str>) -> Answer<Vec<(String, Value)>> {
    let sql = format!(
        "SELECT m.name, f.id, f.\"table\", f.\"from\", f.\"to\" FROM \
         (SELECT rowid AS place, name FROM sqlite_schema WHERE type = 'table' AND {NOT_OF_THE_PLATFORM}) m \
         CROSS JOIN pragma_foreign_key_list(m.name) f ORDER BY m.place, f.id, f.seq"
    );
    let columns: Vec<String> = ["name", "id", "table", "from", "to"]
        .map(str::to_owned)
        .to_vec();
    let found = target.select(pod, &Statement::new(sql), &columns, MOST, 0)?;
    let mut all: Vec<(String, Value)> = Vec::new();
    let mut last = None;
    for row in &found.rows {
        let one = (text(&row[0]), row[1].clone());
        if last.as_ref() != Some(&one) {
            let to = json!({"columns": [], "table": row[2], "to": []});
            all.push((one.0.clone(), to));
            last = Some(one);
        }
        if let Some((_, key)) = all.last_mut() {
            for (list, place) in [("columns", 3), ("to", 4)] {
                // Without a name it is the key of the other table.
                if let (Some(list), false) = (key[list].as_array_mut(), row[place].is_null()) {
                    list.push(row[place].clone());
                }
            }
        }
    }
    Ok(all)
}

/// How many rows the tables have, as far as that is told without reading much.
fn counts(target: &Target, pod: Option<&str>, tables: &[Table]) -> Answer<Vec<Value>> {
    let mut counts = Vec::new();
    for some in tables.chunks(AT_ONCE) {
        let each = some.iter().map(|table| match &*table.kind {
            "table" => format!(
                "(SELECT count(*) FROM (SELECT 1 FROM {} LIMIT {}))",
                edgepod_sql::quote(&table.name),
                COUNTED + 1
            ),
            // It may take any time to be computed.
            _ => "NULL".to_owned(),
        });
        let select = Statement::new(format!("SELECT {}", each.collect::<Vec<_>>().join(", ")));
        let names: Vec<String> = (0..some.len()).map(|place| place.to_string()).collect();
        let mut found = target.select(pod, &select, &names, 1, 0)?;
        let row = found.rows.pop().unwrap_or_default();
        counts.extend(row.into_iter().map(|count| match count.as_u64() {
            Some(count) if count <= COUNTED => count.into(),
            _ => Value::Null,
        }));
    }
    Ok(counts)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn table(name: &str, columns: &[(&str, u64)]) -> Table {
        let columns = columns.iter().map(|(name, key)| Column {
            name: (*name).to_owned(),
            ty: "TEXT".to_owned(),
            not_null: false,
            key: *key,
            generated: false,
        });
        Table::new(name.to_owned(), "table".to_owned(), true, columns.collect())
    }

    #[test]
    fn a_table_without_a_key_has_its_rowid() {
        assert_eq!(table("t", &[("a", 0)]).names(), ["rowid", "a"]);
        assert_eq!(table("t", &[("RowID", 0)]).names(), ["_rowid_", "RowID"]);
        assert_eq!(table("t", &[("a", 0), ("b", 1)]).names(), ["a", "b"]);
        let names = |table: &Table| -> Vec<String> {
            table
                .key()
                .iter()
                .map(|column| column.name.clone())
                .collect()
        };
        assert_eq!(names(&table("t", &[("a", 2), ("b", 1)])), ["b", "a"]);
        let view = Table::new("v".to_owned(), "view".to_owned(), true, Vec::new());
        assert!(view.key().is_empty());
    }
}
