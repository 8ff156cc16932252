//! Servers in this process: one request at a connection, and an answer to it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{LazyLock, Mutex},
    thread,
};

/// A request that came.
pub(crate) struct Came {
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Came {
    /// The values of a header, by its name in lower case.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let there = self.headers.iter().filter(|(there, _)| there == name);
        there.map(|(_, value)| value.as_str()).collect()
    }
}

/// Serves on a port of its own; its address.
pub(crate) fn serve(answer: impl Fn(Came) -> u16 + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        thread::scope(|scope| {
            for stream in listener.incoming().flatten() {
                let answer = &answer;
                scope.spawn(move || {
                    if let Some(came) = read(&stream) {
                        let status = answer(came);
                        let mut stream = &stream;
                        // It may have given up.
                        let _ = write!(
                            stream,
                            "HTTP/1.1 {status} As asked\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
                        );
                    }
                });
            }
        });
    });
    format!("http://{address}")
}

fn read(stream: &TcpStream) -> Option<Came> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => {
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
            None => break,
        }
    }
    let mut came = Came {
        path,
        headers,
        body: Vec::new(),
    };
    let length = came.all("content-length").first().map(|text| text.parse());
    came.body = vec![0; length.and_then(Result::ok).unwrap_or(0)];
    reader.read_exact(&mut came.body).ok()?;
    Some(came)
}

static ASKED: Mutex<Vec<Came>> = Mutex::new(Vec::new());

/// The address of the server that actions ask: it answers with the status that its path names.
pub(crate) static OTHER: LazyLock<String> = LazyLock::new(|| {
    serve(|came| {
        let status = came.path.trim_start_matches('/').split('?').next();
        let status = status.and_then(|status| status.parse().ok());
        ASKED.lock().unwrap().push(came);
        status.unwrap_or(404)
    })
});

/// What it was asked at this path, which is taken: a header by its name.
pub(crate) fn asked(path: &str) -> Came {
    let mut asked = ASKED.lock().unwrap();
    let at = asked.iter().position(|came| came.path == path);
    asked.remove(at.unwrap_or_else(|| panic!("nobody asked for {path}")))
}
