//! The control of a server that serves a test: what tests in other languages ask of it. Any other server has none.

use hyper::{Method, http::request::Parts};
use tokio::sync::{mpsc, oneshot};

use super::http::{Reply, reply};

/// Where whoever runs the test takes orders.
pub(super) struct Control {
    /// The address that resets the app. It has a part that nobody guesses, so no page finds it.
    reset: String,
    orders: mpsc::UnboundedSender<Reset>,
}

/// The app is to begin anew; whoever does it says how that went.
pub(super) struct Reset(pub(super) oneshot::Sender<Result<(), String>>);

impl Control {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Reset>) {
        let (orders, taken) = mpsc::unbounded_channel();
        let reset = format!("/_test/{:032x}/reset", fastrand::u128(..));
        (Self { reset, orders }, taken)
    }

    /// The path of the address that resets the app.
    pub(super) fn reset(&self) -> &str {
        &self.reset
    }

    /// Answers a request, where it is for the control.
    pub(super) async fn answer(&self, parts: &Parts) -> Option<Reply> {
        if parts.method != Method::POST || parts.uri.path() != self.reset {
            return None;
        }
        let (done, end) = oneshot::channel();
        let _ = self.orders.send(Reset(done));
        let ended = end.await;
        Some(
            match ended.unwrap_or_else(|_| Err("the test is over".to_owned())) {
                Ok(()) => reply(204, String::new()),
                Err(why) => reply(500, why),
            },
        )
    }
}
