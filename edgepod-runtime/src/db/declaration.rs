//! What `#[edgepod::table]` asks of the types of columns, so that a declaration which SQLite would refuse does not compile.

use super::{Bytes, Column, ColumnType, Derived, Int64, Table, Timestamp};
use crate::schema::{OnDelete, Reference, TableSchema};

type Never = std::convert::Infallible;

/// A type that the database can count up.
#[diagnostic::on_unimplemented(
    message = "`#[auto_inc]` does not fit a column of `{Self}`",
    label = "expected `i64`",
    note = "SQLite counts up integers of 64 bits: make the column an `i64`, or remove `#[auto_inc]`"
)]
pub trait AutoIncrement {}

impl AutoIncrement for i64 {}
impl AutoIncrement for Int64 {}

#[diagnostic::do_not_recommend]
impl<T: Derived<Inner: AutoIncrement>> AutoIncrement for T {}

/// A type with NULL among its values.
#[diagnostic::on_unimplemented(
    message = "`on_delete = set_null` does not fit a column of `{Self}`, which has no NULL",
    label = "expected an `Option`",
    note = "make the column an `Option<{Self}>`, or choose `cascade` or `restrict`"
)]
pub trait Nullable {}

impl<T> Nullable for Option<T> {}

/// The kinds of default that `#[default(…)]` can name.
pub mod defaults {
    /// `#[default(now)]`
    pub struct Now;
    /// `#[default(0)]`
    pub struct Integer;
    /// `#[default(0.5)]`
    pub struct Float;
    /// `#[default(true)]`
    pub struct Bool;
    /// `#[default("text")]`
    pub struct Text;
    /// `#[default(b"bytes")]`
    pub struct Bytes;
}

/// A type for which a column can have a default of the kind `D`.
#[diagnostic::on_unimplemented(
    message = "this default does not fit a column of `{Self}`",
    label = "a column of `{Self}`",
    note = "`now` is for Timestamp, a whole number for integers, a number with a point for f64 and f32, true and false for \
            bool, \"text\" for String and for enums, b\"bytes\" for Bytes"
)]
pub trait Default<D> {
    /// The smallest and the largest default, where it is an integer.
    const RANGE: (i64, i64) = (i64::MIN, i64::MAX);
    /// The texts that the type has, where these are not all.
    const TEXTS: Option<&'static [&'static str]> = None;
}

impl Default<defaults::Now> for Timestamp {}
impl Default<defaults::Float> for f64 {}
impl Default<defaults::Bool> for bool {}
impl Default<defaults::Float> for f32 {}
impl Default<defaults::Text> for String {}
impl Default<defaults::Bytes> for Bytes {}

impl Default<defaults::Integer> for u64 {
    const RANGE: (i64, i64) = (0, i64::MAX);
}

impl Default<defaults::Integer> for Int64 {}

#[diagnostic::do_not_recommend]
impl<D, T: Derived<Inner: Default<D>>> Default<D> for T {
    const RANGE: (i64, i64) = <T::Inner as Default<D>>::RANGE;
    const TEXTS: Option<&'static [&'static str]> = match T::TEXTS {
        Some(texts) => Some(texts),
        None => <T::Inner as Default<D>>::TEXTS,
    };
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Default<defaults::Integer> for $integer {
            const RANGE: (i64, i64) = (<$integer>::MIN as i64, <$integer>::MAX as i64);
        }
    )*};
}

integers!(i64, i32, i16, i8, u32, u16, u8);

#[diagnostic::do_not_recommend]
impl<D, T: Default<D> + ColumnType<Optional = Never>> Default<D> for Option<T> {
    const RANGE: (i64, i64) = T::RANGE;
    const TEXTS: Option<&'static [&'static str]> = T::TEXTS;
}

/// Whether a column of `T` holds the integer.
pub const fn in_range<T: Default<defaults::Integer>>(value: i64) -> bool {
    T::RANGE.0 <= value && value <= T::RANGE.1
}

/// Whether a column of `T` holds the text.
pub const fn is_one_of<T: Default<defaults::Text>>(text: &str) -> bool {
    let Some(texts) = T::TEXTS else {
        return true;
    };
    let mut i = 0;
    while i < texts.len() {
        if same(texts[i], text) {
            return true;
        }
        i += 1;
    }
    false
}

/// A column's type that may reference a column of `V`: the same type, or an `Option` of it.
#[diagnostic::on_unimplemented(
    message = "a column of `{Self}` cannot reference a column of `{V}`",
    label = "expected `{V}` or `Option<{V}>`",
    note = "a foreign key has the type of the column that it references"
)]
pub trait References<V> {}

impl<V: ColumnType> References<V> for V {}
impl<V: ColumnType<Optional = Never>> References<V> for Option<V> {}

/// With one more candidate the compiler does not infer `V` from `Self`, and shows the message above in place of its own.
pub struct NoColumn;
impl<C> References<NoColumn> for C {}

/// The foreign key of a column of type `C` to `column`.
pub const fn reference<C: References<V>, T: Table, V>(
    column: Column<T, V>,
    on_delete: OnDelete,
) -> Reference {
    Reference {
        table: T::NAME,
        column: column.name(),
        on_delete,
    }
}

/// Whether a value of the column is in one row at most, so that a foreign key may reference it: SQLite refuses to write
/// through any other.
pub const fn is_referable(table: &TableSchema, column: &str) -> bool {
    let (mut i, mut keys, mut is_key) = (0, 0, false);
    while i < table.columns.len() {
        let candidate = &table.columns[i];
        let is_named = same(candidate.name, column);
        if is_named && candidate.unique {
            return true;
        }
        if candidate.primary_key {
            keys += 1;
            is_key |= is_named;
        }
        i += 1;
    }
    // A column of a key of several is not unique alone.
    is_key && keys == 1
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
