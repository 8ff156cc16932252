//! The order of columns: SQLite adds one at the end and moves none, and so a table may have another order than its struct.

use edgepod_runtime::schema::Table;

/// What there is to know where a table that is altered, and gets no new copy, does not follow its struct's order any more.
pub(super) fn warning(was: &Table, is: &Table) -> Option<String> {
    let names = |table: &Table| -> Vec<String> {
        table
            .columns
            .iter()
            .map(|c| c.name.to_lowercase())
            .collect()
    };
    let (old, new) = (names(was), names(is));
    let mut there: Vec<&String> = old.iter().filter(|name| new.contains(name)).collect();
    there.extend(new.iter().filter(|name| !old.contains(name)));
    if there.into_iter().eq(&new) {
        return None;
    }
    Some(format!(
        "The columns of `{}` stand in another order in the struct than in the database, which adds columns at the end and moves \
         none. Functions and typed statements name their columns; a `SELECT *` of your own gives them as the database has them.",
        is.name
    ))
}
