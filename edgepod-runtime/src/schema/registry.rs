//! The tables of the program: every `#[edgepod::table]` registers one, there is no second list.

use std::fmt;

use super::TableSchema;

/// What a table attribute submits.
#[doc(hidden)]
pub struct Registration(pub &'static TableSchema);

inventory::collect!(Registration);

/// The registered tables do not fit together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaError {
    /// Two structs name one table.
    DuplicateTable {
        /// The table's name.
        name: &'static str,
        /// Both structs, with file and line.
        places: [String; 2],
    },
    /// A foreign key names a table that no struct describes.
    UnknownReference {
        /// `table.column` of the foreign key.
        column: String,
        /// The table that it names.
        table: &'static str,
    },
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SchemaError::DuplicateTable { name, places } => write!(
                f,
                "Two structs describe the table `{name}`: {} and {}. Give one of them another `name`.",
                places[0], places[1]
            ),
            SchemaError::UnknownReference { column, table } => write!(
                f,
                "`{column}` references the table `{table}`, which no `#[edgepod::table]` describes."
            ),
        }
    }
}

impl std::error::Error for SchemaError {}

/// All tables of the program, sorted by name.
///
/// # Errors
/// When two structs name one table (compared as SQLite does, without regard to ASCII case), or a foreign key
/// references a table that does not exist.
pub fn tables() -> Result<Vec<&'static TableSchema>, SchemaError> {
    let mut tables: Vec<_> = inventory::iter::<Registration>().map(|r| r.0).collect();
    tables.sort_by_key(|t| (t.name.to_ascii_lowercase(), t.location));
    for pair in tables.windows(2) {
        if pair[0].name.eq_ignore_ascii_case(pair[1].name) {
            let place =
                |t: &TableSchema| format!("{} ({}:{})", t.rust_name, t.location.0, t.location.1);
            return Err(SchemaError::DuplicateTable {
                name: pair[0].name,
                places: [place(pair[0]), place(pair[1])],
            });
        }
    }
    for table in &tables {
        for column in table.columns {
            if let Some(reference) = column.reference
                && !tables.iter().any(|t| t.name == reference.table)
            {
                return Err(SchemaError::UnknownReference {
                    column: format!("{}.{}", table.name, column.name),
                    table: reference.table,
                });
            }
        }
    }
    Ok(tables)
}
