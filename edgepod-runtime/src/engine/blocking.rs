//! Work that takes long, beside the calls that go on.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use futures_channel::oneshot;

use super::{ActionCtx, Host};

impl ActionCtx {
    /// Runs work that keeps a processor busy, such as hashing a password, beside the calls that go on: natively on a thread of its
    /// own. On a Worker it runs in place, and the object serves nobody else meanwhile.
    ///
    /// It knows nothing of `ctx`: what it needs it is given, and what it makes it returns.
    ///
    /// ```ignore
    /// #[edgepod::action]
    /// pub async fn sign_up(ctx: &ActionCtx, name: String, password: String) -> Result<()> {
    ///     let hash = ctx.blocking(move || hash(&password)).await?;
    ///     ctx.transaction(|tx| tx.db.insert(NewUser { name, hash }).exec())
    /// }
    /// ```
    ///
    /// # Panics
    /// As the work does.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        beside(&**self.state().engine.host(), work).await
    }
}

/// Runs work beside what else the host does.
pub(super) async fn beside<T: Send + 'static>(
    host: &dyn Host,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (giver, waiting) = oneshot::channel();
    host.blocking(Box::new(move || {
        // Whoever waited may have given up.
        let _ = giver.send(catch_unwind(AssertUnwindSafe(work)));
    }));
    match waiting.await {
        Ok(Ok(value)) => value,
        Ok(Err(panic)) => resume_unwind(panic),
        Err(_) => panic!("the host did not run the work"),
    }
}
