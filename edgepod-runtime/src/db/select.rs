//! SELECT of whole rows.

use std::marker::PhantomData;

use super::{
    Chunks, Columns, Connection, Joinable, Page, Predicate, Relation, Selection, Sorts, Source,
    Table,
    core::{Core, Run},
    row,
    source::Named,
};
use crate::{
    Result,
    error::{Line, run_here},
};

/// A SELECT of rows of `S`: of a table, made by `ctx.db.select::<T>()`, or of joined tables. Nothing runs before `all`,
/// `first`, `one`, `page`, `chunks`, `count` or `exists`.
#[must_use = "a select does nothing until `.all()`, `.first()`, `.one()`, `.page()`, `.count()` or `.exists()`"]
pub struct Select<'db, S> {
    pub(super) core: Core<'db>,
    source: PhantomData<fn() -> S>,
}

impl<'db, T: Table> Select<'db, T> {
    pub(super) fn new(connection: &'db Connection) -> Self {
        Self {
            core: Core::new(connection, Named::of::<T>()),
            source: PhantomData,
        }
    }
}

impl<'db, S: Source> Select<'db, S> {
    const RUN: Run<'db> = if S::JOINED { Core::listed } else { Core::plain };

    /// Joins a table: a row for each pair of rows for which the condition holds.
    ///
    /// ```ignore
    /// let posts: Vec<(User, Post)> =
    ///     ctx.db.select::<User>().join::<Post>(Post::author_id.eq(User::id)).all()?;
    /// ```
    pub fn join<R: Relation>(self, on: Predicate<S::With<R>>) -> Select<'db, S::With<R>>
    where
        S: Joinable,
    {
        let mut core = self.core;
        core.join(Named::of::<R>(), false, on.clause);
        Select {
            core,
            source: PhantomData,
        }
    }

    /// Joins a table where it has a row for which the condition holds; where it has none, the row is there with `None`.
    pub fn left_join<R: Relation>(
        self,
        on: Predicate<S::WithOptional<R>>,
    ) -> Select<'db, S::WithOptional<R>>
    where
        S: Joinable,
    {
        let mut core = self.core;
        core.join(Named::of::<R>(), true, on.clause);
        Select {
            core,
            source: PhantomData,
        }
    }

    /// These columns, expressions and aggregates in place of whole rows: one, or a tuple of up to sixteen.
    ///
    /// ```ignore
    /// let posts: Vec<(i64, i64)> = ctx.db.select::<User>()
    ///     .join::<Post>(Post::author_id.eq(User::id))
    ///     .columns((User::id, count()))
    ///     .group_by(User::id)
    ///     .all()?;
    /// ```
    pub fn columns<L: Selection<S, J>, J>(self, list: L) -> Columns<'db, S, L::Output, L::Kind> {
        Columns::new(self.core, list)
    }

    /// Only rows that meet the condition. Several filters must all hold.
    pub fn filter(mut self, predicate: Predicate<S>) -> Self {
        self.core.filter(predicate.clause);
        self
    }

    /// Sorts: `User::name` smallest first, `User::name.desc()` largest first. A second call sorts what the first leaves equal.
    pub fn order_by<J>(mut self, order: impl Sorts<S, J>) -> Self {
        self.core.order_by(order.into_order().key);
        self
    }

    /// At most this many rows. Never more than [`MAX_ROWS`](super::MAX_ROWS): a larger limit is lowered, with a warning.
    pub fn limit(mut self, rows: u64) -> Self {
        self.core.limit = Some(rows);
        self
    }

    /// Leaves out the first `rows` rows.
    pub fn offset(mut self, rows: u64) -> Self {
        self.core.offset = Some(rows);
        self
    }

    /// All rows, at most [`MAX_ROWS`](super::MAX_ROWS) of them.
    ///
    /// # Errors
    /// A value that cannot be a parameter; what SQLite says.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn all(self) -> Result<Vec<S::Row>> {
        run_here(|| row::decode_by(self.core.all(Self::RUN, &[])?, S::WIDTH, S::read))
    }

    /// The first row, or `None` when there is none.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn first(self) -> Result<Option<S::Row>> {
        run_here(|| Ok(self.few(1)?.pop()))
    }

    /// The only row.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is none, `INTERNAL` when there are several; otherwise as [`all`](Self::all).
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn one(self) -> Result<S::Row> {
        run_here(|| self.core.only(self.few(2)?))
    }

    /// A page of rows: the first without a cursor, and after that the one that follows the page whose
    /// [`next`](Page::next) the cursor is. Pages follow [`order_by`](Self::order_by), and rows that are equal there follow
    /// their primary keys. Rows that are inserted or deleted meanwhile shift nothing: a row is on one page.
    ///
    /// ```ignore
    /// ctx.db.select::<Post>().order_by(Post::created_at.desc()).page(cursor.as_deref(), 20)
    /// ```
    ///
    /// # Errors
    /// `BAD_REQUEST` for a cursor that is not of a page of this order; otherwise as [`all`](Self::all).
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn page(mut self, cursor: Option<&str>, size: u64) -> Result<Page<S::Row>> {
        run_here(|| {
            let (rows, next) = self.core.page(None, S::WIDTH, cursor, size)?;
            Ok(Page {
                items: row::decode_by(rows, S::WIDTH, S::read)?,
                next,
            })
        })
    }

    /// All rows, in parts of `size`, each read when it is asked for: what an export of more than
    /// [`MAX_ROWS`](super::MAX_ROWS) rows goes through. Parts follow each other as [pages](Self::page) do: rows that are
    /// inserted or deleted meanwhile shift nothing.
    ///
    /// ```ignore
    /// for posts in ctx.db.select::<Post>().order_by(Post::id.asc()).chunks(500) {
    ///     for post in posts? { … }
    /// }
    /// ```
    ///
    /// # Errors
    /// An item is an error as of [`all`](Self::all), and then the last.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn chunks(self, size: u64) -> Chunks<'db, S::Row> {
        let decode = |rows| row::decode_by(rows, S::WIDTH, S::read);
        Chunks::new(
            Line::here(),
            self.core,
            None,
            S::WIDTH,
            size,
            Ok(()),
            decode,
        )
    }

    /// How many rows there are, not held to [`MAX_ROWS`](super::MAX_ROWS).
    ///
    /// # Errors
    /// As [`all`](Self::all).
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn count(self) -> Result<u64> {
        run_here(|| self.core.count())
    }

    /// Whether there is any row.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn exists(self) -> Result<bool> {
        run_here(|| self.core.exists())
    }

    fn few(&self, rows: u64) -> Result<Vec<S::Row>> {
        row::decode_by(self.core.few(Self::RUN, &[], rows)?, S::WIDTH, S::read)
    }
}
