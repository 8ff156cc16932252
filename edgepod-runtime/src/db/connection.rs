//! The one road of every statement: tracked, guarded, run, and its effect reported.

use std::{ops::Deref, rc::Rc, sync::Arc};

use super::{
    Database, Delete, Insert, Insertable, MAX_ROWS, Many, RawDb, RowFormat, Rows, Select, SqlError,
    Table, Unscoped, Update, Value,
    encode::{self, JsonRows},
    limits::{self, MAX_VALUE},
    touch,
    writer::Sql,
};
use crate::{
    Code, Error, Result,
    tracking::{ColumnId, Footprint, Plan, TableSet, TopicKey, Tracker},
};

/// Learns what the statements of a call touched. The engine's calls are observers.
pub trait Observer {
    /// A statement is about to read these topics.
    fn read(&self, topics: &Footprint);

    /// A statement changed rows of these topics.
    fn wrote(&self, topics: &Footprint);

    /// A statement read what is not in rows, such as the clock.
    fn varies(&self) {}

    /// A statement asked SQLite for the time.
    #[cfg(debug_assertions)]
    fn reads_clock(&self) {}

    /// A statement may have written, and nobody knows what.
    fn wrote_untracked(&self) {}

    /// The columns of a table on whose values somebody depends: only of them a write has to say which values it touches.
    fn watched(&self, _table: &str) -> Vec<ColumnId> {
        Vec::new()
    }

    /// What hides values in topics. Without it topics are whole tables.
    fn topic_key(&self) -> Option<&TopicKey> {
        None
    }

    /// A statement returned and changed so many rows.
    fn rows(&self, _read: usize, _written: u64) {}

    /// The time in microseconds, where somebody wants to know of each statement.
    #[cfg(not(target_arch = "wasm32"))]
    fn clock(&self) -> Option<i64> {
        None
    }

    /// A statement that began at this time has run: how many rows it returned and changed, or what went wrong.
    #[cfg(not(target_arch = "wasm32"))]
    fn ran(&self, _sql: &str, _began: i64, _rows: Result<(usize, u64), &Error>) {}

    /// Whether somebody wants to know the plans of statements.
    #[cfg(debug_assertions)]
    fn explains(&self) -> bool {
        false
    }

    /// A statement is about to run; the lines of its EXPLAIN QUERY PLAN, where somebody wants to know.
    #[cfg(debug_assertions)]
    fn explained(&self, _sql: &str, _plan: Vec<String>) {}

    /// The name of the function that runs the statements, where there is one.
    fn function(&self) -> Option<&str> {
        None
    }

    /// Something that the developer should know, for the reply and the log.
    fn warn(&self, warning: String);

    /// A guard refused a statement that had run already: the transaction must not commit, whatever becomes of the error.
    fn refused(&self, _error: &Error) {}
}

/// When a statement began, where somebody wants to know.
#[derive(Clone, Copy)]
pub(super) struct Began(#[cfg(not(target_arch = "wasm32"))] Option<i64>);

/// Whether a call may change the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A database, what is known of its statements, and who wants to know what they touch.
#[derive(Clone)]
pub struct Connection {
    database: Arc<dyn Database>,
    tracker: Arc<Tracker>,
    observer: Rc<dyn Observer>,
    access: Access,
}

impl Connection {
    pub(crate) fn new(
        database: Arc<dyn Database>,
        tracker: Arc<Tracker>,
        observer: Rc<dyn Observer>,
        access: Access,
    ) -> Self {
        Self {
            database,
            tracker,
            observer,
            access,
        }
    }

    pub(super) fn format(&self) -> RowFormat {
        self.database.row_format()
    }

    pub(super) fn database(&self) -> &dyn Database {
        &*self.database
    }

    /// The schema has changed by a statement that was not tracked.
    pub(super) fn schema_changed(&self) {
        self.tracker.forget();
    }

    pub(super) fn warn(&self, warning: String) {
        self.observer.warn(warning);
    }

    /// The columns of a table on whose values somebody depends.
    pub(super) fn watched(&self, table: &str) -> Vec<ColumnId> {
        self.observer.watched(table)
    }

    /// What hides values in topics, where there are topics of values.
    pub(super) fn topic_key(&self) -> Option<&TopicKey> {
        self.observer.topic_key()
    }

    pub(super) fn rows(&self, read: usize, written: u64) {
        self.observer.rows(read, written);
    }

    /// A statement is about to run.
    pub(super) fn began(&self) -> Began {
        #[cfg(not(target_arch = "wasm32"))]
        return Began(self.observer.clock());
        #[cfg(target_arch = "wasm32")]
        Began()
    }

    /// It has, and this came of it.
    #[cfg_attr(target_arch = "wasm32", expect(unused_variables))]
    pub(super) fn ran(&self, began: Began, sql: &str, rows: Result<(usize, u64), &Error>) {
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(began) = began.0 {
            self.observer.ran(sql, began, rows);
        }
    }

    /// A statement may write, and nobody knows what.
    pub(super) fn wrote_untracked(&self) {
        self.observer.wrote_untracked();
    }

    /// Refuses what has run already: the transaction rolls back.
    pub(super) fn refuse(&self, error: Error) -> Error {
        self.observer.refused(&error);
        error
    }

    /// The same database, where nobody learns what is read: for what belongs to a statement that was tracked.
    pub(super) fn untracked(&self) -> Self {
        struct Nobody;
        impl Observer for Nobody {
            fn read(&self, _: &Footprint) {}
            fn wrote(&self, _: &Footprint) {}
            fn warn(&self, _: String) {}
        }
        Self {
            observer: Rc::new(Nobody),
            ..self.clone()
        }
    }

    /// Tells whoever wants to know how a statement is about to run.
    #[cfg(debug_assertions)]
    pub(super) fn explain(&self, sql: &str, params: &[Value]) {
        if !self.observer.explains() {
            return self.observer.explained(sql, Vec::new());
        }
        let plan = format!("EXPLAIN QUERY PLAN {sql}");
        let plan = self.database.run(&plan, params).map(|output| output.rows);
        let plan = plan.unwrap_or_default();
        let lines = plan.iter().filter_map(|row| match row.last() {
            Some(Value::Text(line)) => Some(line.clone()),
            _ => None,
        });
        self.observer.explained(sql, lines.collect());
    }

    /// Whether a trigger or the action of a foreign key may write to the table once more, when a statement has.
    pub(super) fn is_written_again(&self, sql: &Sql, table: &str) -> bool {
        self.tracker
            .plan(&*self.database, &sql.text, &sql.params)
            .is_ok_and(|plan| plan.indirect.contains(table))
    }

    /// The tables that a statement writes itself, where that is known.
    pub(super) fn written_by(&self, sql: &Sql) -> TableSet {
        self.tracker
            .plan(&*self.database, &sql.text, &sql.params)
            .map(|plan| plan.direct.clone())
            .unwrap_or_default()
    }

    /// Whether what a statement does depends on more than rows and parameters, or may.
    pub(super) fn varies(&self, sql: &Sql) -> bool {
        self.tracker
            .plan(&*self.database, &sql.text, &sql.params)
            .map_or(true, |plan| plan.varies)
    }

    /// Runs a statement whose rows come as values.
    pub(super) fn run(&self, sql: &Sql) -> Result<(Rows, u64)> {
        self.tracked(sql, |database, effect| {
            let output = database.run(&sql.text, &sql.params)?;
            if effect == Effect::Reads {
                check_rows(&output.rows)?;
            }
            Ok((output.rows, output.changes))
        })
    }

    /// Reads rows as JSON, all of them in one text. `write` writes the statement, which gives the rows as it is asked to: those
    /// that one text cannot hold are asked for again, a text for each.
    pub(super) fn read_json(&self, write: &dyn Fn(JsonRows) -> Result<Sql>) -> Result<Rows> {
        let sql = write(JsonRows::Together)?;
        let (rows, _) = self.tracked(&sql, |database, _| {
            match database.read_json(&sql.text, &sql.params) {
                Ok(json) => Ok((within_limits(encode::parse_rows(&json)?, json.len())?, 0)),
                Err(error) if is_too_large(&error) => {
                    let json = read_each(database, &write(JsonRows::Each)?)?;
                    let rows = encode::parse_rows(&json)?;
                    check_rows(&rows)?;
                    Ok((rows, 0))
                }
                Err(error) => Err(error.into()),
            }
        })?;
        Ok(rows)
    }

    /// Runs a statement whose rows come as JSON, a text for each row.
    pub(super) fn run_json(&self, sql: &Sql) -> Result<(Rows, u64)> {
        self.tracked(sql, |database, effect| match effect {
            Effect::Reads => {
                let json = read_each(database, sql)?;
                Ok((within_limits(encode::parse_rows(&json)?, json.len())?, 0))
            }
            Effect::Writes => {
                let output = database.run_json(&sql.text, &sql.params)?;
                let rows = encode::parse_rows(&format!("[{}]", output.json))?;
                Ok((rows, output.changes))
            }
        })
    }

    /// A result that is too large says whose it is.
    fn named(&self, error: Error) -> Error {
        if error.code() != Code::PayloadTooLarge {
            return error;
        }
        let limit = error.data().map(|data| data["limit"].to_string());
        match (self.observer.function(), limit) {
            (Some(name), Some(limit)) => limits::result_too_large(&format!("`{name}`"), &limit),
            _ => error,
        }
    }

    fn tracked(
        &self,
        sql: &Sql,
        run: impl FnOnce(&dyn Database, Effect) -> Result<(Rows, u64)>,
    ) -> Result<(Rows, u64)> {
        let database = &*self.database;
        let plan = self.tracker.plan(database, &sql.text, &sql.params)?;
        #[cfg(debug_assertions)]
        self.explain(&sql.text, &sql.params);
        if plan.writes.is_empty() {
            // Before it runs: a subscription that comes too early costs a signal, one too late loses it.
            let topics = sql.pins.footprint(&plan, self.topic_key());
            self.observer.read(&topics);
            if plan.varies {
                self.observer.varies();
                #[cfg(debug_assertions)]
                if super::reads_clock::reads_clock(&sql.text) {
                    self.observer.reads_clock();
                }
            }
            let began = self.began();
            let output = run(database, Effect::Reads).map_err(|error| {
                self.ran(began, &sql.text, Err(&error));
                self.named(error)
            })?;
            self.observer.rows(output.0.len(), 0);
            self.ran(began, &sql.text, Ok((output.0.len(), 0)));
            return Ok(output);
        }
        if self.access == Access::Read {
            return Err(Error::internal(format!(
                "a query may not write, and this statement writes {}: make it an #[edgepod::function]. {}",
                plan.writes
                    .iter()
                    .map(|t| t.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
                sql.text
            )));
        }
        // What it does depends on them, as on what a SELECT of their rows would have said.
        self.observer.read(&Footprint::from(&plan.depends));
        let reached = plan.reached(database, &sql.params);
        let cascaded = touch::of_cascade(self, &plan, &sql.params, reached.as_ref())?;
        let before = match plan.indirect.is_empty() && !plan.may_fail_halfway {
            true => None,
            false => Some(total_changes(database)?),
        };
        let began = self.began();
        let result = run(database, Effect::Writes).map_err(|error| match error.code() {
            // It was written before its rows were too many.
            Code::PayloadTooLarge => self.refuse(self.named(error)),
            _ => error,
        });
        if plan.schema_change {
            self.tracker.forget();
        }
        match result {
            Ok((mut rows, changes)) => {
                let touched = sql.touch.settle(&mut rows, self.topic_key());
                self.observer.rows(rows.len(), changes);
                self.ran(began, &sql.text, Ok((rows.len(), changes)));
                if rows.len() as u64 > MAX_ROWS {
                    return Err(self.refuse(too_many_returned(rows.len())));
                }
                if changes > 0 || plan.schema_change {
                    let written = written(database, &plan, before, reached.as_ref())?;
                    self.observer
                        .wrote(&touch::footprint(&written, &plan, touched, cascaded));
                }
                Ok((rows, changes))
            }
            Err(error) => {
                self.ran(began, &sql.text, Err(&error));
                // `OR FAIL` keeps the rows before the one that failed, and the function may go on. SQLite's counts leave
                // out what a trigger wrote before its failure.
                if plan.may_fail_halfway
                    && (!plan.indirect.is_empty()
                        || before.is_none_or(|before| {
                            total_changes(database).is_ok_and(|now| now > before)
                        }))
                {
                    self.observer.wrote(&Footprint::from(&plan.writes));
                }
                Err(error)
            }
        }
    }
}

/// What a statement wrote is returned whole or not at all.
#[cold]
fn too_many_returned(rows: usize) -> Error {
    Error::bad_request(format!(
        "A statement returns {MAX_ROWS} rows at most, and this one wrote and would return {rows}: write without returning the rows \
         (exec), or fewer at a time. Nothing was written."
    ))
}

/// Refuses a row that is larger than any that can be stored: what SQLite makes of one differs between hosts, and not what this
/// says. Bytes count twice, because they travel as text of that length.
pub(super) fn check_rows(rows: &Rows) -> Result<(), SqlError> {
    let size = |value: &Value| match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => 2 * bytes.len(),
        _ => 0,
    };
    match rows
        .iter()
        .any(|row| row.iter().map(size).sum::<usize>() > 2 * MAX_VALUE)
    {
        true => Err(limits::too_large()),
        false => Ok(()),
    }
}

/// Whether a text was longer than SQLite makes one.
fn is_too_large(error: &SqlError) -> bool {
    ["too big", "out of memory"]
        .iter()
        .any(|words| error.message.contains(words))
}

/// The rows of a statement that gives a text for each, as an array.
fn read_each(database: &dyn Database, sql: &Sql) -> Result<String, SqlError> {
    match database.read_json(&sql.text, &sql.params) {
        Ok(rows) => Ok(format!("[{rows}]")),
        Err(error) if is_too_large(&error) => Err(limits::too_large()),
        Err(error) => Err(error),
    }
}

/// Rows that came as a text of this size. A small one holds no row that is too large.
fn within_limits(rows: Rows, size: usize) -> Result<Rows, SqlError> {
    if size > MAX_VALUE {
        check_rows(&rows)?;
    }
    Ok(rows)
}

/// What a statement does to the data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Reads,
    Writes,
}

/// `(changes(), total_changes())`: rows that the last statement changed itself, and rows changed since the database was
/// opened, through triggers and the actions of foreign keys included.
fn changes(database: &dyn Database) -> Result<(i64, i64)> {
    let rows = database.run("SELECT changes(), total_changes()", &[])?.rows;
    let integer = |value: &Value| match value {
        Value::Integer(n) => Some(*n),
        Value::Real(x) => Some(*x as i64),
        _ => None,
    };
    match rows.iter().next() {
        Some([a, b]) => integer(a).zip(integer(b)),
        _ => None,
    }
    .ok_or_else(|| Error::internal("SQLite does not say how many rows changed"))
}

fn total_changes(database: &dyn Database) -> Result<i64> {
    Ok(changes(database)?.1)
}

/// The tables that a statement really changed, or may have changed where that cannot be told at a bearable cost.
fn written(
    database: &dyn Database,
    plan: &Plan,
    before: Option<i64>,
    reached: Option<&TableSet>,
) -> Result<TableSet> {
    if plan.schema_change {
        return Ok(plan.writes.clone());
    }
    if let Some(before) = before {
        let (own, total) = changes(database)?;
        return Ok(plan
            .changed(own, total - before, reached)
            .unwrap_or_else(|| plan.writes.clone()));
    }
    // A host may count what is no row of a table.
    if plan.may_only_count && changes(database)?.0 == 0 {
        return Ok(TableSet::default());
    }
    Ok(plan.writes.clone())
}

/// The database of a query: it reads.
#[derive(Clone)]
pub struct ReadDb {
    pub(super) connection: Connection,
}

impl ReadDb {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection }
    }

    /// Reads rows of a table.
    ///
    /// ```ignore
    /// let ada = ctx.db.select::<User>().filter(User::email.eq("ada@example.com")).first()?;
    /// ```
    pub fn select<T: Table>(&self) -> Select<'_, T> {
        Select::new(&self.connection)
    }
}

/// The database of a function: it reads and writes. Reads are [`ReadDb`]'s.
#[derive(Clone)]
pub struct Db {
    read: ReadDb,
}

impl Db {
    pub(crate) fn new(connection: Connection) -> Self {
        Self {
            read: ReadDb { connection },
        }
    }

    pub(crate) fn raw(&self) -> RawDb {
        RawDb::new(self.read.connection.clone())
    }

    /// Inserts a row: a `New…` struct, or a whole row.
    pub fn insert<I: Insertable>(&self, row: I) -> Insert<'_, I::Table> {
        Insert::new(&self.read.connection, row)
    }

    /// Inserts up to [`MAX_ROWS`](super::MAX_ROWS) rows by one statement.
    pub fn insert_many<I: Insertable>(
        &self,
        rows: impl IntoIterator<Item = I>,
    ) -> Insert<'_, I::Table, Many> {
        Insert::many(&self.read.connection, rows)
    }

    /// Changes rows of a table.
    pub fn update<T: Table>(&self) -> Update<'_, T, Unscoped> {
        Update::new(&self.read.connection)
    }

    /// Deletes rows of a table.
    pub fn delete<T: Table>(&self) -> Delete<'_, T, Unscoped> {
        Delete::new(&self.read.connection)
    }
}

impl Deref for Db {
    type Target = ReadDb;

    fn deref(&self) -> &ReadDb {
        &self.read
    }
}

#[cfg(all(test, feature = "native"))]
mod tests {
    use std::{cell::RefCell, collections::BTreeSet};

    use sea_query::{Expr, ExprTrait, Query};

    use super::*;
    use crate::testing::memory_database;

    #[derive(Default)]
    struct Written(RefCell<BTreeSet<String>>, RefCell<BTreeSet<String>>);

    impl Observer for Written {
        fn read(&self, topics: &Footprint) {
            let names = topics.iter().map(|(table, _)| table.as_str().to_owned());
            self.1.borrow_mut().extend(names);
        }

        fn warn(&self, _: String) {}

        fn wrote(&self, topics: &Footprint) {
            let names = topics.iter().map(|(table, _)| table.as_str().to_owned());
            self.0.borrow_mut().extend(names);
        }
    }

    /// A database with this schema, and what is announced of it.
    fn open(schema: &[&str]) -> (Db, impl Fn() -> Vec<String> + use<>) {
        let (db, observer) = observed(schema);
        (db, move || observer.0.take().into_iter().collect())
    }

    fn observed(schema: &[&str]) -> (Db, Rc<Written>) {
        let database = memory_database();
        for sql in schema {
            database.run(sql, &[]).unwrap();
        }
        let observer = Rc::new(Written::default());
        let db = Db::new(Connection::new(
            database,
            Arc::default(),
            observer.clone(),
            Access::Write,
        ));
        (db, observer)
    }

    #[test]
    fn what_a_writing_statement_reads_is_read_and_what_its_foreign_keys_look_into_is_not() {
        let (db, observer) = observed(&[
            "CREATE TABLE users (id INTEGER PRIMARY KEY, n)",
            "CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id REFERENCES users (id), n)",
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, n)",
            "CREATE VIEW best AS SELECT max(n) AS n FROM users",
            "CREATE TRIGGER x AFTER UPDATE ON notes BEGIN SELECT count(*) FROM posts; END",
            "INSERT INTO users VALUES (1, 1)",
        ]);
        let insert = Query::insert()
            .into_table("posts")
            .columns(["id", "user_id"])
            .values_panic([1.into(), 1.into()])
            .take();
        let select = Query::select()
            .expr(Expr::cust("2"))
            .expr(Expr::val(1))
            .take();
        let mut insert_select = Query::insert();
        insert_select
            .into_table("posts")
            .columns(["id", "user_id"])
            .select_from(select)
            .unwrap();
        let update = |table: &'static str, value: &'static str| {
            Query::update()
                .table(table)
                .value("n", Expr::cust(value))
                .and_where(Expr::col("id").eq(1))
                .take()
        };
        let delete = Query::delete()
            .from_table("notes")
            .and_where(Expr::cust("id NOT IN (SELECT id FROM \"Posts\")"))
            .take();
        type Run<'a> = Box<dyn Fn() -> Result<u64> + 'a>;
        let cases: [(Run<'_>, &[&str]); 7] = [
            (Box::new(|| db.execute(insert.clone())), &[]),
            (Box::new(|| db.execute(insert_select.clone())), &[]),
            (
                Box::new(|| db.execute(update("posts", "(SELECT max(n) FROM users)"))),
                &["users"],
            ),
            (
                Box::new(|| db.execute(update("posts", "(SELECT n FROM best)"))),
                &["users"],
            ),
            (
                Box::new(|| db.execute(update("users", "(SELECT count(*) FROM notes)"))),
                &["notes"],
            ),
            (Box::new(|| db.execute(update("notes", "n + 1"))), &[]),
            (Box::new(|| db.execute(delete.clone())), &["posts"]),
        ];
        for (i, (run, reads)) in cases.iter().enumerate() {
            run().unwrap();
            let read: Vec<String> = observer.1.take().into_iter().collect();
            assert_eq!(read, *reads, "statement {i}");
        }
    }

    #[test]
    fn a_cascade_to_tables_that_are_called_as_parts_of_the_question_is_announced() {
        for names in [["g0", "g1", "g2"], ["g", "c", "g0"]] {
            let [parent, first, second] = names;
            let child = |name: &str| {
                format!(
                    "CREATE TABLE {name} (id INTEGER PRIMARY KEY, of REFERENCES {parent} (id) ON DELETE CASCADE)"
                )
            };
            let (db, written) = open(&[
                &format!("CREATE TABLE {parent} (id INTEGER PRIMARY KEY)"),
                &child(first),
                &child(second),
                &format!("INSERT INTO {parent} VALUES (1), (2)"),
                &format!("INSERT INTO {first} VALUES (1, 1)"),
                &format!("INSERT INTO {second} VALUES (1, 2)"),
            ]);
            let delete = |id: i64| {
                let delete = Query::delete()
                    .from_table(parent)
                    .and_where(Expr::col("id").eq(id))
                    .take();
                db.execute(delete).unwrap();
                written()
            };
            let sorted = |mut names: Vec<&str>| {
                names.sort_unstable();
                names.into_iter().map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(delete(1), sorted(vec![parent, first]));
            assert_eq!(delete(2), sorted(vec![parent, second]));
        }
    }

    #[test]
    fn a_statement_that_failed_half_way_announces_what_it_left() {
        let (db, written) = open(&["CREATE TABLE t (a UNIQUE ON CONFLICT FAIL)"]);
        let insert = |values: &[i64]| {
            let mut insert = Query::insert().into_table("t").columns(["a"]).to_owned();
            for value in values {
                insert.values_panic([(*value).into()]);
            }
            db.execute(insert)
        };
        assert!(insert(&[1, 1]).is_err());
        assert_eq!(written(), ["t"], "the first row stays");
        assert!(insert(&[1, 2]).is_err());
        assert_eq!(written(), [""; 0], "no row went in");
        assert_eq!(insert(&[2]).unwrap(), 1);
        assert_eq!(written(), ["t"]);
    }

    /// `edgepod data pull` has triggers note the rowids of what changes.
    #[test]
    fn a_delete_announces_as_much_while_its_rows_are_followed() {
        let follow = |table: &str| {
            format!(
                "CREATE TRIGGER _edgepod_copy_{table} AFTER DELETE ON {table} BEGIN \
                 INSERT INTO _edgepod_copy_changes VALUES (OLD.rowid); END"
            )
        };
        let [rooms, notes] = ["rooms", "notes"].map(follow);
        let (db, written) = open(&[
            "CREATE TABLE rooms (id INTEGER PRIMARY KEY)",
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, of REFERENCES rooms (id) ON DELETE CASCADE)",
            "CREATE TABLE pins (id INTEGER PRIMARY KEY, of REFERENCES rooms (id) ON DELETE CASCADE)",
            "CREATE TABLE _edgepod_copy_changes (key)",
            &rooms,
            &notes,
            "INSERT INTO rooms VALUES (1), (2)",
            "INSERT INTO notes VALUES (1, 1)",
        ]);
        let delete = |id: i64| {
            let mut delete = Query::delete().from_table("rooms").to_owned();
            delete.and_where(Expr::col("id").eq(id));
            db.execute(delete)
        };
        assert_eq!(delete(1).unwrap(), 1);
        assert_eq!(written(), ["notes", "rooms"]);
        assert_eq!(delete(2).unwrap(), 1);
        assert_eq!(written(), ["rooms"]);
    }

    #[test]
    fn a_statement_that_changed_nothing_announces_nothing() {
        let (db, written) = open(&[
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a)",
            "CREATE TABLE log (a)",
            "CREATE TABLE sums (a)",
            "CREATE TRIGGER x AFTER UPDATE ON t BEGIN INSERT INTO log VALUES (1); UPDATE sums SET a = 1; END",
            "INSERT INTO t VALUES (1, 1)",
        ]);
        let update = |id: i64| {
            db.execute(
                Query::update()
                    .table("t")
                    .value("a", 2)
                    .and_where(Expr::col("id").eq(id))
                    .to_owned(),
            )
        };
        assert_eq!(update(9).unwrap(), 0);
        assert_eq!(written(), [""; 0]);
        assert_eq!(update(1).unwrap(), 1);
        // `sums` was empty: of what a trigger does to several tables this announces too much, and never too little.
        assert_eq!(written(), ["log", "sums", "t"]);
    }
}
