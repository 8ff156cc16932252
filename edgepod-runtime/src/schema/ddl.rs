//! The statements that create a table and its indexes.

use std::fmt::Write;

use super::{ColumnSchema, Default, TableSchema};

/// The statements that create `table` and its indexes where they are missing, in order.
///
/// Tables are STRICT: SQLite itself refuses a value of the wrong type.
pub fn create_statements(table: &TableSchema) -> Vec<String> {
    let mut create = format!("CREATE TABLE IF NOT EXISTS {} (", quote(table.name));
    for (i, column) in table.columns.iter().enumerate() {
        create.push_str(if i == 0 { "\n  " } else { ",\n  " });
        push_column(&mut create, column);
    }
    create.push_str("\n) STRICT");
    let mut statements = vec![create];
    for column in table.columns.iter().filter(|c| c.index || c.unique) {
        let (unique, suffix) = if column.unique {
            ("UNIQUE ", "unique")
        } else {
            ("", "index")
        };
        statements.push(format!(
            "CREATE {unique}INDEX IF NOT EXISTS {} ON {} ({})",
            quote(&format!("{}_{}_{suffix}", table.name, column.name)),
            quote(table.name),
            quote(column.name)
        ));
    }
    statements
}

fn push_column(sql: &mut String, column: &ColumnSchema) {
    let _ = write!(sql, "{} {}", quote(column.name), column.sql_type.as_sql());
    if column.primary_key {
        sql.push_str(" PRIMARY KEY");
    }
    if column.auto_increment {
        sql.push_str(" AUTOINCREMENT");
    }
    if !column.nullable {
        sql.push_str(" NOT NULL");
    }
    match column.default {
        None => {}
        // `subsec` gives milliseconds; rounding keeps the float's last digit from showing.
        Some(Default::Now) => {
            sql.push_str(" DEFAULT (CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000)");
        }
        Some(Default::Integer(n)) => {
            let _ = write!(sql, " DEFAULT {n}");
        }
        Some(Default::Real(x)) => {
            let _ = write!(sql, " DEFAULT {x:?}");
        }
        Some(Default::Text(text)) => {
            let _ = write!(sql, " DEFAULT '{}'", text.replace('\'', "''"));
        }
    }
    if let Some(reference) = column.reference {
        let _ = write!(
            sql,
            " REFERENCES {} ({}) ON DELETE {}",
            quote(reference.table),
            quote(reference.column),
            reference.on_delete.as_sql()
        );
    }
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{OnDelete, Reference, SqlType};

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
        };
        assert_eq!(
            create_statements(&table),
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
