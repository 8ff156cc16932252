//! What the schema says of pages and of virtual tables.

use edgepod_manifest::reserved_prefix;
use edgepod_sql::tokens;

use super::{TableName, TableSet, explain::Pages};
use crate::sqlite::{Database, SqlError, Value};

/// Tables and indexes with their root pages; virtual tables have none, and their text says what they are. Views and
/// triggers are not listed.
///
/// The last column says of a table whether it may have a column whose equality is not that of its bytes, or which SQLite
/// computes from others.
const CATALOG: &str = "SELECT rootpage, tbl_name, CASE WHEN rootpage = 0 THEN sql END, \
                       type = 'table' AND (sql LIKE '%collate%' OR sql LIKE '%generated%' OR sql LIKE '%as (%' OR sql LIKE '%as(%') \
                       FROM sqlite_schema WHERE type IN ('table', 'index')";

/// The parts of the schema that programs refer to.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    pub(super) pages: Pages,
    pub(super) virtuals: Vec<VirtualTable>,
    /// Tables of which it takes more than the bytes of a column's values to know which rows have one.
    pub(super) odd: TableSet,
}

/// A virtual table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VirtualTable {
    pub(super) name: TableName,
    pub(super) source: Source,
    /// What its module names the tables that hold its data: `_data` and the like, after its own name.
    shadows: &'static [&'static str],
}

/// Where the rows of a virtual table come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// From tables of its own.
    Itself,
    /// From tables of its own and from this table or view: an FTS index with `content=`, or the words of an index.
    Other(String),
    /// This module is not known here.
    Unknown,
}

impl Catalog {
    pub(super) fn read(database: &dyn Database) -> Result<Self, SqlError> {
        let rows = database.run(CATALOG, &[])?.rows;
        let mut catalog = Self::default();
        let mut owned = Vec::new();
        for row in rows.iter() {
            let (Some(page), Some(Value::Text(table))) = (row.first(), row.get(1)) else {
                continue;
            };
            let page = match page {
                Value::Integer(n) => *n,
                Value::Real(x) => *x as i64,
                _ => continue,
            };
            if matches!(row.get(3), Some(Value::Integer(1)) | Some(Value::Real(1.0))) {
                catalog.odd.insert(TableName::new(table));
            }
            match row.get(2) {
                Some(Value::Text(sql)) if page == 0 => {
                    catalog.virtuals.push(VirtualTable::new(table, sql));
                }
                _ => owned.push((page, table)),
            }
        }
        // Page 1 is sqlite_schema, which is not listed in itself.
        catalog.pages.push((1, None));
        for (page, table) in owned {
            let owner = catalog.owner(table);
            catalog.pages.push((page, owner));
        }
        Ok(catalog)
    }

    /// The table that users know as the owner: the data of a virtual table is its own.
    fn owner(&self, table: &str) -> Option<TableName> {
        if reserved_prefix(table).is_some() {
            return None;
        }
        let shadowed = self.virtuals.iter().find(|v| v.is_shadow(table));
        Some(shadowed.map_or_else(|| TableName::new(table), |v| v.name.clone()))
    }
}

impl VirtualTable {
    fn new(name: &str, sql: &str) -> Self {
        let (module, arguments) = module_of(sql);
        let (shadows, source): (&[&str], _) = match module.as_str() {
            "fts5" => (
                &["_data", "_idx", "_content", "_docsize", "_config"],
                content(&arguments),
            ),
            "fts3" | "fts4" => (
                &["_content", "_segments", "_segdir", "_docsize", "_stat"],
                content(&arguments),
            ),
            "rtree" | "rtree_i32" | "geopoly" => (&["_node", "_parent", "_rowid"], Source::Itself),
            // `fts5vocab(index, type)`, or with the database's name before.
            "fts5vocab" => (
                &[],
                match arguments.iter().rev().nth(1) {
                    Some(index) => Source::Other(unquoted(index)),
                    None => Source::Unknown,
                },
            ),
            _ => (&[], Source::Unknown),
        };
        Self {
            name: TableName::new(name),
            source,
            shadows,
        }
    }

    fn is_shadow(&self, table: &str) -> bool {
        let name = self.name.as_str();
        table
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
            && self.shadows.contains(&&table[name.len()..])
    }
}

/// The module of `CREATE VIRTUAL TABLE … USING module(arguments)`, in lower case, and its arguments as written.
fn module_of(sql: &str) -> (String, Vec<&str>) {
    let mut tokens = tokens(sql);
    // A name may be the word `using` only in quotes.
    let module = match tokens.by_ref().find(|token| token.is("using")) {
        Some(_) => tokens.next().and_then(|token| token.unquoted()),
        None => None,
    };
    let Some(module) = module.map(|module| module.to_ascii_lowercase()) else {
        return (String::new(), Vec::new());
    };
    let Some(open) = tokens.next().filter(|token| token.is_symbol('(')) else {
        return (module, Vec::new());
    };
    let (mut arguments, mut depth, mut start) = (Vec::new(), 0, open.end());
    for token in tokens {
        let ends = depth == 0 && (token.is_symbol(',') || token.is_symbol(')'));
        if ends {
            arguments.push(sql[start..token.start].trim());
            start = token.end();
        }
        if token.is_symbol('(') {
            depth += 1;
        } else if token.is_symbol(')') {
            if ends {
                break;
            }
            depth -= 1;
        }
    }
    (module, arguments)
}

/// The option `content = …` of a full-text index; the empty text says that it keeps no content.
fn content(arguments: &[&str]) -> Source {
    let value = arguments.iter().find_map(|argument| {
        let (key, value) = argument.split_once('=')?;
        unquoted(key.trim())
            .eq_ignore_ascii_case("content")
            .then(|| unquoted(value.trim()))
    });
    match value {
        Some(table) if !table.is_empty() => Source::Other(table),
        _ => Source::Itself,
    }
}

/// A name or text without its quotes.
fn unquoted(text: &str) -> String {
    let said = tokens(text).next().and_then(|token| token.unquoted());
    said.unwrap_or_else(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_of_a_virtual_table_is_in_its_text() {
        for (sql, source) in [
            (
                "CREATE VIRTUAL TABLE s USING fts5(title, body)",
                Source::Itself,
            ),
            (
                "create virtual table \"using\" using FTS5(title, content = 'po''sts', content_rowid=id)",
                Source::Other("po'sts".to_owned()),
            ),
            (
                "CREATE VIRTUAL TABLE s USING fts5(a, content='')",
                Source::Itself,
            ),
            (
                "CREATE VIRTUAL TABLE s USING fts5(a, content=posts)",
                Source::Other("posts".to_owned()),
            ),
            (
                "CREATE VIRTUAL TABLE v USING fts5vocab('main', \"s\", row)",
                Source::Other("s".to_owned()),
            ),
            (
                "CREATE VIRTUAL TABLE v USING fts5vocab(s, row)",
                Source::Other("s".to_owned()),
            ),
            ("CREATE VIRTUAL TABLE v USING dbstat", Source::Unknown),
        ] {
            assert_eq!(VirtualTable::new("s", sql).source, source, "{sql}");
        }
    }

    #[test]
    fn the_tables_behind_a_virtual_table_are_its_own() {
        let table = VirtualTable::new("Search", "CREATE VIRTUAL TABLE Search USING fts5(a)");
        assert!(table.is_shadow("Search_data"));
        assert!(!table.is_shadow("Search"));
        assert!(!table.is_shadow("Search_other"));
        assert!(!table.is_shadow("Sear"));
    }
}
