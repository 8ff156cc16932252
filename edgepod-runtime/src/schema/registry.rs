//! The tables of the program: every `#[edgepod::table]` registers one, there is no second list.

#[cfg(not(target_arch = "wasm32"))]
use std::collections::BTreeMap;
use std::fmt;

use super::TableSchema;
#[cfg(not(target_arch = "wasm32"))]
use super::ddl::index_name;
use crate::thin::sorted;

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
    /// Two indexes, or an index and a table, would have one name.
    DuplicateIndex {
        /// The name.
        name: String,
        /// What has it: two times a table and its columns, or a table.
        owners: [String; 2],
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
            SchemaError::DuplicateIndex { name, owners } => write!(
                f,
                "`{name}` would be the name of two things in the database: of {} and of {}. Give a table or a column \
                 another name.",
                owners[0], owners[1]
            ),
        }
    }
}

impl std::error::Error for SchemaError {}

/// Whether a struct of the app declares a table of this name.
pub fn is_declared(name: &str) -> bool {
    table(name).is_some()
}

/// The table of the app with this name.
pub fn table(name: &str) -> Option<&'static TableSchema> {
    let mut tables = inventory::iter::<Registration>().map(|registration| registration.0);
    tables.find(|table| table.name == name)
}

/// All tables of the program, sorted by name.
///
/// # Errors
/// When two structs name one table (compared as SQLite does, without regard to ASCII case), or a foreign key
/// references a table that does not exist, or the names of two indexes are one.
pub fn tables() -> Result<Vec<&'static TableSchema>, SchemaError> {
    let tables = inventory::iter::<Registration>().map(|r| r.0);
    let tables = sorted(tables, |t| (t.name.to_ascii_lowercase(), t.location));
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
    #[cfg(not(target_arch = "wasm32"))]
    distinct_names(&tables)?;
    Ok(tables)
}

/// Finds two indexes of one name. Only natively: no Worker is built whose manifest was not made first.
#[cfg(not(target_arch = "wasm32"))]
fn distinct_names(tables: &[&TableSchema]) -> Result<(), SchemaError> {
    let mut names: BTreeMap<String, String> = tables
        .iter()
        .map(|table| {
            let name = table.name.to_ascii_lowercase();
            (name, format!("the table `{}`", table.name))
        })
        .collect();
    for table in tables {
        let single = table.columns.iter().filter(|c| c.index || c.unique);
        let single = single.map(|c| (vec![c.name], c.unique));
        let several = table.indexes.iter().map(|i| (i.columns.to_vec(), i.unique));
        for (columns, unique) in single.chain(several) {
            let name = index_name(table.name, &columns, unique);
            let owner = format!("the index of `{}` ({})", table.name, columns.join(", "));
            let other = names.insert(name.to_ascii_lowercase(), owner.clone());
            if let Some(other) = other {
                return Err(SchemaError::DuplicateIndex {
                    name,
                    owners: [other, owner],
                });
            }
        }
    }
    Ok(())
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::schema::{ColumnSchema, IndexSchema, SqlType};

    const fn column(name: &'static str, unique: bool) -> ColumnSchema {
        ColumnSchema {
            unique,
            ..ColumnSchema::plain(name, SqlType::Text)
        }
    }

    const fn table(
        name: &'static str,
        columns: &'static [ColumnSchema],
        indexes: &'static [IndexSchema],
    ) -> TableSchema {
        TableSchema {
            name,
            rust_name: name,
            location: ("src/lib.rs", 1),
            columns,
            indexes,
            full_text: false,
            renamed_from: None,
        }
    }

    #[test]
    fn two_indexes_of_one_name_are_told_apart() {
        let order = table("order", &[const { column("item_name", true) }], &[]);
        let item = table("Order_item", &[const { column("name", true) }], &[]);
        let pair = table(
            "order",
            &[],
            &[IndexSchema {
                columns: &["item", "name"],
                unique: true,
            }],
        );
        let named = table("order_item_name_unique", &[], &[]);
        assert_eq!(distinct_names(&[&order]), Ok(()));
        for (other, owner) in [
            (&item, "the index of `Order_item` (name)"),
            (&pair, "the index of `order` (item, name)"),
        ] {
            let message = distinct_names(&[&order, other]).unwrap_err().to_string();
            assert!(
                message.contains("of the index of `order` (item_name) and of"),
                "{message}"
            );
            assert!(message.contains(owner), "{message}");
        }
        let message = distinct_names(&[&order, &named]).unwrap_err().to_string();
        assert!(
            message.contains("the table `order_item_name_unique`"),
            "{message}"
        );
    }
}
