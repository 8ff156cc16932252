//! What an action asks of another server, which is this process.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Condvar, Mutex, OnceLock},
    thread,
    time::Duration,
};

use edgepod_tests::{cases, server};
use serde_json::{Value, json};

cases![
    any_method_status_and_bytes_go_out_and_come_back,
    a_redirect_is_an_answer,
    a_body_comes_decoded,
    an_answer_beyond_its_limit_is_none,
    an_answer_that_takes_too_long_is_none,
    a_server_that_is_not_there_is_unavailable,
    what_cannot_be_sent_is_not_sent,
    an_action_waits_for_two_at_once,
    work_that_takes_long_holds_nobody,
    work_that_panics_is_told_as_elsewhere,
];

/// The address of the other server.
pub(crate) fn other() -> &'static str {
    static OTHER: OnceLock<String> = OnceLock::new();
    OTHER.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || answer(&stream));
            }
        });
        format!("http://{address}")
    })
}

/// `hello`, compressed by gzip.
const GZIP: [u8; 25] = [
    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86, 0xa6, 0x10, 0x36,
    5, 0, 0, 0,
];

static SECOND: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

fn answer(mut stream: &TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).ok()?;
        let line: String = line.into_iter().map(char::from).collect();
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let of = |name: &str| {
        let lines = lines.iter().filter_map(|line| line.split_once(':'));
        let mut lines = lines.filter(|(there, _)| there.eq_ignore_ascii_case(name));
        lines.next().map(|(_, value)| value.trim().to_owned())
    };
    let mut body = vec![
        0;
        of("content-length")
            .and_then(|length| length.parse().ok())
            .unwrap_or(0)
    ];
    reader.read_exact(&mut body).ok()?;
    let (method, path) = lines.first()?.split_once(' ')?;
    let path = path.split(' ').next()?;
    let mut status = "200 OK".to_owned();
    let mut headers = format!("x-method: {method}\r\n");
    if of("x-asked").is_some_and(|asked| asked == "a:b  c") {
        headers.push_str("x-heard: yes\r\n");
    }
    match path.split('?').next()? {
        "/echo" => status = "418 Odd".to_owned(),
        "/away" => {
            status = "302 Found".to_owned();
            headers.push_str("location: /echo\r\n");
        }
        "/gzip" => {
            body = GZIP.to_vec();
            headers.push_str("content-encoding: gzip\r\n");
            // Who does not ask for it gets it as it is.
            if !of("accept-encoding").is_some_and(|accepted| accepted.contains("gzip")) {
                body = b"hello".to_vec();
                headers = headers.replace("content-encoding: gzip\r\n", "");
            }
        }
        "/large" => body = vec![7; 1000],
        "/slow" => thread::sleep(Duration::from_secs(3)),
        "/first" => {
            let (second, came) = &SECOND;
            let asked = second.lock().unwrap();
            let wait = edgepod_tests::PATIENCE;
            let (asked, _) = came
                .wait_timeout_while(asked, wait, |asked| !*asked)
                .unwrap();
            status = if *asked { "201 Both" } else { "500 Alone" }.to_owned();
        }
        "/second" => {
            *SECOND.0.lock().unwrap() = true;
            SECOND.1.notify_all();
        }
        _ => status = "404 Nothing".to_owned(),
    }
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    if method != "HEAD" {
        stream.write_all(&body).ok()?;
    }
    Some(())
}

fn ask(method: &str, path: &str, body: &str) -> Value {
    let url = format!("{}{path}", other());
    server()
        .call("ask")
        .args(json!({"method": method, "url": url, "body": body}))
        .ok()
}

fn header<'a>(answer: &'a Value, name: &str) -> Option<&'a str> {
    let headers = answer[1].as_array()?.iter();
    headers
        .filter(|pair| pair[0] == name)
        .find_map(|pair| pair[1].as_str())
}

fn any_method_status_and_bytes_go_out_and_come_back() {
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let answer = ask(method, "/echo?a=b", "\u{0}\u{ff}€");
        assert_eq!(
            (&answer[0], &answer[2]),
            (&json!(418), &json!("00c3bfe282ac")),
            "{answer}"
        );
        assert_eq!(header(&answer, "x-method"), Some(method));
        assert_eq!(header(&answer, "x-heard"), Some("yes"));
    }
    let answer = ask("GET", "/echo", "");
    assert_eq!(
        (header(&answer, "x-method"), &answer[2]),
        (Some("GET"), &json!(""))
    );
    let answer = ask("HEAD", "/large", "");
    assert_eq!((&answer[0], &answer[2]), (&json!(200), &json!("")));
}

fn a_redirect_is_an_answer() {
    let answer = ask("GET", "/away", "");
    assert_eq!(
        (&answer[0], header(&answer, "location")),
        (&json!(302), Some("/echo"))
    );
}

fn a_body_comes_decoded() {
    assert_eq!(ask("GET", "/gzip", "")[2], "68656c6c6f");
}

fn an_answer_beyond_its_limit_is_none() {
    let url = format!("{}/large", other());
    let asked = |limit: usize| {
        server()
            .call("ask")
            .args(json!({"method": "GET", "url": url, "body": "", "limit": limit}))
    };
    assert_eq!(asked(1000).ok()[2].as_str().map(str::len), Some(2000));
    let error = asked(999).error(500);
    server().log_line(&[
        error["trace_id"].as_str().unwrap(),
        "/large has more than 999 bytes",
    ]);
}

fn an_answer_that_takes_too_long_is_none() {
    let url = format!("{}/slow?secret", other());
    let args = json!({"method": "GET", "url": url, "body": "", "timeout": 200});
    let error = server().call("ask").args(args).error(503);
    assert!(!error.to_string().contains("slow"), "{error}");
    let line = server().log_line(&[error["trace_id"].as_str().unwrap(), "/slow: "]);
    assert!(!line.contains("secret"), "{line}");
}

fn a_server_that_is_not_there_is_unavailable() {
    let args = json!({"method": "POST", "url": "http://127.0.0.1:1/nothing", "body": "x"});
    server().call("ask").args(args).error(503);
}

fn what_cannot_be_sent_is_not_sent() {
    for (method, url) in [
        ("GET", "/path"),
        ("GET", "ftp://example.com/"),
        ("GET", "data:text/plain,a"),
    ] {
        server()
            .call("ask")
            .args(json!({"method": method, "url": url, "body": ""}))
            .error(500);
    }
    let url = format!("{}/echo", other());
    server()
        .call("ask")
        .args(json!({"method": "GET", "url": url, "body": "x"}))
        .error(500);
}

fn an_action_waits_for_two_at_once() {
    let [first, second] = ["first", "second"].map(|path| format!("{}/{path}", other()));
    let both = server()
        .call("askBoth")
        .args(json!({"first": first, "second": second}))
        .ok();
    assert_eq!(both, json!([201, 200]));
}

fn work_that_takes_long_holds_nobody() {
    // A Worker does it in place.
    let seconds = if server::is_native() { 8 } else { 0 };
    let working =
        thread::spawn(move || server().call("work").args(json!({"seconds": seconds})).ok());
    if server::is_native() {
        thread::sleep(Duration::from_secs(1));
        for _ in 0..10 {
            server()
                .request("POST", "/hooks/failing")
                .body("meanwhile")
                .error(409);
        }
    }
    let counted = working.join().expect("no panic");
    let (before, after) = (counted[0].as_u64().unwrap(), counted[1].as_u64().unwrap());
    assert_eq!(after - before, if server::is_native() { 10 } else { 0 });
}

fn work_that_panics_is_told_as_elsewhere() {
    let error = server().call("workAndPanic").error(500);
    assert!(!error.to_string().contains("secret"), "{error}");
    assert!(
        server()
            .call("work")
            .args(json!({"seconds": 0}))
            .ok()
            .is_array()
    );
}
