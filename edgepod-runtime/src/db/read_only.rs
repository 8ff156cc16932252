//! Writing through the database of a query: it does not compile, and the message says what to do.

use super::{Delete, Insert, Insertable, ReadDb, Table, Unscoped, Update};

/// A database that writes `T`. Nothing implements it for [`ReadDb`], so the methods below cannot be called; they are there
/// for the message.
#[diagnostic::on_unimplemented(
    message = "a query reads, and this writes",
    label = "the database of a query has no such method",
    note = "make it an `#[edgepod::function]`, which takes `&Ctx`; an action writes in `ctx.transaction(|tx| …)`"
)]
pub trait Writes<T> {}

impl ReadDb {
    #[doc(hidden)]
    pub fn insert<I: Insertable>(&self, _row: I) -> Insert<'_, I::Table>
    where
        Self: Writes<I>,
    {
        unreachable!("nothing implements `Writes`")
    }

    #[doc(hidden)]
    pub fn update<T: Table>(&self) -> Update<'_, T, Unscoped>
    where
        Self: Writes<T>,
    {
        unreachable!("nothing implements `Writes`")
    }

    #[doc(hidden)]
    pub fn delete<T: Table>(&self) -> Delete<'_, T, Unscoped>
    where
        Self: Writes<T>,
    {
        unreachable!("nothing implements `Writes`")
    }
}
