//! All rows of a SELECT, a part at a time.

use super::{Rows, Value, core::Core, expr::Expr};
use crate::{Result, error::Line};

/// The rows of a SELECT in parts, each read when it is asked for: [`Select::chunks`](super::Select::chunks). Of as many rows as
/// there are, one part is in memory.
#[must_use = "chunks are read when they are asked for: `for rows in select.chunks(500) { let rows = rows?; … }`"]
pub struct Chunks<'db, R> {
    line: Line,
    core: Core<'db>,
    items: Option<Vec<Expr>>,
    width: usize,
    size: u64,
    decode: Box<dyn Fn(Rows) -> Result<Vec<R>> + 'db>,
    next: Next,
}

/// What is asked for next.
enum Next {
    /// Nothing was: the first part, or the error that there is in place of it.
    First(Result<()>),
    /// What follows a row with these values in what is sorted by.
    After(Vec<Value>),
    Nothing,
}

impl<'db, R> Chunks<'db, R> {
    /// `check` is what is wrong with the statement before it runs.
    pub(super) fn new(
        line: Line,
        core: Core<'db>,
        items: Option<Vec<Expr>>,
        width: usize,
        size: u64,
        check: Result<()>,
        decode: impl Fn(Rows) -> Result<Vec<R>> + 'db,
    ) -> Self {
        Self {
            line,
            core,
            items,
            width,
            size,
            decode: Box::new(decode),
            next: Next::First(check),
        }
    }

    fn part(&mut self, last: Option<Vec<Value>>) -> Result<Vec<R>> {
        let items = self.items.as_deref();
        let (rows, last) = self.core.following(items, self.width, last, self.size)?;
        let rows = (self.decode)(rows)?;
        if let Some(last) = last {
            self.next = Next::After(last);
        }
        Ok(rows)
    }
}

impl<R> Iterator for Chunks<'_, R> {
    type Item = Result<Vec<R>>;

    fn next(&mut self) -> Option<Self::Item> {
        let last = match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::Nothing => return None,
            Next::First(check) => {
                let items = self.items.as_deref();
                if let Err(error) =
                    check.and_then(|()| self.core.divide("chunks", self.size, items))
                {
                    return Some(self.line.of(Err(error)));
                }
                None
            }
            Next::After(last) => Some(last),
        };
        match self.part(last) {
            // Of no rows there is no part.
            Ok(rows) if rows.is_empty() => None,
            part => Some(self.line.of(part)),
        }
    }
}
