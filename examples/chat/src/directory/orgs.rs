//! Organisations, and who has which. Whoever has the invitation of one may come in.

use edgepod::prelude::*;

use crate::{User, admit, in_directory, key, not_a_member, text, user};

/// An organisation.
#[edgepod::table(name = "orgs")]
pub struct Org {
    /// The name of its pod.
    #[primary_key]
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What opens its door. Its members see it, to hand it on.
    #[unique]
    pub invitation: String,
}

/// Who has which organisation in their list. Who is a member, the organisation's pod says.
#[edgepod::table(name = "memberships")]
pub struct Membership {
    /// The organisation.
    #[primary_key]
    #[references(Org::id, on_delete = cascade)]
    pub org_id: String,
    /// Who.
    #[primary_key]
    #[index]
    #[references(User::id, on_delete = cascade)]
    pub user_id: i64,
}

/// The caller's organisations.
#[edgepod::query]
pub async fn get_orgs(ctx: &QueryCtx) -> Result<Vec<Org>> {
    let me = user(ctx)?;
    let orgs = ctx
        .db
        .select::<Org>()
        .join::<Membership>(Membership::org_id.eq(Org::id))
        .filter(Membership::user_id.eq(me.id))
        .order_by(Org::name)
        .all()?;
    Ok(orgs.into_iter().map(|(org, _)| org).collect())
}

/// Founds an organisation.
#[edgepod::action(middleware = [rate_limit(30, Per::Minute)])]
pub async fn create_org(ctx: &ActionCtx, name: String) -> Result<Org> {
    let me = user(ctx)?;
    let org = NewOrg {
        id: format!("org_{}", key::new::<8>()?),
        name: text(&name, "name", 40)?,
        invitation: key::new::<6>()?,
    };
    admitted(ctx, &org.id, &me).await?;
    ctx.transaction(|tx| {
        let org = tx.db.insert(org).returning()?;
        list(tx, &org.id, me.id)?;
        Ok(org)
    })
}

/// Comes into an organisation by its invitation.
#[edgepod::action(middleware = [rate_limit(30, Per::Minute)])]
pub async fn join_org(ctx: &ActionCtx, invitation: String) -> Result<Org> {
    let me = user(ctx)?;
    let org = ctx
        .db
        .select::<Org>()
        .filter(Org::invitation.eq(invitation.trim()))
        .first()?;
    let org = org.ok_or_else(|| Error::not_found("No organisation has this invitation."))?;
    admitted(ctx, &org.id, &me).await?;
    ctx.transaction(|tx| list(tx, &org.id, me.id))?;
    Ok(org)
}

/// The organisation's pod first, whose first call makes it, and then the list here: what is in a list opens. Where this breaks off in
/// between, nothing is listed yet, and it is done again.
async fn admitted(ctx: &ActionCtx, org_id: &str, me: &User) -> Result<()> {
    let pod = ctx.pods().get(org_id)?;
    pod.call(admit::call(me.id, &*me.name)).await
}

fn list(ctx: &Ctx, org_id: &str, user_id: i64) -> Result<()> {
    let membership = NewMembership {
        org_id: org_id.to_owned(),
        user_id,
    };
    ctx.db
        .insert(membership)
        .on_conflict((Membership::org_id, Membership::user_id))
        .do_nothing()
        .exec()?;
    Ok(())
}

/// Somebody has left an organisation, its pod says.
#[edgepod::function(internal)]
pub(crate) async fn strike(ctx: &Ctx, org_id: String, user_id: i64) -> Result<()> {
    in_directory(ctx)?;
    let membership = Membership::org_id
        .eq(org_id)
        .and(Membership::user_id.eq(user_id));
    ctx.db.delete::<Membership>().filter(membership).exec()?;
    Ok(())
}

/// Refuses whoever does not have an organisation, and as well where there is none.
pub(crate) fn belongs(ctx: &QueryCtx, org_id: &str, user_id: i64) -> Result<()> {
    let membership = Membership::org_id
        .eq(org_id)
        .and(Membership::user_id.eq(user_id));
    if ctx.db.select::<Membership>().filter(membership).exists()? {
        Ok(())
    } else {
        Err(not_a_member())
    }
}
