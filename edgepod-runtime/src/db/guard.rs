//! The guards: how much a statement may return, and that it says which rows it means.

/// The most rows that a statement returns, and that an insert takes.
pub const MAX_ROWS: u64 = 1000;

/// Says, in the type of an UPDATE or DELETE, whether it says which rows it means.
#[diagnostic::on_unimplemented(
    message = "this statement does not say which rows it means: it would change every row of the table",
    label = "no `.filter(…)` before this",
    note = "add `.filter(…)`, or `.without_where()` if you do mean every row"
)]
pub trait Scope: sealed::Sealed {}

/// No `.filter(…)` yet: the statement cannot run.
pub enum Unscoped {}

/// A `.filter(…)`, or `.without_where()`: the statement can run.
pub enum Scoped {}

impl Scope for Scoped {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Scoped {}
}
