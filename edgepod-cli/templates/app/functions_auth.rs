
/// Who is calling, by their token.
#[edgepod::query(middleware = [with_auth])]
pub async fn get_my_details(ctx: &QueryCtx) -> Result<Option<Claims>> {
    Ok(ctx.user().cloned())
}
