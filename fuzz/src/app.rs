//! A small app that cannot fail: whatever comes, it has an answer that is not 500.

use std::time::Duration;

use edgepod::{
    db::{Page, Predicate, all, any},
    prelude::*,
};

/// What somebody wrote.
#[edgepod::table(name = "notes")]
pub struct Note {
    /// Its number.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// What it says.
    pub text: String,
    /// A figure.
    pub weight: Option<f64>,
}

/// Arguments of many shapes.
#[edgepod::data]
pub struct Shape {
    label: String,
    sides: Vec<u8>,
    inner: Option<Box<Shape>>,
}

/// All notes that hold a text.
#[edgepod::query]
pub async fn find_notes(ctx: &QueryCtx, text: String, limit: Option<u32>) -> Result<Vec<Note>> {
    ctx.db
        .select::<Note>()
        .filter(Note::text.eq(text))
        .limit(u64::from(limit.unwrap_or(10)))
        .all()
}

/// Writes a note, and forgets all others.
#[edgepod::function]
pub async fn add_note(ctx: &Ctx, text: String, weight: Option<f64>) -> Result<Note> {
    ctx.db.delete::<Note>().without_where().exec()?;
    ctx.db.insert(NewNote { text, weight }).returning()
}

/// Gives back what came.
#[edgepod::query]
pub async fn echo(
    _ctx: &QueryCtx,
    shape: Shape,
    number: i64,
    flag: Option<bool>,
) -> Result<Option<Shape>> {
    Ok(flag.unwrap_or(number > 0).then_some(shape))
}

/// Who calls.
#[edgepod::query]
pub async fn who_am_i(ctx: &QueryCtx) -> Result<Option<Claims>> {
    Ok(ctx.user().cloned())
}

/// A token.
#[edgepod::function]
pub async fn sign_in(ctx: &Ctx, name: String) -> Result<String> {
    ctx.sign_jwt(serde_json::json!({ "sub": name }), Duration::from_secs(60))
}

/// Awaits.
#[edgepod::action]
pub async fn wait(_ctx: &ActionCtx, word: String) -> Result<String> {
    Ok(word)
}

/// Something to search.
#[edgepod::table(name = "items")]
pub struct Item {
    /// Its number.
    #[primary_key]
    pub id: i64,
    /// A figure that may be missing.
    pub figure: Option<i64>,
    /// A text.
    pub text: String,
    /// A text that may be missing.
    pub label: Option<String>,
    /// A weight.
    pub weight: f64,
}

/// The figures, texts, labels and weights of all items, whose numbers are their places, from 1.
pub(crate) const ITEMS: &[(Option<i64>, &str, Option<&str>, f64)] = &[
    (None, "", None, 0.0),
    (Some(0), "a", Some(""), -1.5),
    (Some(1), "A", Some("a"), 1.0),
    (Some(-1), "aB%_", Some("%"), 1.0),
    (Some(7), "\\é\"'b", Some("É"), 2.5),
    (Some(i64::MAX), "ab\nab", None, 1e300),
    (Some(i64::MIN), "b", Some("b\0c"), -1e-300),
    (None, "aaaaaaaaaaaaaaaa", Some("A"), 0.5),
    (Some(1), "%", None, 0.5),
];

/// Writes the items.
#[edgepod::function]
pub async fn fill_items(ctx: &Ctx) -> Result<()> {
    for (id, (figure, text, label, weight)) in (1..).zip(ITEMS) {
        let new = NewItem {
            id,
            figure: *figure,
            text: (*text).to_owned(),
            label: label.map(str::to_owned),
            weight: *weight,
        };
        ctx.db.insert(new).exec()?;
    }
    Ok(())
}

/// How two values are compared.
#[edgepod::data]
#[derive(Copy, PartialEq)]
pub enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// A condition, as a client may build one.
#[edgepod::data]
pub enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Id(Comparison, i64),
    Figure(Comparison, Option<i64>),
    Text(Comparison, String),
    Label(Comparison, Option<String>),
    Weight(Comparison, f64),
    IdIn(Vec<i64>),
    IdNotIn(Vec<i64>),
    FigureIn(Vec<i64>),
    FigureNotIn(Vec<i64>),
    FigureBetween(i64, i64),
    FigureIsNull,
    LabelIsNotNull,
    TextLike(String),
    TextStarts(String),
    LabelContains(String),
}

macro_rules! compared {
    ($column:expr, $how:expr, $value:expr) => {
        match $how {
            Comparison::Eq => $column.eq($value),
            Comparison::Ne => $column.ne($value),
            Comparison::Lt => $column.lt($value),
            Comparison::Le => $column.le($value),
            Comparison::Gt => $column.gt($value),
            Comparison::Ge => $column.ge($value),
        }
    };
}

fn condition(filter: Filter) -> Predicate<Item> {
    let chained = |filters: Vec<Filter>, with: fn(_, _) -> _, none: Predicate<Item>| {
        filters
            .into_iter()
            .map(condition)
            .reduce(with)
            .unwrap_or(none)
    };
    match filter {
        Filter::All(filters) => all(filters.into_iter().map(condition)),
        Filter::Any(filters) => any(filters.into_iter().map(condition)),
        Filter::And(filters) => chained(filters, Predicate::and, all([])),
        Filter::Or(filters) => chained(filters, Predicate::or, any([])),
        Filter::Not(filter) => !condition(*filter),
        Filter::Id(how, value) => compared!(Item::id, how, value),
        Filter::Figure(how, value) => compared!(Item::figure, how, value),
        Filter::Text(how, value) => compared!(Item::text, how, value),
        Filter::Label(how, value) => compared!(Item::label, how, value),
        Filter::Weight(how, value) => compared!(Item::weight, how, value),
        Filter::IdIn(values) => Item::id.is_in(values),
        Filter::IdNotIn(values) => Item::id.not_in(values),
        Filter::FigureIn(values) => Item::figure.is_in(values.into_iter().map(Some)),
        Filter::FigureNotIn(values) => Item::figure.not_in(values.into_iter().map(Some)),
        Filter::FigureBetween(low, high) => Item::figure.between(low, high),
        Filter::FigureIsNull => Item::figure.is_null(),
        Filter::LabelIsNotNull => Item::label.is_not_null(),
        Filter::TextLike(pattern) => Item::text.like(&pattern),
        Filter::TextStarts(prefix) => Item::text.starts_with(&prefix),
        Filter::LabelContains(part) => Item::label.contains(&part),
    }
}

/// The numbers of the items for which a condition holds.
#[edgepod::query]
pub async fn search_items(ctx: &QueryCtx, filter: Filter) -> Result<Vec<i64>> {
    let found = ctx.db.select::<Item>().filter(condition(filter));
    Ok(found
        .order_by(Item::id.asc())
        .all()?
        .into_iter()
        .map(|item| item.id)
        .collect())
}

/// What items are sorted by.
#[edgepod::data]
#[derive(Copy, PartialEq)]
pub enum SortKey {
    Figure,
    FigureDown,
    Label,
    LabelDown,
    Text,
    WeightDown,
}

/// A page of the numbers of the items.
#[edgepod::query]
pub async fn page_items(
    ctx: &QueryCtx,
    order: Vec<SortKey>,
    cursor: Option<String>,
    size: u32,
) -> Result<Page<i64>> {
    let mut items = ctx.db.select::<Item>();
    for key in order {
        items = items.order_by(match key {
            SortKey::Figure => Item::figure.asc(),
            SortKey::FigureDown => Item::figure.desc(),
            SortKey::Label => Item::label.asc(),
            SortKey::LabelDown => Item::label.desc(),
            SortKey::Text => Item::text.asc(),
            SortKey::WeightDown => Item::weight.desc(),
        });
    }
    Ok(items
        .page(cursor.as_deref(), size.into())?
        .map(|item| item.id))
}

edgepod::app!();
