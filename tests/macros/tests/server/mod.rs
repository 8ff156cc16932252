//! A server of the app that a test is.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;

/// A server of this app with an empty database, for as long as the test runs.
pub struct Running {
    port: u16,
    _runtime: tokio::runtime::Runtime,
}

pub fn start() -> Running {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    let vars = [("EDGEPOD_API_KEY".to_owned(), "key".to_owned())];
    let server =
        edgepod::native::Server::start(edgepod::native::Location::Memory, vars.into()).unwrap();
    runtime.spawn(async move { server.serve(listener, std::future::pending()).await });
    Running {
        port,
        _runtime: runtime,
    }
}

impl Running {
    pub fn call(&self, function: &str, args: Value) -> Value {
        let body = args.to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "POST /rpc/{function} HTTP/1.1\r\nHost: test\r\nX-EdgePod-Key: key\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (_, body) = reply.split_once("\r\n\r\n").expect("a whole reply");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {reply}"))
    }
}
