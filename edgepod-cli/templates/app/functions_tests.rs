
/// `cargo test` runs these on the app itself, without a server.
#[cfg(test)]
mod tests {
    use edgepod::testing::TestApp;

    use super::*;

    #[edgepod::test]
    async fn a_new_task_is_on_every_screen(app: TestApp) {
        let screen = app.user("bob").watch(get_tasks::call());
        app.user("ada").call(add_task::call("water the plants")).await?;
        assert_eq!(screen.refetches(), 1);
        assert_eq!(screen.data()?[0].title, "water the plants");
    }

    #[edgepod::test]
    async fn a_task_needs_a_title(app: TestApp) {
        let refused = app.user("ada").call(add_task::call(" ")).await.unwrap_err();
        assert_eq!(refused.message(), "A task needs a title.");
        let tasks = app.transaction(|ctx| ctx.db.select::<Task>().count())?;
        assert_eq!(tasks, 0);
    }
}
