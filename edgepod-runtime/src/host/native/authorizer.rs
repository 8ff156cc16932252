//! What a statement may do: natively no more than on the platform, so that what passes in development and in `migrations check`
//! passes when it is deployed. The lists are workerd's (`src/workerd/util/sqlite.c++`); `tests/faults/dialect.rs` asks both hosts.

use rusqlite::{
    Connection,
    config::DbConfig,
    hooks::{AuthAction, AuthContext, Authorization},
};

/// Functions, sorted, without those that workerd's list has and its SQLite has not. Those of ALTER TABLE are SQLite's own.
const FUNCTIONS: &[&str] = &[
    "->",
    "->>",
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "avg",
    "bm25",
    "ceil",
    "changes",
    "char",
    "coalesce",
    "concat",
    "concat_ws",
    "cos",
    "cosh",
    "count",
    "cume_dist",
    "current_date",
    "current_time",
    "current_timestamp",
    "date",
    "datetime",
    "degrees",
    "dense_rank",
    "exp",
    "first_value",
    "floor",
    "format",
    "glob",
    "group_concat",
    "hex",
    "highlight",
    "ifnull",
    "iif",
    "instr",
    "json",
    "json_array",
    "json_array_length",
    "json_each",
    "json_extract",
    "json_group_array",
    "json_group_object",
    "json_insert",
    "json_object",
    "json_patch",
    "json_quote",
    "json_remove",
    "json_replace",
    "json_set",
    "json_tree",
    "json_type",
    "json_valid",
    "jsonb",
    "jsonb_array",
    "jsonb_extract",
    "jsonb_group_array",
    "jsonb_group_object",
    "jsonb_insert",
    "jsonb_object",
    "jsonb_patch",
    "jsonb_remove",
    "jsonb_replace",
    "jsonb_set",
    "julianday",
    "lag",
    "last_insert_rowid",
    "last_value",
    "lead",
    "length",
    "like",
    "likelihood",
    "likely",
    "ln",
    "log",
    "log2",
    "lower",
    "ltrim",
    "match",
    "max",
    "min",
    "mod",
    "nth_value",
    "ntile",
    "nullif",
    "octet_length",
    "percent_rank",
    "pi",
    "pow",
    "printf",
    "quote",
    "radians",
    "random",
    "randomblob",
    "rank",
    "replace",
    "round",
    "row_number",
    "rtreecheck",
    "rtrim",
    "sign",
    "sin",
    "sinh",
    "snippet",
    "sqlite_drop_column",
    "sqlite_rename_column",
    "sqlite_rename_quotefix",
    "sqlite_rename_table",
    "sqlite_rename_test",
    "sqrt",
    "strftime",
    "string_agg",
    "substr",
    "substring",
    "sum",
    "tan",
    "tanh",
    "time",
    "timediff",
    "total",
    "total_changes",
    "trim",
    "trunc",
    "typeof",
    "unhex",
    "unicode",
    "unixepoch",
    "unlikely",
    "upper",
    "zeroblob",
];

/// Pragmas. Whether one changes a setting is asked elsewhere, on both hosts.
const PRAGMAS: &[&str] = &[
    "case_sensitive_like",
    "data_version",
    "defer_foreign_keys",
    "foreign_key_check",
    "foreign_key_list",
    "foreign_keys",
    "ignore_check_constraints",
    "index_info",
    "index_list",
    "index_xinfo",
    "legacy_alter_table",
    "optimize",
    "page_size",
    "quick_check",
    "recursive_triggers",
    "reverse_unordered_selects",
    "table_info",
    "table_list",
    "table_xinfo",
];

/// The modules of virtual tables.
const MODULES: &[&str] = &["fts5", "fts5vocab", "rtree", "rtree_i32"];

/// Holds the connection's statements to what the platform allows. The host's own settings come before.
pub(super) fn restrict(connection: &mut Connection) -> rusqlite::Result<()> {
    // No writing to `sqlite_schema` and to the tables behind FTS5's.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.authorizer(Some(|context: AuthContext<'_>| {
        match is_allowed(&context) {
            true => Authorization::Allow,
            false => Authorization::Deny,
        }
    }))
}

fn is_allowed(context: &AuthContext<'_>) -> bool {
    use AuthAction as Action;
    // It says where in another place, and in that of the others what it drops. The new name of a RENAME only the platform's own
    // SQLite says.
    if let Action::AlterTable {
        database_name,
        table_name,
    } = context.action
    {
        return database_name == "main"
            && is_free(table_name)
            && context.database_name.is_none_or(is_free);
    }
    match context.database_name {
        None | Some("main") => {}
        // Where SQLite keeps what it sorts.
        Some("temp") => {
            return matches!(context.action, Action::Read { table_name, .. } | Action::Update { table_name, .. }
                if is_free(table_name));
        }
        Some(_) => return false,
    }
    match context.action {
        Action::Select | Action::Recursive | Action::Analyze { .. } => true,
        // The host's own: a statement of the app's is asked for its first word.
        Action::Transaction { .. } | Action::Savepoint { .. } => true,
        Action::CreateTable { table_name }
        | Action::DropTable { table_name }
        | Action::Insert { table_name }
        | Action::Delete { table_name }
        | Action::Read { table_name, .. }
        | Action::Update { table_name, .. } => is_free(table_name),
        Action::CreateView { view_name } | Action::DropView { view_name } => is_free(view_name),
        Action::Reindex { index_name } => is_free(index_name),
        Action::CreateIndex {
            index_name: name,
            table_name,
        }
        | Action::DropIndex {
            index_name: name,
            table_name,
        }
        | Action::CreateTrigger {
            trigger_name: name,
            table_name,
        }
        | Action::DropTrigger {
            trigger_name: name,
            table_name,
        } => is_free(name) && is_free(table_name),
        Action::CreateVtable {
            table_name,
            module_name,
        }
        | Action::DropVtable {
            table_name,
            module_name,
        } => {
            is_free(table_name)
                && MODULES
                    .iter()
                    .any(|module| module.eq_ignore_ascii_case(module_name))
        }
        Action::Function { function_name } => FUNCTIONS.binary_search(&function_name).is_ok(),
        Action::Pragma {
            pragma_name,
            pragma_value,
        } => PRAGMAS.contains(&pragma_name) && pragma_value.is_none_or(is_free),
        // Other databases, tables of `temp`, what a later SQLite may know.
        _ => false,
    }
}

/// Whether a name is not one of the platform's own.
fn is_free(name: &str) -> bool {
    !name
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("_cf_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_are_sorted() {
        assert!(FUNCTIONS.is_sorted());
    }

    #[test]
    fn what_the_platform_refuses_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE VIRTUAL TABLE notes USING fts5(text); CREATE TABLE t (a, b)")
            .unwrap();
        restrict(&mut connection).unwrap();
        let run = |sql: &str| {
            connection
                .execute_batch(sql)
                .map_err(|error| error.to_string())
        };
        for sql in [
            "INSERT INTO notes VALUES ('bread and milk')",
            "SELECT highlight(notes, 0, '<', '>'), bm25(notes) FROM notes WHERE notes MATCH 'milk'",
            "ALTER TABLE t RENAME COLUMN a TO c",
            "ALTER TABLE t DROP COLUMN b",
            "ALTER TABLE t RENAME TO u",
            "CREATE VIRTUAL TABLE words USING fts5vocab(notes, row)",
            "DROP TABLE words",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT max(i) FROM n ORDER BY 1",
            "PRAGMA table_info(u)",
            "BEGIN",
            "COMMIT",
        ] {
            assert_eq!(run(sql), Ok(()), "{sql}");
        }
        for sql in [
            "SELECT json_pretty('{}')",
            "SELECT unistr('x')",
            "SELECT sqlite_version()",
            "CREATE VIRTUAL TABLE old USING fts3(text)",
            "CREATE TEMP TABLE x (a)",
            "CREATE TABLE _cf_mine (a)",
            "CREATE TABLE _CF_mine (a)",
            "INSERT INTO notes_data VALUES (1, x'00')",
            "DELETE FROM sqlite_schema",
            "PRAGMA journal_mode = DELETE",
            "ATTACH ':memory:' AS other",
        ] {
            assert!(run(sql).is_err(), "{sql}");
        }
    }
}
