//! Whether what is selected is of single rows, of groups of them, or of both: in the type, so that a forgotten `.group_by(…)` does
//! not compile.

/// What a selected item is of.
#[doc(hidden)]
pub trait Kind {
    /// It, beside an item of another kind.
    type Beside<K: Kind>: Kind;
    /// Single rows, beside it.
    type WithRows: Kind;
    /// Groups, beside it.
    type WithGroups: Kind;
}

/// Of single rows: columns and expressions.
#[doc(hidden)]
pub enum OfRows {}

/// Of groups, or of all rows together: aggregates.
#[doc(hidden)]
pub enum OfGroups {}

/// Of both, and nothing says what the groups are.
#[doc(hidden)]
pub enum OfBoth {}

impl Kind for OfRows {
    type Beside<K: Kind> = K::WithRows;
    type WithRows = OfRows;
    type WithGroups = OfBoth;
}

impl Kind for OfGroups {
    type Beside<K: Kind> = K::WithGroups;
    type WithRows = OfBoth;
    type WithGroups = OfGroups;
}

impl Kind for OfBoth {
    type Beside<K: Kind> = OfBoth;
    type WithRows = OfBoth;
    type WithGroups = OfBoth;
}

/// What can run: rows, or groups of which is said what they are.
#[diagnostic::on_unimplemented(
    message = "columns stand beside an aggregate here, and nothing says which rows are a group",
    label = "`.group_by(…)` is missing before this",
    note = "group by the columns that stand beside the aggregate: `.columns((User::id, count())).group_by(User::id)`"
)]
#[doc(hidden)]
pub trait Runs {}

impl Runs for OfRows {}
impl Runs for OfGroups {}
