//! The tracked database: typed statements and those of sea-query, the guards around them, and rows.
//!
//! Every statement takes one road ([`connection`]): text and parameters, the tracker's plan, the guards, the host.

mod always;
mod assignment;
mod case;
mod changing;
mod checked;
mod chunks;
mod clause;
#[cfg(all(test, feature = "native"))]
mod clause_tests;
mod column;
mod columns;
mod compose;
mod connection;
mod core;
mod declaration;
mod delete;
mod encode;
mod expr;
mod expression;
mod failure;
mod full_text;
mod functions;
#[cfg(all(test, feature = "native"))]
mod functions_tests;
mod grouping;
mod guard;
mod insert;
mod inserting;
mod limits;
mod list;
mod page;
mod pins;
mod pins_text;
mod predicate;
mod raw;
mod read_only;
#[cfg(debug_assertions)]
mod reads_clock;
mod render;
mod returning;
mod row;
mod select;
#[cfg(all(test, feature = "native"))]
mod select_tests;
mod sorting;
mod source;
mod statement;
#[cfg(debug_assertions)]
mod studio;
mod table;
#[cfg(all(test, feature = "native"))]
mod tests;
mod topic;
#[cfg(all(test, feature = "native"))]
mod topics_tests;
mod touch;
mod touch_text;
mod types;
mod update;
#[cfg(all(test, feature = "native"))]
mod value_tests;
mod writer;

pub use case::{Case, when};
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub use checked::RefusedStatement;
pub use checked::{
    AnyBytes, AnyInteger, AnyNumber, AnyText, Anything, Binds, CheckedReturning, CheckedRow,
    CheckedSelect, CheckedWrite, ReadStatement,
};
#[doc(hidden)]
pub use checked::{HasColumn, NamesTable, Statement, TableName, has_storage};
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub(crate) use checked::{check_statements, has_statements};
pub use chunks::Chunks;
pub use clause::Operand;
pub use column::{Column, OrderBy, Textual};
pub use columns::{Columns, FromColumns, Items, MaybeMissing, Plain, Selection, Whole, whole};
pub(crate) use connection::Access;
pub use connection::{Connection, Db, Observer, ReadDb};
#[cfg(any(feature = "chrono", feature = "jiff"))]
use declaration::Default as HasDefault;
#[doc(hidden)]
pub use declaration::{
    AutoIncrement, Default, Nullable, References, defaults, in_range, is_one_of, is_referable,
    reference,
};
pub use delete::Delete;
#[cfg(any(target_arch = "wasm32", test, feature = "fuzzing"))]
pub(crate) use encode::parse_rows;
pub use expression::{
    Aggregate, Expression, NullOr, Numeric, Summable, Term, avg, count, count_distinct, count_of,
    max, min, sum,
};
pub use full_text::{AnyColumn, FullText};
pub use functions::{Coalesce, Dated, Measured, Scalar, coalesce, date, length, lower, upper};
#[doc(hidden)]
pub use grouping::{Kind, OfBoth, OfGroups, OfRows, Runs};
pub use guard::{MAX_ROWS, Scope, Scoped, Unscoped};
pub use insert::{Insert, Many, One, UniqueColumns, UpdatedColumns, Upsert};
pub use page::Page;
pub use predicate::{Assigns, ByValue, Certain, Comparable, Predicate, Same, Uncertain, all, any};
pub use raw::RawDb;
pub use row::{FromRow, RowReader};
/// The query builder underneath, for statements that go to [`ReadDb::query`] and [`Db::execute`].
pub use sea_query;
pub use select::Select;
pub use sorting::{Ascending, Said, Sorts};
pub use source::{
    Alias, Behind, Both, Contains, Filled, Grouped, Groups, Joinable, Nothing, Optional, Place,
    Relation, Required, Slot, Source, Within,
};
pub use statement::{MayLackWhere, WithoutWhere, WriteStatement, without_where};
#[cfg(debug_assertions)]
pub(crate) use studio::Cell;
pub use table::{Insertable, Table};
pub use topic::TopicOf;
pub use types::{Bytes, ColumnType, Int64, JobId, Json, MAX_SAFE_INTEGER, Timestamp, Uuid};
#[doc(hidden)]
pub use types::{Derived, Range};
pub use update::Update;

/// What a statement is given and what it returns.
pub use crate::sqlite::{Database, JsonOutput, Output, RowFormat, Rows, SqlError, Value};
