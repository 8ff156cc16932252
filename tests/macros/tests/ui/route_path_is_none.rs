#![allow(unused)]

use edgepod::http::{Bytes, Request, Response};
use edgepod::prelude::*;

macro_rules! at {
    ($name:ident, $path:literal) => {
        #[edgepod::route(GET, $path)]
        async fn $name(ctx: &ActionCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
            todo!()
        }
    };
}

at!(a, "hooks");
at!(b, "/rpc/hooks");
at!(c, "/ws");
at!(d, "/_edgepod/hooks");
at!(e, "/.well-known/jwks.json");
at!(f, "/hooks?of=github");
at!(g, "/files/*");
at!(h, "/rooms/{id}");
at!(i, "/rooms/");
at!(j, "/rooms/ä");
at!(k, "/rooms/:");

fn main() {}
