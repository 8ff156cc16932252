//! Selects of every form: the tests in `tests/tracking/selects.rs` say what comes back, and what is tracked.

use edgepod::{
    db::{Page, all, count, count_of, max, sum},
    prelude::*,
};

/// Who writes.
#[edgepod::table(name = "authors")]
pub struct Author {
    /// The name.
    #[primary_key]
    pub name: String,
    /// Where from.
    pub town: Option<String>,
}

/// What was written.
#[edgepod::table(name = "works")]
pub struct Work {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// By whom.
    #[index]
    #[references(Author::name, on_delete = cascade)]
    pub author: String,
    /// What it is called.
    pub title: String,
    /// How much is in it.
    pub pages: i64,
    /// How good it is.
    pub rating: Option<f64>,
}

/// An author's works in numbers.
#[edgepod::row]
pub struct Summary {
    /// Who.
    pub author: String,
    /// How many works.
    pub works: i64,
    /// How many pages together.
    pub pages: Option<i64>,
    /// The best rating.
    pub best: Option<f64>,
}

/// Forgets every author, and adds these works: `[author, title, pages, rating]`.
#[edgepod::function]
pub async fn fill_library(
    ctx: &Ctx,
    authors: Vec<(String, Option<String>)>,
    works: Vec<(String, String, i64, Option<f64>)>,
) -> Result<u64> {
    ctx.db.delete::<Author>().without_where().exec()?;
    ctx.db
        .insert_many(
            authors
                .into_iter()
                .map(|(name, town)| NewAuthor { name, town }),
        )
        .exec()?;
    let works = works
        .into_iter()
        .map(|(author, title, pages, rating)| NewWork {
            author,
            title,
            pages,
            rating,
        });
    ctx.db.insert_many(works).exec()
}

/// Adds a work; one of the same id takes the new title and counts its pages on.
#[edgepod::function]
pub async fn put_work(ctx: &Ctx, work: Work) -> Result<Work> {
    ctx.db
        .insert(work)
        .on_conflict(Work::id)
        .update(Work::title)
        .set(Work::pages, Work::pages + 1)
        .returning()
}

/// Deletes the works with all of these titles, of which there may be none.
#[edgepod::function]
pub async fn delete_works(ctx: &Ctx, titles: Vec<String>) -> Result<u64> {
    let titles = titles.iter().map(|title| Work::title.eq(title));
    ctx.db.delete::<Work>().filter(all(titles)).exec()
}

/// Works with their authors.
#[edgepod::query]
pub async fn get_works(ctx: &QueryCtx, town: Option<String>) -> Result<Vec<(Author, Work)>> {
    let mut works = ctx
        .db
        .select::<Author>()
        .join::<Work>(Work::author.eq(Author::name));
    if let Some(town) = town {
        works = works.filter(Author::town.eq(town));
    }
    works.order_by(Work::title.asc()).all()
}

/// Authors, and a work of more than so many pages.
#[edgepod::query]
pub async fn get_long_works(ctx: &QueryCtx, pages: i64) -> Result<Vec<(Author, Option<Work>)>> {
    let long = Work::author.eq(Author::name).and(Work::pages.gt(pages));
    ctx.db
        .select::<Author>()
        .left_join::<Work>(long)
        .order_by(Author::name.desc())
        .order_by(Work::id.asc())
        .all()
}

/// Authors with at least so many works, most pages first.
#[edgepod::query]
pub async fn get_summaries(ctx: &QueryCtx, works: i64) -> Result<Vec<Summary>> {
    ctx.db
        .select::<Author>()
        .left_join::<Work>(Work::author.eq(Author::name))
        .columns((
            Author::name,
            count_of(Work::id),
            sum(Work::pages),
            max(Work::rating),
        ))
        .into::<Summary>()
        .group_by(Author::name)
        .having(count_of(Work::id).ge(works))
        .order_by(sum(Work::pages).desc())
        .all()
}

/// Forgets every author, and adds works of so many pages each.
#[edgepod::function]
pub async fn fill_pages(ctx: &Ctx, pages: Vec<Int64>) -> Result<u64> {
    ctx.db.delete::<Author>().without_where().exec()?;
    ctx.db
        .insert(NewAuthor {
            name: "a".to_owned(),
            town: None,
        })
        .exec()?;
    let works = pages.into_iter().map(|Int64(pages)| NewWork {
        author: "a".to_owned(),
        title: "t".to_owned(),
        pages,
        rating: None,
    });
    ctx.db.insert_many(works).exec()
}

/// A number of the works alone, and how many pages together.
#[edgepod::query]
pub async fn get_total(ctx: &QueryCtx) -> Result<(i64, Option<Int64>)> {
    let (works, pages) = ctx
        .db
        .select::<Work>()
        .columns((count(), sum(Work::pages)))
        .one()?;
    Ok((works, pages.map(Int64)))
}

/// Works by rating, those without one last.
#[edgepod::query]
pub async fn get_work_page(
    ctx: &QueryCtx,
    cursor: Option<String>,
    size: u32,
) -> Result<Page<Work>> {
    ctx.db
        .select::<Work>()
        .order_by(Work::rating.desc())
        .page(cursor.as_deref(), size.into())
}

/// Pages of authors and titles.
#[edgepod::query]
pub async fn get_title_page(
    ctx: &QueryCtx,
    cursor: Option<String>,
    size: u32,
) -> Result<Page<(Option<String>, String)>> {
    ctx.db
        .select::<Author>()
        .join::<Work>(Work::author.eq(Author::name))
        .columns((Author::town, Work::title))
        .order_by(Author::town.asc())
        .order_by(Work::pages.desc())
        .page(cursor.as_deref(), size.into())
}
