//! The description of a table, made at compile time from a struct.

/// The storage classes of SQLite's STRICT tables that columns use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SqlType {
    /// 64-bit signed integer. Also booleans (0 and 1) and timestamps (microseconds since 1970, UTC).
    Integer,
    /// 64-bit float.
    Real,
    /// UTF-8 text.
    Text,
    /// Bytes.
    Blob,
}

impl SqlType {
    /// The type's name in DDL.
    pub const fn as_sql(self) -> &'static str {
        match self {
            SqlType::Integer => "INTEGER",
            SqlType::Real => "REAL",
            SqlType::Text => "TEXT",
            SqlType::Blob => "BLOB",
        }
    }
}

/// What the values of a column mean, where its storage does not say it: a number may be a count or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Meaning {
    /// What its storage says.
    Plain,
    /// 0 is false.
    Boolean,
    /// Microseconds since 1970, UTC.
    Timestamp,
    /// A day of the calendar.
    Date,
    /// A UUID.
    Uuid,
    /// JSON.
    Json,
}

impl Meaning {
    /// The meaning in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Meaning::Plain => "a plain value",
            Meaning::Boolean => "a boolean",
            Meaning::Timestamp => "a time in microseconds",
            Meaning::Date => "a date",
            Meaning::Uuid => "a UUID",
            Meaning::Json => "JSON",
        }
    }
}

/// What the database fills in when an insert leaves a column out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    /// The time of the insert.
    Now,
    /// A fixed integer (or boolean, as 0 and 1).
    Integer(i64),
    /// A fixed float.
    Real(f64),
    /// A fixed text.
    Text(&'static str),
    /// Fixed bytes.
    Blob(&'static [u8]),
}

/// What happens to a row when the row that it references is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnDelete {
    /// The delete is refused.
    Restrict,
    /// The row is deleted too.
    Cascade,
    /// The column becomes NULL.
    #[serde(rename = "set null")]
    SetNull,
    /// The column takes its default.
    #[serde(rename = "set default")]
    SetDefault,
}

impl OnDelete {
    /// The action in DDL.
    pub const fn as_sql(self) -> &'static str {
        match self {
            OnDelete::Restrict => "RESTRICT",
            OnDelete::Cascade => "CASCADE",
            OnDelete::SetNull => "SET NULL",
            OnDelete::SetDefault => "SET DEFAULT",
        }
    }
}

/// A foreign key of one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The referenced table's name in the database.
    pub table: &'static str,
    /// The referenced column.
    pub column: &'static str,
    /// What deleting the referenced row does.
    pub on_delete: OnDelete,
}

/// One column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColumnSchema {
    /// The name in the database, the Rust field's name.
    pub name: &'static str,
    /// How values are stored.
    pub sql_type: SqlType,
    /// What they mean.
    pub meaning: Meaning,
    /// Whether NULL is a value: the field is an `Option`.
    pub nullable: bool,
    /// Whether it is of the primary key.
    pub primary_key: bool,
    /// Whether the database counts it up; ids of deleted rows are never used again.
    pub auto_increment: bool,
    /// Whether no two rows may have the same value.
    pub unique: bool,
    /// Whether it has an index of its own.
    pub index: bool,
    /// What stands there when an insert leaves it out.
    pub default: Option<Default>,
    /// The foreign key.
    pub reference: Option<Reference>,
    /// The name that it had before, for the next migration.
    pub renamed_from: Option<&'static str>,
}

#[cfg(test)]
impl ColumnSchema {
    /// A column of which nothing more is said.
    pub(crate) const fn plain(name: &'static str, sql_type: SqlType) -> Self {
        Self {
            name,
            sql_type,
            meaning: Meaning::Plain,
            nullable: false,
            primary_key: false,
            auto_increment: false,
            unique: false,
            index: false,
            default: None,
            reference: None,
            renamed_from: None,
        }
    }
}

/// An index of several columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexSchema {
    /// The columns, in the order of the index.
    pub columns: &'static [&'static str],
    /// Whether no two rows may agree in all of them.
    pub unique: bool,
}

/// One table.
#[derive(Debug, PartialEq)]
pub struct TableSchema {
    /// The name in the database.
    pub name: &'static str,
    /// The Rust struct's name.
    pub rust_name: &'static str,
    /// Where the struct is, for messages: file and line.
    pub location: (&'static str, u32),
    /// The columns, in the order of the struct's fields.
    pub columns: &'static [ColumnSchema],
    /// The indexes of several columns.
    pub indexes: &'static [IndexSchema],
    /// The name that it had before, for the next migration.
    pub renamed_from: Option<&'static str>,
    /// Whether it is a full-text index (FTS5), which a migration of the app's own makes.
    pub full_text: bool,
}
