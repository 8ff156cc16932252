//! Names that are not an app's, in the database and in the environment.

/// The variable with the key of the admin address, on both hosts and for the command. Without it there is no such address.
pub const ADMIN_KEY: &str = "EDGEPOD_ADMIN_KEY";

/// What the tables begin with that EdgePod keeps for itself. They are tracked by nobody and announced to nobody.
pub const SYSTEM_PREFIX: &str = "_edgepod_";

/// What no table of an app begins with: SQLite's names, the platform's and EdgePod's.
pub const RESERVED_PREFIXES: [&str; 3] = ["sqlite_", "_cf_", SYSTEM_PREFIX];

/// The reserved prefix that a table's name begins with, without regard to ASCII case.
///
/// ```
/// use edgepod_manifest::reserved_prefix;
/// assert_eq!(reserved_prefix("_CF_KV"), Some("_cf_"));
/// assert_eq!(reserved_prefix("users"), None);
/// ```
pub fn reserved_prefix(table: &str) -> Option<&'static str> {
    RESERVED_PREFIXES.into_iter().find(|prefix| {
        table
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    })
}

/// Functions of SQLite that a statement reads as it reads a table. A table of one's name hides it, from EdgePod's own
/// statements too.
const TABLE_FUNCTIONS: [&str; 4] = ["json_each", "json_tree", "jsonb_each", "jsonb_tree"];

/// Whether a table of this name would hide one of SQLite's functions that are read as tables, without regard to ASCII case.
///
/// ```
/// use edgepod_manifest::hides_a_function;
/// assert!(hides_a_function("JSON_each") && hides_a_function("pragma_table_info"));
/// assert!(!hides_a_function("json") && !hides_a_function("pragmas"));
/// ```
pub fn hides_a_function(table: &str) -> bool {
    let name = table.to_ascii_lowercase();
    TABLE_FUNCTIONS.contains(&&*name) || name.starts_with("pragma_")
}
