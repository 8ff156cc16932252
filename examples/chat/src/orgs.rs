//! Organisations. Whoever has the invitation of one may come in.

use edgepod::prelude::*;

use crate::{Member, NewSeat, Room, key, me, text};

/// An organisation.
#[edgepod::table(name = "orgs")]
pub struct Org {
    /// Its number.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// What opens its door. Its members see it, to hand it on.
    #[unique]
    pub invitation: String,
}

/// Who belongs to which organisation.
#[edgepod::table(name = "memberships")]
pub struct Membership {
    /// The organisation.
    #[primary_key]
    #[references(Org::id, on_delete = cascade)]
    pub org_id: i64,
    /// The member.
    #[primary_key]
    #[index]
    #[references(Member::id, on_delete = cascade)]
    pub member_id: i64,
}

/// The caller's organisations.
#[edgepod::query]
pub async fn get_orgs(ctx: &QueryCtx) -> Result<Vec<Org>> {
    let (me, _) = me(ctx)?;
    let orgs = ctx
        .db
        .select::<Org>()
        .join::<Membership>(Membership::org_id.eq(Org::id))
        .filter(Membership::member_id.eq(me))
        .order_by(Org::id)
        .all()?;
    Ok(orgs.into_iter().map(|(org, _)| org).collect())
}

/// Founds an organisation, with one room.
#[edgepod::function]
pub async fn create_org(ctx: &Ctx, name: String) -> Result<Org> {
    let (me, _) = me(ctx)?;
    let name = text(&name, "name", 40)?;
    let invitation = key::new::<6>()?;
    let org = ctx.db.insert(NewOrg { name, invitation }).returning()?;
    let membership = NewMembership {
        org_id: org.id,
        member_id: me,
    };
    ctx.db.insert(membership).exec()?;
    crate::rooms::add(ctx, org.id, "general".to_owned())?;
    Ok(org)
}

/// Comes into an organisation by its invitation, and sits down in its rooms.
#[edgepod::function(middleware = [rate_limit(30, Per::Minute)])]
pub async fn join_org(ctx: &Ctx, invitation: String) -> Result<Org> {
    let (me, _) = me(ctx)?;
    let org = ctx
        .db
        .select::<Org>()
        .filter(Org::invitation.eq(invitation.trim()))
        .first()?;
    let org = org.ok_or_else(|| Error::not_found("No organisation has this invitation."))?;
    ctx.db
        .insert(NewMembership {
            org_id: org.id,
            member_id: me,
        })
        .on_conflict((Membership::org_id, Membership::member_id))
        .do_nothing()
        .exec()?;
    let rooms = ctx
        .db
        .select::<Room>()
        .filter(Room::org_id.eq(org.id))
        .all()?;
    for room in rooms {
        ctx.db
            .insert(NewSeat {
                room_id: room.id,
                member_id: me,
            })
            .on_conflict((crate::Seat::room_id, crate::Seat::member_id))
            .do_nothing()
            .exec()?;
    }
    Ok(org)
}

/// The members of an organisation.
pub(crate) fn members_of(ctx: &QueryCtx, org_id: i64) -> Result<Vec<i64>> {
    ctx.db
        .select::<Membership>()
        .columns(Membership::member_id)
        .filter(Membership::org_id.eq(org_id))
        .all()
}

/// Refuses whoever does not belong to an organisation, as if there were none.
pub(crate) fn belongs(ctx: &QueryCtx, org_id: i64, member_id: i64) -> Result<()> {
    let belongs = ctx
        .db
        .select::<Membership>()
        .filter(
            Membership::org_id
                .eq(org_id)
                .and(Membership::member_id.eq(member_id)),
        )
        .exists()?;
    if belongs {
        Ok(())
    } else {
        Err(Error::not_found("You have no such organisation."))
    }
}
