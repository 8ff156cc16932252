//! The path of a request through the native host: gateway, engine, an app's functions, SQLite. Whatever comes, there is a
//! well-formed reply, and it is never 500.

use http_body_util::Full;
use hyper::{Request, body::Bytes};
use serde_json::Value as Json;

use crate::served::Served;

/// Reads a request from a text of the form of HTTP/1: a line of method and target, headers, an empty line, the body. `None`
/// for one that no HTTP server would hand on.
fn parse(input: &[u8]) -> Option<Request<Full<Bytes>>> {
    let (head, body) = match input.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&input[..end], &input[end + 2..]),
        None => (input, &[][..]),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let mut first = lines.next()?.splitn(2, |byte| *byte == b' ');
    let mut request = Request::builder().method(first.next()?).uri(first.next()?);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        request = request.header(&line[..colon], line[colon + 1..].trim_ascii());
    }
    request.body(Full::from(body.to_vec())).ok()
}

/// Sends a request to the app.
///
/// # Panics
/// When the reply is not what the wire's contract says.
pub fn request(input: &[u8]) {
    let Some(request) = parse(input) else {
        return;
    };
    let method = request.method().clone();
    let rpc = request.uri().path().starts_with("/rpc/");
    let (parts, body) = Served::get().answer(request);
    let status = parts.status.as_u16();
    assert!(
        matches!(
            status,
            200 | 204 | 400 | 401 | 403 | 404 | 405 | 409 | 413 | 426 | 429
        ),
        "{status}: {}",
        String::from_utf8_lossy(&body)
    );
    assert_eq!(
        parts
            .headers
            .get("access-control-allow-origin")
            .map(|value| value.as_bytes()),
        Some(&b"*"[..])
    );
    assert_eq!(status == 405, parts.headers.contains_key("allow"));
    if status == 204 {
        assert_eq!(method, "OPTIONS");
        assert!(body.is_empty());
        return;
    }
    let reply: Json = serde_json::from_slice(&body).expect("JSON");
    if status == 200 {
        assert!(
            !rpc || reply.get("data").is_some() && reply["meta"]["tables"].is_array(),
            "{reply}"
        );
    } else {
        let error = &reply["error"];
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty())
        );
        assert!(error["trace_id"].as_str().is_some_and(|id| !id.is_empty()));
        let code = error["code"].as_str().expect("a code");
        let expected = match status {
            400 => "BAD_REQUEST",
            401 => "UNAUTHORIZED",
            403 => "FORBIDDEN",
            404 => "NOT_FOUND",
            405 => "METHOD_NOT_ALLOWED",
            409 => "CONFLICT",
            413 => "PAYLOAD_TOO_LARGE",
            426 => "UPGRADE_REQUIRED",
            _ => "TOO_MANY_REQUESTS",
        };
        assert_eq!(code, expected);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without this the target could refuse everything and never be found out.
    #[test]
    fn requests_reach_functions() {
        let request = parse(b"POST /rpc/addNote\nx-edgepod-key: key\n\n{\"text\":\"a\"}").unwrap();
        assert_eq!(Served::get().answer(request).0.status, 200);
    }
}
