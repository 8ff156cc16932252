//! Functions that no client can call, and a column that no client sees.

use edgepod::prelude::*;

/// A member, with a secret.
#[edgepod::table(name = "members")]
pub struct Member {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// What everybody sees.
    pub name: String,
    /// What nobody sees.
    #[private]
    pub secret: String,
}

/// A member beside how many there are: what holds a row with a secret is returned, and not sent.
#[edgepod::data(reply)]
pub struct Membership {
    /// The member.
    pub member: Member,
    /// Others.
    pub others: Vec<Member>,
}

/// The newest member, and all others.
#[edgepod::query]
pub async fn get_membership(ctx: &QueryCtx) -> Result<Option<Membership>> {
    let mut others = ctx.db.select::<Member>().order_by(Member::id).all()?;
    let newest = others.pop();
    Ok(newest.map(|member| Membership { member, others }))
}

/// Writes a member, for nobody but the app.
#[edgepod::function(internal)]
pub async fn add_member(ctx: &Ctx, name: String) -> Result<Member> {
    let secret = format!("the secret of {name}");
    ctx.db.insert(NewMember { name, secret }).returning()
}

/// Reads them, for nobody but the app.
#[edgepod::query(internal)]
pub async fn list_members(ctx: &QueryCtx) -> Result<Vec<Member>> {
    ctx.db.select::<Member>().order_by(Member::id.asc()).all()
}

/// Waits, for nobody but the app.
#[edgepod::action(internal)]
pub async fn wait_for_members(ctx: &ActionCtx) -> Result<u64> {
    ctx.transaction(|tx| tx.db.select::<Member>().count())
}

/// Calls an internal function.
#[edgepod::function]
pub async fn join_members(ctx: &Ctx, name: String) -> Result<Member> {
    add_member(ctx, name).await
}

/// Calls an internal query.
#[edgepod::query]
pub async fn get_members(ctx: &QueryCtx) -> Result<Vec<Member>> {
    list_members(ctx).await
}

/// Calls an internal action.
#[edgepod::action]
pub async fn count_members(ctx: &ActionCtx) -> Result<u64> {
    wait_for_members(ctx).await
}
