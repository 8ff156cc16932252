//! Keyset pages: a page begins after the last row of the one before it, wherever that row stands by then.

use std::fmt::Write as _;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};

use super::{
    MAX_ROWS, Rows, Value,
    clause::{Clause, Computed, Joint, Operand, Operator, Term},
    column::{Direction, Key, Nulls},
    core::{Core, MAX_COLUMNS, push_key},
    encode,
    expr::Expr,
    source::Named,
    writer::Writer,
};
use crate::{Error, Result};

/// A page of a list, made by [`Select::page`](super::Select::page).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The cursor of the next page; `null` on the last one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The page with every row turned into something else.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(turn).collect(),
            next: self.next,
        }
    }
}

/// The most bytes of a cursor before it is base64. The condition that it becomes names a value up to once for each thing that
/// is sorted by, and all of them together are at most 2 MB of a statement.
const LONGEST: usize = 400_000;

/// What cursors are like. Another number, and those of before are refused.
const VERSION: u8 = 1;

impl Core<'_> {
    /// The rows of the page after `cursor`, and the cursor of the next one.
    pub(super) fn page(
        &mut self,
        items: Option<&[Expr]>,
        width: usize,
        cursor: Option<&str>,
        size: u64,
    ) -> Result<(Rows, Option<String>)> {
        self.divide("page", size, items)?;
        let fingerprint = self.fingerprint()?;
        let last = cursor
            .map(|cursor| read(cursor, &fingerprint, self.order.len()))
            .transpose()?;
        let (rows, last) = self.following(items, width, last, size)?;
        let next = last.map(|last| write(&fingerprint, last)).transpose()?;
        Ok((rows, next))
    }

    /// Prepares for [`following`](Self::following): an order in which no two rows are equal. `what` is divided into parts of
    /// `size` rows.
    pub(super) fn divide(&mut self, what: &str, size: u64, items: Option<&[Expr]>) -> Result<()> {
        if self.limit.is_some() || self.offset.is_some() {
            return Err(Error::internal(format!(
                "{what}() has a size of its own: leave out .limit() and .offset()"
            )));
        }
        if size == 0 {
            return Err(Error::bad_request("A page has at least one row."));
        }
        if size > MAX_ROWS {
            self.connection.warn(format!(
                "The {what} of {size} rows of `{}` was cut to {MAX_ROWS}.",
                self.name()
            ));
        }
        self.break_ties(items);
        Ok(())
    }

    /// So many rows after one that has the values `last` in what is sorted by, and those of the last of them where more follow.
    pub(super) fn following(
        &mut self,
        items: Option<&[Expr]>,
        width: usize,
        last: Option<Vec<Value>>,
        size: u64,
    ) -> Result<(Rows, Option<Vec<Value>>)> {
        let size = std::cmp::min(size, MAX_ROWS);
        let (conditions, having) = (self.conditions.len(), self.having.len());
        if let Some(values) = last {
            let after = after(&self.order, values)?;
            if self.groups.is_empty() {
                self.conditions.push(after);
            } else {
                self.having.push(after);
            }
        }
        let mut selected: Vec<Expr> = match items {
            Some(items) => items.to_vec(),
            None => self.tables().flat_map(Named::columns).collect(),
        };
        // What is sorted by is read with the rows: mostly it is a column of them, and else one more.
        let mut places = Vec::with_capacity(self.order.len());
        for key in &self.order {
            let place = selected.iter().position(|expr| *expr == key.expr);
            places.push(place.unwrap_or(selected.len()));
            if place.is_none() {
                selected.push(key.expr.clone());
            }
        }
        let apart = selected.len() > MAX_COLUMNS && width <= MAX_COLUMNS;
        if apart {
            selected.truncate(width);
        }
        let rows = self.listed(&selected, size + 1)?;

        let more = rows.len() as u64 > size;
        let mut kept = Vec::with_capacity(width * rows.len());
        let mut last = Vec::new();
        for (i, row) in rows.iter().enumerate().take(size as usize) {
            if more && !apart && i as u64 + 1 == size {
                last = places.iter().map(|place| row[*place].clone()).collect();
            }
            kept.extend_from_slice(&row[..width]);
        }
        if more && apart {
            // There is no column left for it. Nothing has changed between the two statements.
            let keys: Vec<Expr> = self.order.iter().map(|key| key.expr.clone()).collect();
            self.offset = Some(size - 1);
            last = self.listed(&keys, 1)?.into_values();
            self.offset = None;
        }
        self.conditions.truncate(conditions);
        self.having.truncate(having);
        let rows = Rows::new(if kept.is_empty() { 0 } else { width }, kept);
        Ok((rows, more.then_some(last)))
    }

    /// Adds to the order what makes it one in which no two rows are equal.
    fn break_ties(&mut self, items: Option<&[Expr]>) {
        let optional = self.joins.iter().any(|join| join.optional);
        for key in &mut self.order {
            key.nullable |= optional;
        }
        let key = |expr: Expr, nullable: bool| Key {
            expr,
            height: 0,
            direction: Direction::Ascending,
            nulls: None,
            nullable,
        };
        let ties: Vec<Key> = if !self.groups.is_empty() {
            let groups = self.groups.iter().cloned();
            groups.map(|expr| key(expr, true)).collect()
        } else if self.distinct {
            let items = items.unwrap_or_default().iter().cloned();
            items.map(|expr| key(expr, true)).collect()
        } else {
            self.tables()
                .flat_map(|named| {
                    let keys = named.table.columns.iter().filter(|c| c.primary_key);
                    keys.map(move |c| key(named.column(c), optional))
                })
                .collect()
        };
        if let ([tie], true) = (&*ties, self.joins.is_empty()) {
            // What follows a unique key sorts nothing.
            if let Some(at) = self.order.iter().position(|key| key.expr == tie.expr) {
                self.order.truncate(at + 1);
                return;
            }
        }
        for tie in ties {
            if !self.order.iter().any(|key| key.expr == tie.expr) {
                self.order.push(tie);
            }
        }
    }

    /// What tells this order from others: the tables, how they are joined, and what they are sorted by.
    fn fingerprint(&self) -> Result<String> {
        let mut sql = Writer::new();
        self.push_from(&mut sql);
        for key in &self.order {
            sql.push(" ");
            push_key(&mut sql, key);
        }
        // FNV-1a: a mistake is to be noticed, and there is nothing to forge.
        let hash = sql
            .finish()?
            .text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        Ok(format!("{hash:016x}"))
    }
}

/// The rows after the one with these values.
fn after(order: &[Key], values: Vec<Value>) -> Result<Clause> {
    let mut branches = Vec::new();
    let mut bound = None;
    for (i, (key, value)) in order.iter().zip(&values).enumerate() {
        let term = || term(key);
        let nulls_last = match key.nulls {
            Some(Nulls::Last) => true,
            Some(Nulls::First) => false,
            None => key.direction == Direction::Descending,
        };
        let compared = |operator| {
            Ok(Clause::Comparison {
                left: term(),
                operator,
                right: Operand::Value(value.clone()),
            })
        };
        let beyond = if *value == Value::Null {
            (!nulls_last).then(|| Ok(Clause::is_null(term()).not()))
        } else {
            let (beyond, or_equal) = match key.direction {
                Direction::Descending => (Operator::Smaller, Operator::SmallerOrEqual),
                Direction::Ascending => (Operator::Greater, Operator::GreaterOrEqual),
            };
            let or_null = nulls_last && key.nullable;
            if i == 0 && order.len() > 1 && !or_null {
                // It follows from the rest, and an index can use it.
                bound = Some(compared(or_equal));
            }
            Some(match or_null {
                true => Clause::joined(Joint::Any, [compared(beyond), Ok(Clause::is_null(term()))]),
                false => compared(beyond),
            })
        };
        if let Some(beyond) = beyond {
            let equal = order[..i].iter().zip(&values).map(|(key, value)| {
                Ok(Clause::equal(
                    self::term(key),
                    Operand::Value(value.clone()),
                ))
            });
            branches.push(Clause::joined(Joint::All, equal.chain([beyond])));
        }
    }
    // Of no branch, no row: the last of all was NULL in everything, with NULL last.
    let after = Clause::joined(Joint::Any, branches);
    Clause::joined(Joint::All, [after].into_iter().chain(bound))
}

fn term(key: &Key) -> Term {
    Term::Computed(Computed {
        expr: key.expr.clone(),
        nullable: key.nullable,
        height: key.height,
    })
}

/// The cursor after a row with these values.
fn write(fingerprint: &str, values: Vec<Value>) -> Result<String> {
    let mut json = format!("[{VERSION},\"{fingerprint}\"");
    for value in values {
        json.push(',');
        match value {
            Value::Null => json.push_str("null"),
            Value::Integer(n) => {
                let _ = write!(json, "{n}");
            }
            // With its point, so that it stays a float.
            Value::Real(x) => {
                let _ = write!(json, "{x:?}");
            }
            Value::Text(text) => {
                json.push_str(&serde_json::to_string(&text).expect("a string is JSON"));
            }
            Value::Blob(bytes) => {
                json.push_str("{\"$blob\":\"");
                encode::push_hex(&mut json, &bytes);
                json.push_str("\"}");
            }
        }
    }
    json.push(']');
    if json.len() > LONGEST {
        return Err(Error::bad_request(format!(
            "The last row of this page has {} bytes in what the pages are sorted by, and a cursor holds {LONGEST} at most: sort by \
             something shorter, or ask for a page of another size.",
            json.len()
        )));
    }
    Ok(Base64UrlUnpadded::encode_string(json.as_bytes()))
}

fn read(cursor: &str, fingerprint: &str, keys: usize) -> Result<Vec<Value>> {
    let unreadable = || {
        Error::bad_request(
            "This is no cursor: pass the `next` of the page before, unchanged, or none for the first page.",
        )
    };
    let json = Base64UrlUnpadded::decode_vec(cursor).map_err(|_| unreadable())?;
    let json = String::from_utf8(json).map_err(|_| unreadable())?;
    let mut values: Vec<Value> = serde_json::from_str(&json).map_err(|_| unreadable())?;
    let rest = values.split_off(values.len().min(2));
    match &*values {
        [Value::Integer(version), Value::Text(of)] => {
            if *version != i64::from(VERSION) || of != fingerprint || rest.len() != keys {
                return Err(Error::bad_request(
                    "This cursor is of another list, or of one that was sorted otherwise: ask for the first page, without a \
                     cursor.",
                ));
            }
        }
        _ => return Err(unreadable()),
    }
    Ok(rest)
}
