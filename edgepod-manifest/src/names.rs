//! Names in the database that are not an app's.

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
