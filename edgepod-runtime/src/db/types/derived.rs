//! What `#[derive(edgepod::ColumnType)]` says of a type.

use super::ColumnType;

/// A column type that is made of another: a struct around one, or an enum, which is text.
///
/// What a column of the other can do, a column of this type can, too: count up, calculate, have a default.
#[doc(hidden)]
pub trait Derived: ColumnType {
    /// The other type.
    // Without a bound of its own, so that a type which cannot be a column's is one message less.
    type Inner;

    /// The texts of an enum.
    const TEXTS: Option<&'static [&'static str]> = None;
}
