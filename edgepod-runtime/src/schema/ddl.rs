//! The statements that create a table and its indexes.

use std::borrow::Borrow;

use edgepod_sql::quote;

use super::snapshot::{Column, Table};

/// The time of an insert. `subsec` gives milliseconds; rounding keeps the float's last digit from showing.
pub(crate) const NOW: &str = "(CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000)";

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
pub fn create_table(table: &Table, name: &str, condition: &str) -> String {
    let key = table.primary_key();
    let mut columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("\n  {}", column_definition(column, key.len() == 1)))
        .collect();
    if key.len() > 1 {
        columns.push(format!("\n  PRIMARY KEY ({})", list(&key)));
    }
    format!(
        "CREATE TABLE {condition}{} ({}\n) STRICT",
        quote(name),
        columns.join(",")
    )
}

/// A column as `CREATE TABLE` and `ADD COLUMN` write it; `is_key`: the column of a primary key is all of it.
pub fn column_definition(column: &Column, is_key: bool) -> String {
    let mut sql = format!("{} {}", quote(&column.name), column.sql_type.as_sql());
    if column.primary_key && is_key {
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
pub fn default_expression(default: &str) -> &str {
    if default == "now" { NOW } else { default }
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    unique: bool,
    table: String,
    /// The columns, in the order of the index.
    pub columns: Vec<String>,
}

impl Index {
    /// The statement that makes it; `condition` is nothing or `IF NOT EXISTS `.
    pub fn create(&self, condition: &str) -> String {
        format!(
            "CREATE {}INDEX {condition}{} ON {} ({})",
            if self.unique { "UNIQUE " } else { "" },
            quote(&self.name),
            quote(&self.table),
            list(&self.columns)
        )
    }

    /// The statement that drops it.
    pub fn drop(&self) -> String {
        format!("DROP INDEX {}", quote(&self.name))
    }
}

/// The indexes of a table, in the order of its columns, and then those of several columns.
pub fn indexes(table: &Table) -> Vec<Index> {
    let index = |columns: Vec<String>, unique: bool| Index {
        name: index_name(&table.name, &columns, unique),
        unique,
        table: table.name.clone(),
        columns,
    };
    let single = table
        .columns
        .iter()
        .filter(|column| column.index || column.unique)
        .map(|column| index(vec![column.name.clone()], column.unique));
    let several = table
        .indexes
        .iter()
        .map(|several| index(several.columns.clone(), several.unique));
    single.chain(several).collect()
}

/// What the index of these columns is named.
pub fn index_name(table: &str, columns: &[impl Borrow<str>], unique: bool) -> String {
    let kind = if unique { "unique" } else { "index" };
    format!("{table}_{}_{kind}", columns.join("_"))
}

/// Names as SQL lists them.
fn list(names: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| quote(name.as_ref())).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{
        ColumnSchema, Default, IndexSchema, OnDelete, Reference, SqlType, TableSchema,
    };

    const PLAIN: ColumnSchema = ColumnSchema::plain("id", SqlType::Integer);

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
            indexes: &[],
            full_text: false,
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

    #[test]
    fn a_key_and_indexes_of_several_columns() {
        static COLUMNS: [ColumnSchema; 3] = [
            ColumnSchema {
                name: "post",
                primary_key: true,
                ..PLAIN
            },
            ColumnSchema {
                name: "t\"ag",
                primary_key: true,
                ..PLAIN
            },
            ColumnSchema {
                name: "rank",
                ..PLAIN
            },
        ];
        static INDEXES: [IndexSchema; 2] = [
            IndexSchema {
                columns: &["post", "rank"],
                unique: true,
            },
            IndexSchema {
                columns: &["t\"ag", "rank"],
                unique: false,
            },
        ];
        let table = TableSchema {
            name: "post_tags",
            rust_name: "PostTag",
            location: ("src/lib.rs", 1),
            columns: &COLUMNS,
            indexes: &INDEXES,
            full_text: false,
            renamed_from: None,
        };
        assert_eq!(
            create_statements(&Table::from(&table)),
            [
                "CREATE TABLE IF NOT EXISTS \"post_tags\" (\n  \"post\" INTEGER NOT NULL,\n  \"t\"\"ag\" INTEGER NOT NULL,\n  \
                 \"rank\" INTEGER NOT NULL,\n  PRIMARY KEY (\"post\", \"t\"\"ag\")\n) STRICT",
                "CREATE UNIQUE INDEX IF NOT EXISTS \"post_tags_post_rank_unique\" ON \"post_tags\" (\"post\", \"rank\")",
                "CREATE INDEX IF NOT EXISTS \"post_tags_t\"\"ag_rank_index\" ON \"post_tags\" (\"t\"\"ag\", \"rank\")",
            ]
        );
    }
}
