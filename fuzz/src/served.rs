//! The app, served without a network: calls of its functions.

use std::sync::OnceLock;

use edgepod_runtime::host::native::{Location, Server};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes, http::response::Parts};
use serde_json::Value as Json;
use tokio::runtime::Runtime;

/// A server of the app, with a database in memory.
pub(crate) struct Served {
    server: Server,
    runtime: Runtime,
}

impl Served {
    /// One for all inputs.
    pub(crate) fn get() -> &'static Self {
        static SERVED: OnceLock<Served> = OnceLock::new();
        SERVED.get_or_init(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .expect("a runtime");
            let secret = crate::token::private_key();
            let vars = [
                ("EDGEPOD_API_KEY".to_owned(), "key,k2".to_owned()),
                ("EDGEPOD_JWT_PRIVATE_KEY".to_owned(), secret),
            ];
            let served = Served {
                server: Server::start(Location::Memory, vars.into()).expect("the app starts"),
                runtime,
            };
            let (status, reply) = served.call("fillItems", &Json::Null);
            assert_eq!(status, 200, "{reply}");
            served
        })
    }

    /// The reply to a request, whole.
    pub(crate) fn answer(&self, request: Request<Full<Bytes>>) -> (Parts, Bytes) {
        self.runtime.block_on(async {
            let (parts, body) = self.server.answer(request).await.into_parts();
            (parts, body.collect().await.expect("a body").to_bytes())
        })
    }

    /// The status and the reply of a call.
    pub(crate) fn call(&self, name: &str, args: &Json) -> (u16, Json) {
        let body = match args {
            Json::Null => String::new(),
            args => args.to_string(),
        };
        let request = Request::post(format!("/rpc/{name}"))
            .header("x-edgepod-key", "key")
            .body(Full::from(body))
            .expect("a request");
        let (parts, body) = self.answer(request);
        let reply = serde_json::from_slice(&body).expect("JSON");
        (parts.status.as_u16(), reply)
    }
}
