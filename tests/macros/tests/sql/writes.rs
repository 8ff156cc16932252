//! Statements that write.

use super::*;

#[edgepod::function]
async fn write(ctx: &Ctx) -> Result<()> {
    fill(ctx)?;
    let db = &ctx.db;
    let slug = String::from("new");
    let added = db.execute(edgepod::sql!(
        "INSERT INTO orgs (slug, plan, balance) VALUES ({slug}, {None::<String>}, {Cents(7)}), ('other', 'pro', 8)"
    ))?;
    assert_eq!(added, 2);
    let rows = db.execute(edgepod::sql!(
        "INSERT INTO orgs (slug, balance) VALUES ({slug}, 1) ON CONFLICT (slug) DO UPDATE SET balance = orgs.balance + excluded.balance RETURNING id, balance, plan, length(slug) AS size"
    ))?;
    assert_eq!(
        (rows[0].balance, rows[0].plan.clone(), rows[0].size),
        (Cents(8), None, 3)
    );
    let changed = db.execute(edgepod::sql!(
        "UPDATE rooms SET topic = {\"x\"}, rank = rank + 1 WHERE org_id = {1}"
    ))?;
    assert_eq!(changed, 3);
    let gone = db.execute(edgepod::sql!(
        "DELETE FROM messages WHERE votes IS {Some(2)} RETURNING *"
    ))?;
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].seal, Some(vec![1_u8, 2].into()));
    assert_eq!(
        db.execute(edgepod::sql!("DELETE FROM messages WHERE TRUE"))?,
        5
    );
    Ok(())
}

#[edgepod::test]
async fn what_is_written_is_said(app: TestApp) {
    app.call(write::call()).await.unwrap();
}
