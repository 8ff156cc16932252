//! What changes in an object while its data is taken: triggers note the rowids, in the order of the changes, and the rows are
//! read once more. They note nothing a day after the last turn of the pull, and go when another pull or a push begins.

use edgepod_sql::quote;
use serde_json::Value;

use super::{COPY, Item, MOST_COLUMNS, Schema, rows};

/// A row: which pull it is, its last turn, and until when changes are noted, in seconds since 1970.
const STATE: &str = "_edgepod_copy_state";

/// The rowids of a table that changed, in their order. Of a rowid the last change counts, and the last of all is never
/// forgotten: what comes later has a greater number. No conflict may decide about that, as `INSERT OR IGNORE` of the app would
/// decide about the statements of a trigger, too.
const CHANGES: &str = "_edgepod_copy_changes";

/// What the triggers of a table are called, behind its number.
const TRIGGERS: [&str; 4] = ["insert", "update", "move", "delete"];

/// Whether a pull has made what has this name.
pub(super) fn is_own(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(COPY) else {
        return false;
    };
    let is_trigger = |name: &str| {
        let parts = name.split_once('_');
        parts.is_some_and(|(number, what)| {
            number.parse::<usize>().is_ok() && TRIGGERS.contains(&what)
        })
    };
    ["", "_state", "_changes", "_changes_keys"].contains(&rest)
        || rest.strip_prefix('_').is_some_and(is_trigger)
}

/// How long it may take to the next turn, in seconds.
const IDLE: u32 = 24 * 60 * 60;

/// A table that is followed, by its number.
#[derive(Clone, Copy)]
pub(super) struct Followed<'a> {
    pub number: usize,
    pub item: &'a Item,
    rowid: &'static str,
}

impl<'a> Followed<'a> {
    /// None where it cannot be: without a rowid; of a virtual table, whose tables take no triggers; with so many columns that a
    /// result has no place for what says where the next slice begins.
    pub(super) fn of(number: usize, item: &'a Item) -> Option<Self> {
        let rowid = item.rowid()?;
        (item.of == "table" && item.columns.len() + 3 <= MOST_COLUMNS).then_some(Self {
            number,
            item,
            rowid,
        })
    }

    /// The triggers that note its changes, by their names.
    pub(super) fn triggers(self) -> [(String, String); 4] {
        let Self { number, rowid, .. } = self;
        let trigger = |what: &str, event: &str, and: &str, row: &str| {
            let name = format!("{COPY}_{number}_{what}");
            let sql = format!(
                "CREATE TRIGGER {name} AFTER {event} ON {} WHEN (SELECT until FROM {STATE}) > unixepoch(){and} BEGIN \
                 DELETE FROM {CHANGES} WHERE tab = {number} AND key = {row}.{rowid} \
                 AND at < (SELECT max(at) FROM {CHANGES} WHERE tab = {number}); \
                 INSERT INTO {CHANGES} SELECT {number}, coalesce(max(at), 0) + 1, {row}.{rowid} FROM {CHANGES} \
                 WHERE tab = {number}; END",
                quote(&self.item.name)
            );
            (name, sql)
        };
        let moved = format!(" AND NEW.{rowid} <> OLD.{rowid}");
        let [insert, update, moving, delete] = TRIGGERS;
        [
            trigger(insert, "INSERT", "", "NEW"),
            trigger(update, "UPDATE", "", "OLD"),
            trigger(moving, "UPDATE", &moved, "NEW"),
            trigger(delete, "DELETE", "", "OLD"),
        ]
    }

    /// A SELECT of some rows after a rowid, which is its parameter: each value as SQL, the rowid first.
    pub(super) fn slice(self) -> String {
        let rowid = self.rowid;
        self.item.select(&format!(
            " WHERE {rowid} > CAST(? AS NUMERIC) ORDER BY {rowid} LIMIT {AT_ONCE}"
        ))
    }

    /// A SELECT of rows that changed after the change of this number: the change, the rowid, and the row, which is NULL where it
    /// is no longer there.
    fn changed(self, after: &str, limit: &str) -> String {
        let Self { number, rowid, .. } = self;
        select(
            "quote(at), quote(key), ",
            "l.at, l.key, ",
            &self.item.to_insert(),
            &format!(
                "{CHANGES} AS l LEFT JOIN {} AS t ON t.{rowid} = l.key WHERE l.tab = {number} AND l.at > {after} \
                 ORDER BY l.at{limit}",
                quote(&self.item.name)
            ),
        )
    }

    /// [`changed`](Self::changed), some rows of it after a change that is its parameter.
    pub(super) fn changed_slice(self) -> String {
        self.changed("CAST(? AS INTEGER)", &format!(" LIMIT {AT_ONCE}"))
    }

    /// [`changed`](Self::changed), all of them.
    pub(super) fn changed_rest(self, after: u64) -> String {
        self.changed(&after.to_string(), "")
    }
}

/// The rows that a statement of a slice gives: they may have two million bytes each.
const AT_ONCE: usize = 8;

/// Before the first rowid.
pub(super) const BEFORE_ALL: &str = "-1e19";

/// Steps that begin to follow.
pub(super) fn begins<'a>(
    schema: &Schema,
    id: &str,
    followed: impl Iterator<Item = Followed<'a>>,
) -> Vec<Value> {
    let mut all = ends(schema);
    let mut run = |sql: String| all.push(rows(sql, &[]));
    run(format!(
        "CREATE TABLE IF NOT EXISTS {COPY} (at INTEGER PRIMARY KEY, id TEXT NOT NULL, text TEXT NOT NULL) STRICT"
    ));
    run(format!("DELETE FROM {COPY}"));
    run(format!(
        "CREATE TABLE IF NOT EXISTS {STATE} (id TEXT NOT NULL, turn INTEGER NOT NULL, until INTEGER NOT NULL) STRICT"
    ));
    run(format!("DELETE FROM {STATE}"));
    run(format!(
        "CREATE TABLE IF NOT EXISTS {CHANGES} (tab INTEGER, at INTEGER, key INTEGER NOT NULL, PRIMARY KEY (tab, at)) \
         STRICT, WITHOUT ROWID"
    ));
    run(format!(
        "CREATE INDEX IF NOT EXISTS {CHANGES}_keys ON {CHANGES} (tab, key)"
    ));
    run(format!("DELETE FROM {CHANGES}"));
    for (name, sql) in followed.flat_map(Followed::triggers) {
        run(format!("DROP TRIGGER IF EXISTS {name}"));
        run(sql);
    }
    run(format!(
        "INSERT INTO {STATE} VALUES ('{id}', 0, unixepoch() + {IDLE})"
    ));
    all
}

/// Steps that end it, whoever has begun it.
pub(super) fn ends(schema: &Schema) -> Vec<Value> {
    let own = schema.own.iter().map(|(kind, name)| match &**kind {
        "trigger" => Some(format!("DROP TRIGGER IF EXISTS {name}")),
        // A table stays: where one goes, SQLite may move others.
        _ if name != super::PUSH => Some(format!("DELETE FROM {name}")),
        _ => None,
    });
    own.flatten().map(|sql| rows(sql, &[])).collect()
}

/// Steps that end what these begun.
pub(super) fn over<'a>(followed: impl Iterator<Item = Followed<'a>>) -> Vec<Value> {
    let triggers = followed.flat_map(Followed::triggers);
    let triggers = triggers.map(|(name, _)| format!("DROP TRIGGER IF EXISTS {name}"));
    let tables = [STATE, CHANGES, COPY].map(|name| format!("DELETE FROM {name}"));
    triggers.chain(tables).map(|sql| rows(sql, &[])).collect()
}

/// A step that says that this is the turn of the pull: its rows are empty where the object follows no such pull any more, or has
/// gone back to what it was before the last turn. A turn may be had twice, as the answer may have been lost.
pub(super) fn turn(id: &str, turn: u64) -> Value {
    let sql = format!(
        "UPDATE {STATE} SET turn = {turn}, until = unixepoch() + {IDLE} \
         WHERE id = ? AND until > unixepoch() AND turn IN ({turn}, {turn} - 1) RETURNING turn"
    );
    rows(sql, &[id])
}

/// A step that tells of each table whose rows changed the number of the last change.
pub(super) fn changes() -> Value {
    rows(
        format!("SELECT tab, max(at) FROM {CHANGES} GROUP BY tab"),
        &[],
    )
}

/// Whether a failure says that there is no such table: a pull that is over, or of which the object knows nothing.
pub(super) fn is_unknown(error: &anyhow::Error) -> bool {
    error
        .to_string()
        .contains(&format!("no such table: {COPY}"))
}

impl Item {
    /// The rows of a table, each value as SQL that makes it again. `behind` stands behind the table's name.
    pub(super) fn select(&self, behind: &str) -> String {
        let from = format!("{} AS t{behind}", quote(&self.name));
        select("", "", &self.to_insert(), &from)
    }
}

/// The columns of the table `t`, each value as SQL that makes it again; `first` stands before them, and is made of `inner`.
fn select(first: &str, inner: &str, columns: &[String], from: &str) -> String {
    let names: Vec<_> = (0..columns.len())
        .map(|place| format!("c{place}"))
        .collect();
    let literals: Vec<_> = names.iter().map(|name| literal(name)).collect();
    // By short names: a statement has 100 KB.
    let named = columns.iter().zip(&names);
    let named: Vec<_> = named
        .map(|(column, name)| format!("t.{column} AS {name}"))
        .collect();
    format!(
        "SELECT {first}{} FROM (SELECT {inner}{} FROM {from})",
        literals.join(", "),
        named.join(", ")
    )
}

/// Values up to so many bytes become SQL in SQLite, and larger ones in JavaScript: no text of SQLite's has more than 2 MB there.
const LARGE: usize = 400_000;

/// The value of a column as SQL that makes it again, to the byte: what is no printable ASCII crosses as hexadecimal digits, as
/// JavaScript would mend what is no UTF-8, and `quote` ends at a NUL. Large values come as bytes: of a text after a `T`.
fn literal(column: &str) -> String {
    let bytes = format!("CAST({column} AS BLOB)");
    format!(
        "CASE typeof({column}) WHEN 'text' THEN CASE \
         WHEN length({bytes}) > {LARGE} THEN CAST(x'54' || {bytes} AS BLOB) \
         WHEN instr({bytes}, x'00') OR {column} GLOB '*[^ -~]*' THEN 'CAST(x''' || hex({column}) || ''' AS TEXT)' \
         ELSE quote({column}) END \
         WHEN 'blob' THEN iif(length({column}) > {LARGE}, CAST(x'42' || {column} AS BLOB), quote({column})) \
         ELSE quote({column}) END"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pull_makes_is_known_by_its_whole_name() {
        for name in [
            "",
            "_state",
            "_changes",
            "_changes_keys",
            "_0_insert",
            "_17_move",
        ] {
            assert!(is_own(&format!("{COPY}{name}")), "{name}");
        }
        for name in ["right", " of it", "_x_insert", "_1_other", "_1", "_"] {
            assert!(!is_own(&format!("{COPY}{name}")), "{name}");
        }
    }

    #[test]
    fn a_statement_for_a_hundred_columns_is_one_that_an_object_takes() {
        let table = Item {
            kind: "table".to_owned(),
            name: "t".to_owned(),
            table: "t".to_owned(),
            sql: None,
            of: "table".to_owned(),
            has_rowid: true,
            computed: Vec::new(),
            columns: (0..100).map(|n| format!("a \"long\" name {n}")).collect(),
        };
        assert_eq!(table.to_insert().len(), 100);
        assert!(
            table.select("").len() < 100_000,
            "{}",
            table.select("").len()
        );
        let step = rows("SELECT ?", &["é"]);
        assert_eq!(step, serde_json::json!(["rows", "SELECT ?", "é"]));
    }
}
