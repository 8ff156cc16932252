//! The schema as a value: of the program, of the last migration, of a test case.

use edgepod_sql::quote_text;
use serde::{Deserialize, Serialize};

use super::{
    ColumnSchema, Default as ColumnDefault, IndexSchema, Meaning, OnDelete, SqlType, TableSchema,
};

/// A whole schema: what `migrations/snapshot.json` keeps.
///
/// ```
/// let json = r#"{"tables":[{"name":"users","columns":[{"name":"id","type":"integer","primary_key":true}]}]}"#;
/// let snapshot: edgepod_runtime::schema::Snapshot = serde_json::from_str(json)?;
/// assert_eq!(snapshot.tables[0].columns[0].name, "id");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The tables, sorted by name.
    pub tables: Vec<Table>,
    /// Views and triggers, in the order in which they are made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Object>,
}

/// One table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The name in the database.
    pub name: String,
    /// The columns, in the order of the struct's fields.
    pub columns: Vec<Column>,
    /// The indexes of several columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// The name that it had before, from `#[renamed_from = "…"]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The name in the database.
    pub name: String,
    /// How values are stored.
    #[serde(rename = "type")]
    pub sql_type: SqlType,
    /// What they mean. Snapshots of before it was noted do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<Meaning>,
    /// Whether NULL is a value.
    #[serde(default)]
    pub nullable: bool,
    /// Whether it is of the primary key.
    #[serde(default)]
    pub primary_key: bool,
    /// Whether the database counts it up.
    #[serde(default)]
    pub auto_increment: bool,
    /// Whether no two rows may have the same value.
    #[serde(default)]
    pub unique: bool,
    /// Whether it has an index of its own.
    #[serde(default)]
    pub index: bool,
    /// `now`, or a literal as SQL writes it: `0`, `1.5`, `'text'`.
    #[serde(default)]
    pub default: Option<String>,
    /// The foreign key.
    #[serde(default)]
    pub references: Option<ForeignKey>,
    /// The name that it had before, from `#[renamed_from = "…"]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
}

/// An index of several columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// The columns, in the order of the index.
    pub columns: Vec<String>,
    /// Whether no two rows may agree in all of them.
    #[serde(default)]
    pub unique: bool,
}

/// A foreign key of one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignKey {
    /// The referenced table.
    pub table: String,
    /// The referenced column.
    pub column: String,
    /// What deleting the referenced row does.
    pub on_delete: OnDelete,
}

/// A view or a trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// Which of the two.
    pub kind: ObjectKind,
    /// Its name.
    pub name: String,
    /// The statement that makes it, without a semicolon at its end.
    pub sql: String,
}

/// What an SQL file beside the tables makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    /// A view.
    View,
    /// A trigger.
    Trigger,
}

impl ObjectKind {
    /// The word in DDL.
    pub const fn as_sql(self) -> &'static str {
        match self {
            ObjectKind::View => "VIEW",
            ObjectKind::Trigger => "TRIGGER",
        }
    }
}

impl Snapshot {
    /// The table of this name, as SQLite compares names: without regard to ASCII case.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables
            .iter()
            .find(|table| same_name(&table.name, name))
    }

    /// The same without the names that tables and columns had before: what is kept once a migration is written.
    #[must_use]
    pub fn without_renames(mut self) -> Self {
        for table in &mut self.tables {
            table.renamed_from = None;
            for column in &mut table.columns {
                column.renamed_from = None;
            }
        }
        self
    }
}

impl Table {
    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns
            .iter()
            .find(|column| same_name(&column.name, name))
    }

    /// The columns of the primary key.
    pub fn primary_key(&self) -> Vec<&str> {
        let keys = self.columns.iter().filter(|column| column.primary_key);
        keys.map(|column| column.name.as_str()).collect()
    }
}

/// Whether SQLite takes the two for one name.
pub fn same_name(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

impl From<&TableSchema> for Table {
    fn from(table: &TableSchema) -> Self {
        Self {
            name: table.name.to_owned(),
            columns: table.columns.iter().map(Column::from).collect(),
            indexes: table.indexes.iter().map(Index::from).collect(),
            renamed_from: table.renamed_from.map(str::to_owned),
        }
    }
}

impl From<&IndexSchema> for Index {
    fn from(index: &IndexSchema) -> Self {
        Self {
            columns: index.columns.iter().map(|&name| name.to_owned()).collect(),
            unique: index.unique,
        }
    }
}

impl From<&ColumnSchema> for Column {
    fn from(column: &ColumnSchema) -> Self {
        Self {
            name: column.name.to_owned(),
            sql_type: column.sql_type,
            meaning: Some(column.meaning),
            nullable: column.nullable,
            primary_key: column.primary_key,
            auto_increment: column.auto_increment,
            unique: column.unique,
            index: column.index,
            default: column.default.map(|default| match default {
                ColumnDefault::Now => "now".to_owned(),
                ColumnDefault::Integer(n) => n.to_string(),
                ColumnDefault::Real(x) => format!("{x:?}"),
                ColumnDefault::Text(text) => quote_text(text),
                ColumnDefault::Blob(bytes) => {
                    format!("x'{}'", base16ct::lower::encode_string(bytes))
                }
            }),
            references: column.reference.map(|reference| ForeignKey {
                table: reference.table.to_owned(),
                column: reference.column.to_owned(),
                on_delete: reference.on_delete,
            }),
            renamed_from: column.renamed_from.map(str::to_owned),
        }
    }
}
