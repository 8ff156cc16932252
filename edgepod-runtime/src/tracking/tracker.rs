//! The cache of what each statement touches.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use edgepod_sql::{Refusal, StatementKind, any_name, mentions, quote, quote_text, statement_kind};

use super::{
    TableName, TableSet,
    cascade::Cascade,
    catalog::{Catalog, Source},
    explain::{self, Program},
};
use crate::{
    planted,
    sqlite::{Database, SqlError, Value},
};

/// Distinct SQL texts to remember. An app has dozens; a program that writes values into its SQL has any number.
const CAPACITY: usize = 1024;

/// The most bytes of such texts: whose conditions a client lengthens may be 100 KB each.
const CAPACITY_BYTES: usize = 2_000_000;

/// How many views and indexes may stand between a virtual table and its rows.
const DEPTH: usize = 8;

/// What one statement touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// The tables it reads and does not write, those that a foreign key or a trigger makes it read included.
    pub reads: TableSet,
    /// Those of `reads` on which it depends what the statement does: of one that writes, not those that only a foreign key or a
    /// trigger makes it read.
    pub depends: TableSet,
    /// The tables it may write, through triggers and the actions of foreign keys included.
    pub writes: TableSet,
    /// Those of `writes` that the statement itself names: one, or none where it names a view.
    pub direct: TableSet,
    /// Those of `writes` that triggers and the actions of foreign keys may write.
    pub indirect: TableSet,
    /// Whether it changes the schema.
    pub schema_change: bool,
    /// Whether an error may leave what was written before it (`OR FAIL`).
    pub may_fail_halfway: bool,
    /// Whether it may move SQLite's own counters and no row (`OR IGNORE` into a table with AUTOINCREMENT).
    pub may_only_count: bool,
    /// Whether one of its tables may have columns whose values are equal by other rules than byte by byte, or are computed from
    /// others: then which values it touches is not known.
    pub is_odd: bool,
    /// Whether its rows depend on more than tables and parameters: on the clock, randomness, a setting.
    pub varies: bool,
    /// Tells which of several tables in `indirect` a DELETE is about to reach.
    cascade: Option<Cascade>,
}

impl Plan {
    /// The plan of a statement that SQLite does not explain: it may touch anything.
    pub fn unknown() -> Self {
        Self {
            reads: TableSet::every(),
            depends: TableSet::every(),
            writes: TableSet::every(),
            direct: TableSet::every(),
            schema_change: true,
            varies: true,
            ..Self::default()
        }
    }

    /// The tables that the statement is about to change through foreign keys, where it may change several and the rows tell
    /// which; to be asked right before it runs. For other statements this costs nothing.
    pub fn reached(&self, database: &dyn Database, params: &[Value]) -> Option<TableSet> {
        if planted::is("a cascade is not announced") {
            return Some(TableSet::default());
        }
        self.cascade.as_ref()?.ask(database, params)
    }

    /// The tables that it may change through foreign keys, where the rows tell which.
    pub fn cascades(&self) -> impl Iterator<Item = &TableName> {
        self.cascade.iter().flat_map(Cascade::tables)
    }

    /// A SELECT, with the statement's parameters, of the distinct values of these columns in the rows of a table that it is about
    /// to change through foreign keys: 65 rows at most, of values or each a JSON array. And the columns that it sets to NULL.
    /// `None` where that does not tell all.
    pub fn cascaded(
        &self,
        table: &str,
        columns: &[&str],
        json: bool,
    ) -> Option<(String, &[String])> {
        self.cascade.as_ref()?.values(table, columns, json)
    }

    /// The tables that a run of the statement changed, where that can be told from two numbers: the rows that it changed
    /// itself (`changes()`), and those with the rows of triggers and foreign keys (by how much `total_changes()` grew). `None`
    /// where several tables may have changed and neither the numbers tell which nor what it [`reached`](Self::reached).
    pub fn changed(&self, own: i64, all: i64, reached: Option<&TableSet>) -> Option<TableSet> {
        let mut changed = if own > 0 {
            self.direct.clone()
        } else {
            TableSet::default()
        };
        if all > own {
            match self.indirect.len() {
                0 => {}
                1 => changed.extend(&self.indirect),
                _ => match reached {
                    Some(reached) if own > 0 => changed.extend(reached),
                    _ => return None,
                },
            }
        }
        Some(changed)
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
    /// How long their texts are together.
    bytes: usize,
    catalog: Option<Catalog>,
    /// The schema was changed by a transaction that may still roll back.
    schema_changed: bool,
}

impl Tracker {
    /// What `sql` touches. The first time it is asked of a text this costs one EXPLAIN, later a look-up.
    ///
    /// # Errors
    /// What SQLite says of the statement: a syntax error, an unknown table or column. Text of several statements, and
    /// statements that may not run here, are refused and not explained.
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
        let refuse = |refusal: Refusal| SqlError {
            message: refusal.to_string(),
        };
        let plan = match statement_kind(sql).map_err(refuse)? {
            // It reads the schema or a setting, and EXPLAIN may carry it out.
            StatementKind::Pragma => Plan {
                varies: true,
                ..Plan::default()
            },
            StatementKind::Rows | StatementKind::Schema => {
                match state.explain(database, sql, params)? {
                    Some(plan) => plan,
                    None => Plan::unknown(),
                }
            }
        };
        let plan = Arc::new(plan);
        if state.plans.len() >= CAPACITY || state.bytes + sql.len() > CAPACITY_BYTES {
            state.plans.clear();
            state.bytes = 0;
        }
        state.bytes += sql.len();
        state.plans.insert(sql.into(), plan.clone());
        Ok(plan)
    }

    /// Forgets everything: the schema has changed.
    pub fn forget(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State {
            schema_changed: true,
            ..State::default()
        };
    }

    /// A transaction has rolled back, and with it whatever it did to the schema.
    pub fn rolled_back(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.schema_changed {
            *state = State::default();
        }
    }
}

impl State {
    /// The plan of a statement, or `None` where its program cannot be read.
    fn explain(
        &mut self,
        database: &dyn Database,
        sql: &str,
        params: &[Value],
    ) -> Result<Option<Plan>, SqlError> {
        let Some(program) = self.program(database, sql, params)? else {
            return Ok(None);
        };
        if program.may_roll_back {
            return Err(SqlError {
                message: Refusal::RollbackClause.to_string(),
            });
        }
        let ignores = program.writes_internal
            && (program.has_parts || mentions(sql, "IGNORE") || mentions(sql, "CONFLICT"));
        let Program {
            mut reads,
            own_reads: mut depends,
            mut direct,
            mut indirect,
            virtual_reads,
            virtual_direct,
            virtual_indirect,
            mut schema_change,
            may_fail_halfway,
            varies,
            ..
        } = program;
        if !(virtual_reads.is_empty() && virtual_direct.is_empty() && virtual_indirect.is_empty()) {
            let virtuals = self.virtuals(database)?;
            let mut known = TableSet::default();
            for (addresses, set) in [
                (&virtual_direct, &mut direct),
                (&virtual_indirect, &mut indirect),
                (&virtual_reads, &mut known),
            ] {
                for address in addresses {
                    // Others are functions that look like tables, such as json_each: no table of the schema has their
                    // address.
                    if let Some(name) = virtuals.get(address) {
                        set.insert(name.clone());
                        reads.extend(&self.behind(database, name.as_str(), DEPTH)?);
                    }
                }
            }
            if !known.is_empty() {
                // And what they show of other tables.
                depends.extend(&reads);
                depends.extend(&known);
            }
            reads.extend(&known);
        }
        // A REINDEX or an ANALYZE changes no row and may change every plan.
        schema_change |= statement_kind(sql) == Ok(StatementKind::Schema);
        let mut writes = direct.clone();
        writes.extend(&indirect);
        if schema_change {
            writes = TableSet::every();
            direct = TableSet::every();
        }
        // Whether SQLite opens a table that it writes for reading, too, depends on the plan it chose.
        reads.remove_all(&writes);
        depends.remove_all(&writes);
        if !direct.is_empty() && !schema_change && !depends.is_empty() {
            depends = own_reads(database, sql, &direct, depends)?;
        }
        let cascade = if !indirect.is_empty() && !schema_change {
            // Without it more is announced than has changed.
            Cascade::of(database, sql, &direct, &indirect).unwrap_or_default()
        } else {
            None
        };
        let odd = &self.catalog(database)?.odd;
        let is_odd = reads
            .iter()
            .chain(writes.iter())
            .any(|table| odd.contains(table.as_str()));
        Ok(Some(Plan {
            depends: match writes.is_empty() {
                true => reads.clone(),
                false => depends,
            },
            is_odd,
            reads,
            writes,
            direct,
            indirect,
            schema_change,
            may_fail_halfway,
            may_only_count: ignores,
            // A pragma that looks like a table tells of the file, or of a setting.
            varies: varies || any_name(sql, &is_pragma_table),
            cascade,
        }))
    }

    /// The program of a statement. A page without an owner belongs to a table made since the catalog was read: then it is
    /// read once more.
    fn program(
        &mut self,
        database: &dyn Database,
        sql: &str,
        params: &[Value],
    ) -> Result<Option<Program>, SqlError> {
        let rows = database.run(&format!("EXPLAIN {sql}"), params)?.rows;
        for _ in 0..2 {
            let pages = &self.catalog(database)?.pages;
            if let Ok(program) = explain::read_program(rows.iter(), pages) {
                return Ok(Some(program));
            }
            self.catalog = None;
        }
        Ok(None)
    }

    fn catalog(&mut self, database: &dyn Database) -> Result<&Catalog, SqlError> {
        if self.catalog.is_none() {
            self.catalog = Some(Catalog::read(database)?);
        }
        Ok(self.catalog.as_ref().expect("just read"))
    }

    /// The schema's virtual tables by the address under which EXPLAIN lists them. Addresses are SQLite's memory: they are
    /// asked for again each time.
    fn virtuals(&mut self, database: &dyn Database) -> Result<Virtuals, SqlError> {
        let names: Vec<TableName> = self
            .catalog(database)?
            .virtuals
            .iter()
            .map(|table| table.name.clone())
            .collect();
        let mut virtuals = Virtuals(Vec::new());
        for name in names {
            let select = select_all(name.as_str());
            if let Some(program) = self.program(database, &select, &[])? {
                for address in program.virtual_reads {
                    virtuals.0.push((address, name.clone()));
                }
            }
        }
        Ok(virtuals)
    }

    /// The tables whose rows a virtual table shows beside its own.
    fn behind(
        &mut self,
        database: &dyn Database,
        name: &str,
        depth: usize,
    ) -> Result<TableSet, SqlError> {
        let source = self
            .catalog(database)?
            .virtuals
            .iter()
            .find(|table| table.name.as_str().eq_ignore_ascii_case(name))
            .map(|table| table.source.clone());
        match source {
            Some(Source::Itself) => Ok(TableSet::default()),
            Some(Source::Other(other)) if depth > 0 => {
                let Some(program) = self.program(database, &select_all(&other), &[])? else {
                    return Ok(TableSet::every());
                };
                let mut reads = program.reads;
                if !program.virtual_reads.is_empty() {
                    let virtuals = self.virtuals(database)?;
                    for address in &program.virtual_reads {
                        if let Some(inner) = virtuals.get(address) {
                            reads.insert(inner.clone());
                            reads.extend(&self.behind(database, inner.as_str(), depth - 1)?);
                        }
                    }
                }
                Ok(reads)
            }
            Some(Source::Other(_) | Source::Unknown) | None => Ok(TableSet::every()),
        }
    }
}

/// Which of the tables that a writing statement reads it reads of its own accord. To keep foreign keys SQLite looks into their
/// tables, too, by the same instructions; those the text does not name, itself or by a view.
fn own_reads(
    database: &dyn Database,
    sql: &str,
    direct: &TableSet,
    reads: TableSet,
) -> Result<TableSet, SqlError> {
    let written = quote_text(direct.iter().next().map_or("", TableName::as_str));
    let rows = database.run(&RELATIVES.replace('?', &written), &[])?.rows;
    let names = |kind: &str| {
        let of_kind = rows.iter().filter_map(move |row| match row {
            [Value::Text(of), Value::Text(name)] if of == kind => Some(name.to_owned()),
            _ => None,
        });
        of_kind.collect::<Vec<String>>()
    };
    if names("view").iter().any(|view| mentions(sql, view)) {
        return Ok(reads);
    }
    let relatives = names("relative");
    let own = reads.iter().filter(|table| {
        let name = table.as_str();
        let relative = relatives.iter().any(|of| of.eq_ignore_ascii_case(name));
        !relative || mentions(sql, name)
    });
    Ok(own.cloned().collect())
}

/// The views, and the tables that a foreign key joins to a table, `?`, in either direction.
const RELATIVES: &str = "SELECT type, name FROM sqlite_schema WHERE type = 'view' UNION ALL \
                         SELECT 'relative', iif(lower(t.name) = lower(?), f.\"table\", t.name) \
                         FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) AS f \
                         WHERE t.type = 'table' AND t.name NOT GLOB '_cf_*' \
                         AND lower(?) IN (lower(t.name), lower(f.\"table\"))";

/// Whether it is the name of a pragma that looks like a table: `pragma_table_info`.
fn is_pragma_table(name: &str) -> bool {
    const START: &str = "pragma_";
    let start = name.get(..START.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(START))
}

/// Virtual tables by the addresses that EXPLAIN gives them.
struct Virtuals(Vec<(String, TableName)>);

impl Virtuals {
    fn get(&self, address: &str) -> Option<&TableName> {
        let mut of = self.0.iter().filter(|(known, _)| known == address);
        of.next().map(|(_, name)| name)
    }
}

fn select_all(table: &str) -> String {
    format!("SELECT * FROM {}", quote(table))
}
