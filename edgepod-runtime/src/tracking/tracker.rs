//! The cache of what each statement touches.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{TableName, TableSet, explain};
use crate::db::{Database, SqlError, Value};

/// Distinct SQL texts to remember. An app has dozens; a program that writes values into its SQL has any number.
const CAPACITY: usize = 1024;

/// The query behind the map from root pages to tables. Tables and indexes have pages; views and triggers have none.
const PAGES: &str = "SELECT rootpage, tbl_name FROM sqlite_schema WHERE rootpage > 0";

/// What one statement touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The tables it reads, those that a foreign key or a trigger makes it read included.
    pub reads: TableSet,
    /// The tables it may write, through triggers and the actions of foreign keys included.
    pub writes: TableSet,
    /// Whether it changes the schema.
    pub schema_change: bool,
}

impl Plan {
    /// The plan of a statement that SQLite does not explain: it may touch anything.
    pub fn unknown() -> Self {
        Self {
            reads: TableSet::every(),
            writes: TableSet::every(),
            schema_change: true,
        }
    }
}

/// Finds and remembers what statements touch. One for each database.
#[derive(Default)]
pub struct Tracker {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    plans: HashMap<Box<str>, Arc<Plan>>,
    pages: Option<explain::Pages>,
}

impl Tracker {
    /// What `sql` touches. The first time it is asked of a text this costs one EXPLAIN, later a look-up.
    ///
    /// # Errors
    /// What SQLite says of the statement: a syntax error, an unknown table or column.
    pub fn plan(
        &self,
        database: &dyn Database,
        sql: &str,
        params: &[Value],
    ) -> Result<Arc<Plan>, SqlError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = state.plans.get(sql) {
            return Ok(plan.clone());
        }
        let program = database.run(&format!("EXPLAIN {sql}"), params)?.rows;
        let mut plan = None;
        // A page without an owner belongs to a table made since the map was: look once more.
        for _ in 0..2 {
            if state.pages.is_none() {
                state.pages = Some(read_pages(database)?);
            }
            let pages = state.pages.as_ref().expect("just made");
            plan = explain::read_program(program.iter(), pages);
            if plan.is_some() {
                break;
            }
            state.pages = None;
        }
        let plan = Arc::new(plan.unwrap_or_else(Plan::unknown));
        if state.plans.len() >= CAPACITY {
            state.plans.clear();
        }
        state.plans.insert(sql.into(), plan.clone());
        Ok(plan)
    }

    /// Forgets everything: the schema has changed.
    pub fn forget(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }
}

fn read_pages(database: &dyn Database) -> Result<explain::Pages, SqlError> {
    let rows = database.run(PAGES, &[])?.rows;
    // Page 1 is sqlite_schema, which is not listed in itself.
    let mut pages = explain::Pages::from([(1, None)]);
    for row in rows.iter() {
        let page = match row.first() {
            Some(Value::Integer(n)) => *n,
            Some(Value::Real(x)) => *x as i64,
            _ => continue,
        };
        if let Some(Value::Text(table)) = row.get(1) {
            let internal = table.starts_with("sqlite_") || table.starts_with("_cf_");
            pages.insert(page, (!internal).then(|| TableName::new(table)));
        }
    }
    Ok(pages)
}
