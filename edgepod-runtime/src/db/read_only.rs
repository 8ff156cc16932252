//! Writing through the database of a query: it does not compile, and the message says what to do.

use super::{Delete, Insert, Insertable, Many, ReadDb, Table, Unscoped, Update, WriteStatement};
use crate::Result;

/// A database that writes `T`. Nothing implements it for [`ReadDb`], so the methods below cannot be called; they are there
/// for the message.
#[diagnostic::on_unimplemented(
    message = "a query reads, and this writes",
    label = "the database of a query has no such method",
    note = "make it an `#[edgepod::function]`, which takes `&Ctx`; an action writes in `ctx.transaction(|tx| …)`"
)]
pub trait Writes<T> {
    #[doc(hidden)]
    fn never<R>(&self) -> R;
}

impl ReadDb {
    #[doc(hidden)]
    pub fn insert<I: Insertable>(&self, _row: I) -> Insert<'_, I::Table>
    where
        Self: Writes<I>,
    {
        self.never()
    }

    #[doc(hidden)]
    pub fn insert_many<I: Insertable>(
        &self,
        _rows: impl IntoIterator<Item = I>,
    ) -> Insert<'_, I::Table, Many>
    where
        Self: Writes<I>,
    {
        self.never()
    }

    #[doc(hidden)]
    pub fn execute<S: WriteStatement>(&self, _statement: S) -> Result<S::Output>
    where
        Self: Writes<S>,
    {
        self.never()
    }

    #[doc(hidden)]
    pub fn update<T: Table>(&self) -> Update<'_, T, Unscoped>
    where
        Self: Writes<T>,
    {
        self.never()
    }

    #[doc(hidden)]
    pub fn delete<T: Table>(&self) -> Delete<'_, T, Unscoped>
    where
        Self: Writes<T>,
    {
        self.never()
    }
}
