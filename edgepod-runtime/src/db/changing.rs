//! The parts of an UPDATE or a DELETE, whatever its table: a Worker carries what is done with them once.

use super::{
    Connection,
    assignment::Assignment,
    clause::{self, Clause},
    predicate, touch,
    writer::Writer,
};
use crate::{Error, Result, schema::TableSchema};

/// A full-text index is written by the triggers of its table, and what it touches is not known by its columns.
pub(super) const fn assert_written(table: &TableSchema) {
    assert!(
        !table.full_text,
        "a full-text index is not written by .update() and .delete(): change the table that it is of, whose triggers keep it \
         in step, or write a statement of sea-query"
    );
}

/// What is said of rows that a statement changes.
pub(super) struct Changing<'db> {
    pub(super) connection: &'db Connection,
    pub(super) table: &'static TableSchema,
    sets: Vec<Assignment>,
    conditions: Vec<Clause>,
    /// Whether a filter restricts the rows, or it was said that every row is meant.
    restricted: bool,
    refused: Option<Error>,
}

impl<'db> Changing<'db> {
    pub(super) fn new(connection: &'db Connection, table: &'static TableSchema) -> Self {
        Self {
            connection,
            table,
            sets: Vec::new(),
            conditions: Vec::new(),
            restricted: false,
            refused: None,
        }
    }

    pub(super) fn set(&mut self, assignment: Result<Assignment>) {
        match assignment {
            Ok(assignment) => self.sets.push(assignment),
            Err(error) => self.refused = Some(error),
        }
    }

    pub(super) fn filter(&mut self, clause: Result<Clause>) {
        match clause {
            Ok(clause) => {
                self.restricted |= clause.constant() != Some(true);
                self.conditions.push(clause);
            }
            Err(error) => self.refused = Some(error),
        }
    }

    pub(super) fn without_where(&mut self) {
        self.restricted = true;
    }

    /// The UPDATE without what it returns.
    pub(super) fn update(&mut self) -> Result<Writer> {
        self.check()?;
        if self.sets.is_empty() {
            return Err(Error::internal(format!(
                "an update of `{}` sets no column: add .set(column, value)",
                self.table.name
            )));
        }
        let mut sql = Writer::new();
        sql.push("UPDATE ");
        sql.push_name(self.table.name);
        for (i, set) in self.sets.iter().enumerate() {
            sql.push(if i == 0 { " SET " } else { ", " });
            set.write(self.table.name, &mut sql);
        }
        self.finish(sql)
    }

    /// The DELETE without what it returns.
    pub(super) fn delete(&mut self) -> Result<Writer> {
        self.check()?;
        let mut sql = Writer::new();
        sql.push("DELETE FROM ");
        sql.push_name(self.table.name);
        self.finish(sql)
    }

    fn check(&mut self) -> Result<()> {
        match self.refused.take() {
            Some(error) => Err(error),
            None if !self.restricted => Err(predicate::restricts_nothing(self.table.name)),
            None => Ok(()),
        }
    }

    fn finish(&self, mut sql: Writer) -> Result<Writer> {
        clause::push_all(&mut sql, " WHERE ", &self.conditions);
        sql.touches(touch::of_rows(
            self.connection,
            self.table,
            &self.conditions,
            &self.sets,
        )?);
        Ok(sql)
    }
}
