//! The statements that create a table and its indexes.

use super::snapshot::{Column, Table};

/// The time of an insert. `subsec` gives milliseconds; rounding keeps the float's last digit from showing.
const NOW: &str = "(CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000)";

/// The statements that create `table` and its indexes where they are missing, in order.
///
/// Tables are STRICT: SQLite itself refuses a value of the wrong type.
pub fn create_statements(table: &Table) -> Vec<String> {
    let mut statements = vec![create_table(table, &table.name, "IF NOT EXISTS ")];
    statements.extend(
        indexes(table)
            .iter()
            .map(|index| index.create("IF NOT EXISTS ")),
    );
    statements
}

/// `CREATE TABLE`, under the given name; `condition` is nothing or `IF NOT EXISTS `.
pub(super) fn create_table(table: &Table, name: &str, condition: &str) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("\n  {}", column_definition(column)))
        .collect();
    format!(
        "CREATE TABLE {condition}{} ({}\n) STRICT",
        quote(name),
        columns.join(",")
    )
}

/// A column as `CREATE TABLE` and `ADD COLUMN` write it.
pub(super) fn column_definition(column: &Column) -> String {
    let mut sql = format!("{} {}", quote(&column.name), column.sql_type.as_sql());
    if column.primary_key {
        sql.push_str(" PRIMARY KEY");
    }
    if column.auto_increment {
        sql.push_str(" AUTOINCREMENT");
    }
    if !column.nullable {
        sql.push_str(" NOT NULL");
    }
    if let Some(default) = &column.default {
        sql.push_str(" DEFAULT ");
        sql.push_str(default_expression(default));
    }
    if let Some(reference) = &column.references {
        sql.push_str(&format!(
            " REFERENCES {} ({}) ON DELETE {}",
            quote(&reference.table),
            quote(&reference.column),
            reference.on_delete.as_sql()
        ));
    }
    sql
}

/// The SQL of a snapshot's default.
pub(super) fn default_expression(default: &str) -> &str {
    if default == "now" { NOW } else { default }
}

/// An index of one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) name: String,
    unique: bool,
    table: String,
    column: String,
}

impl Index {
    pub(super) fn create(&self, condition: &str) -> String {
        format!(
            "CREATE {}INDEX {condition}{} ON {} ({})",
            if self.unique { "UNIQUE " } else { "" },
            quote(&self.name),
            quote(&self.table),
            quote(&self.column)
        )
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn drop(&self) -> String {
        format!("DROP INDEX {}", quote(&self.name))
    }
}

/// The indexes of a table, in the order of its columns.
pub(super) fn indexes(table: &Table) -> Vec<Index> {
    table
        .columns
        .iter()
        .filter(|column| column.index || column.unique)
        .map(|column| Index {
            name: format!(
                "{}_{}_{}",
                table.name,
                column.name,
                if column.unique { "unique" } else { "index" }
            ),
            unique: column.unique,
            table: table.name.clone(),
            column: column.name.clone(),
        })
        .collect()
}

pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{ColumnSchema, Default, OnDelete, Reference, SqlType, TableSchema};

    const PLAIN: ColumnSchema = ColumnSchema {
        name: "id",
        sql_type: SqlType::Integer,
        nullable: false,
        primary_key: false,
        auto_increment: false,
        unique: false,
        index: false,
        default: None,
        reference: None,
        renamed_from: None,
    };

    #[test]
    fn a_table_with_a_key_a_reference_and_defaults() {
        static COLUMNS: [ColumnSchema; 4] = [
            ColumnSchema {
                primary_key: true,
                auto_increment: true,
                ..PLAIN
            },
            ColumnSchema {
                name: "e\"mail",
                sql_type: SqlType::Text,
                unique: true,
                default: Some(Default::Text("it's")),
                ..PLAIN
            },
            ColumnSchema {
                name: "author_id",
                nullable: true,
                index: true,
                reference: Some(Reference {
                    table: "users",
                    column: "id",
                    on_delete: OnDelete::SetNull,
                }),
                ..PLAIN
            },
            ColumnSchema {
                name: "created_at",
                default: Some(Default::Now),
                ..PLAIN
            },
        ];
        let table = TableSchema {
            name: "posts",
            rust_name: "Post",
            location: ("src/lib.rs", 1),
            columns: &COLUMNS,
            renamed_from: None,
        };
        assert_eq!(
            create_statements(&Table::from(&table)),
            [
                "CREATE TABLE IF NOT EXISTS \"posts\" (\n  \"id\" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,\n  \
                 \"e\"\"mail\" TEXT NOT NULL DEFAULT 'it''s',\n  \"author_id\" INTEGER REFERENCES \"users\" (\"id\") ON \
                 DELETE SET NULL,\n  \"created_at\" INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('subsec') * 1000) AS \
                 INTEGER) * 1000)\n) STRICT",
                "CREATE UNIQUE INDEX IF NOT EXISTS \"posts_e\"\"mail_unique\" ON \"posts\" (\"e\"\"mail\")",
                "CREATE INDEX IF NOT EXISTS \"posts_author_id_index\" ON \"posts\" (\"author_id\")",
            ]
        );
    }
}
