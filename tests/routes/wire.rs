//! What is sent to a route and comes from it, byte for byte.

use edgepod_tests::{Reply, cases, http::send_raw, server};

cases![
    a_body_of_any_bytes_arrives_as_it_was_sent,
    the_limit_of_a_body_is_that_of_a_call,
    the_address_arrives_as_it_was_sent,
    segments_have_names_and_types,
    a_path_that_is_written_out_comes_first,
    a_method_that_is_not_there_is_not_allowed,
    head_and_options_are_answered,
    a_redirect_and_cookies_arrive,
    a_login_by_a_cookie_is_known_where_it_sends_on,
    a_reply_without_a_body_has_none,
    a_status_that_is_none_is_internal,
    what_fails_is_told_as_elsewhere,
    a_token_of_the_app_says_who_calls_and_any_other_is_the_routes_own,
    middleware_sees_the_request_and_its_segments,
    what_is_taken_is_no_route,
];

fn get(path: &str) -> Reply {
    server().request("GET", path).without_key().send()
}

/// Every byte there is, more than once.
fn bytes() -> Vec<u8> {
    (0..=255).chain((0..=255).rev()).collect()
}

fn a_body_of_any_bytes_arrives_as_it_was_sent() {
    for body in [
        bytes(),
        Vec::new(),
        b"\xef\xbb\xbf{}".to_vec(),
        vec![0; 1 << 20],
    ] {
        let reply = server()
            .request("POST", "/echo/a")
            .without_key()
            .header("content-type", "application/x-odd; of=bytes")
            .header("cookie", "a=1; b=2")
            .body(body.clone())
            .send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(reply.body == body, "{} bytes", body.len());
        assert_eq!(
            reply.header("content-type"),
            Some("application/x-odd; of=bytes")
        );
        assert_eq!(reply.header("cookie"), Some("a=1; b=2"));
        // Routes let other origins in themselves, where they want to.
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
}

fn the_limit_of_a_body_is_that_of_a_call() {
    const LIMIT: usize = 4 << 20;
    let send = |length: usize| {
        let mut request = format!(
            "POST /echo/a HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        )
        .into_bytes();
        request.resize(request.len() + length, b'a');
        send_raw(server().authority(), request)
    };
    assert_eq!(send(LIMIT).body.len(), LIMIT);
    send(LIMIT + 1).assert_error(413);
}

fn the_address_arrives_as_it_was_sent() {
    let echo = |path: &str| {
        let reply = server().request("PUT", path).body("a").send();
        let target = reply.header("x-target").unwrap_or_default().to_owned();
        (
            reply.header("x-method").unwrap_or_default().to_owned(),
            target,
        )
    };
    for path in [
        "/echo/a",
        "/echo/a?",
        "/echo/a?b=c%20d&e",
        "/echo/%C3%A9?x=%zz",
    ] {
        let (method, target) = echo(path);
        assert_eq!((method.as_str(), target.as_str()), ("PUT", path));
    }
}

fn segments_have_names_and_types() {
    let rest = |path: &str| {
        let reply = server().request("POST", path).body("a").send();
        reply.header("x-rest").map(str::to_owned)
    };
    let escaped = |text: &str| Some(text.escape_unicode().to_string());
    assert_eq!(rest("/echo/a%20b+c"), escaped("a b+c"));
    assert_eq!(rest("/echo/%E2%82%AC%2F"), escaped("€/"));
    // No text at all.
    server().request("POST", "/echo/%FF").error(404);
    server().request("POST", "/echo/").error(404);
    server().request("POST", "/echo/a/b").error(404);
    server().request("POST", "/echo").error(404);
    // No number.
    get("/deliveries/seven/body").assert_error(404);
    get("/deliveries/999999/body").assert_error(404);
}

fn a_path_that_is_written_out_comes_first() {
    let text = server::unique("delivery");
    server()
        .request("POST", "/hooks/failing")
        .body(text.as_str())
        .error(409);
    let last = get("/deliveries/last/body");
    assert_eq!((last.status, last.text()), (200, text));
    // Only the other has this method and this path.
    get("/deliveries/last/from").assert_error(404);
}

fn a_method_that_is_not_there_is_not_allowed() {
    let reply = server().request("PATCH", "/echo/a").body("a").send();
    assert_eq!(reply.header("allow"), Some("DELETE, OPTIONS, POST, PUT"));
    reply.assert_error(405);
    let reply = get("/hooks/github");
    assert_eq!(reply.header("allow"), Some("OPTIONS, POST"));
    reply.assert_error(405);
    get("/hooks").assert_error(404);
    get("/").assert_error(404);
}

fn head_and_options_are_answered() {
    let head = server()
        .request("HEAD", "/deliveries/last/body")
        .without_key()
        .send();
    assert_eq!((head.status, head.body.len()), (200, 0));
    let options = |path: &str| server().request("OPTIONS", path).without_key().send();
    let reply = options("/away");
    assert_eq!(
        (reply.status, reply.header("allow")),
        (204, Some("GET, HEAD, OPTIONS"))
    );
    assert_eq!(reply.header("access-control-allow-origin"), None);
    // One that answers for itself.
    let reply = options("/open");
    let origin = reply.header("access-control-allow-origin");
    assert_eq!((reply.status, origin), (204, Some("https://example.com")));
    // Functions answer as before.
    let origin = options("/rpc/getDeliveries");
    assert_eq!(origin.header("access-control-allow-origin"), Some("*"));
}

fn a_redirect_and_cookies_arrive() {
    let reply = get("/away");
    assert_eq!(
        (reply.status, reply.header("location")),
        (302, Some("https://example.com/?a=b"))
    );
    let cookies = reply
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie");
    let cookies: Vec<_> = cookies.map(|(_, value)| value.as_str()).collect();
    assert_eq!(cookies, ["a=1; HttpOnly", "b=2; Secure"]);
}

fn a_login_by_a_cookie_is_known_where_it_sends_on() {
    let post = |path: &str| server().request("POST", path).without_key();
    post("/login").body("password=guess").error(401);
    let reply = post("/login").body("password=correct horse").send();
    assert_eq!(
        (reply.status, reply.header("location")),
        (303, Some("/home"))
    );
    let cookie = reply.header("set-cookie").expect("a cookie");
    let (pair, attributes) = cookie.split_once("; ").expect("attributes");
    assert!(pair.starts_with("__Host-session=ey"), "{pair}");
    assert_eq!(attributes, "HttpOnly; SameSite=Lax; Secure; Path=/");
    let home = |cookie: &str| {
        let call = server().request("GET", "/home").without_key();
        call.header("cookie", &format!("theme=dark; {cookie}"))
    };
    let page = home(pair).send();
    assert_eq!(page.text(), "<h1>Hello ada</h1>");
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    home("__Host-session=forged").error(401);
    let out = post("/logout").send();
    let removal = out.header("set-cookie").expect("a cookie");
    assert!(
        removal.starts_with("__Host-session=; ") && removal.contains("Max-Age=0"),
        "{removal}"
    );
}

fn a_reply_without_a_body_has_none() {
    let reply = server().request("DELETE", "/echo/a").without_key().send();
    assert_eq!((reply.status, reply.body.len()), (204, 0));
}

fn a_status_that_is_none_is_internal() {
    for status in [201, 299, 404, 599] {
        let reply = get(&format!("/odd/{status}"));
        assert_eq!((reply.status, reply.text()), (status, "odd".to_owned()));
    }
    for status in [100, 101, 199, 600, 999] {
        get(&format!("/odd/{status}")).assert_error(500);
    }
    // Not what can be built at all.
    get("/odd/7").assert_error(500);
    get("/odd/70000").assert_error(404);
}

fn what_fails_is_told_as_elsewhere() {
    let error = server()
        .request("POST", "/hooks/failing")
        .without_key()
        .body("x")
        .error(409);
    assert_eq!(error["message"], "It was kept, and that is all.");
    let error = server()
        .request("POST", "/hooks/panicking")
        .without_key()
        .error(500);
    assert!(!error.to_string().contains("secret"), "{error}");
    // And the next is served.
    assert_eq!(get("/away").status, 302);
}

fn a_token_of_the_app_says_who_calls_and_any_other_is_the_routes_own() {
    let token = server().call("issue").ok();
    let token = token.as_str().expect("a token");
    let me = |authorization: &str| {
        let reply = server().request("GET", "/me").without_key();
        let reply = reply.header("authorization", authorization).send();
        assert_eq!(reply.status, 200, "{authorization}: {}", reply.text());
        reply.text()
    };
    let bearer = format!("Bearer {token}");
    assert_eq!(me(&bearer), format!("ada Some({bearer:?})"));
    let (signed, signature) = token.rsplit_once('.').expect("a token");
    let turned: String = signature.chars().rev().collect();
    for other in [
        "Basic YTpi".to_owned(),
        "Bearer not.a.token".to_owned(),
        "Bearer ghp_16C7e42F292c6912E7710c838347Ae178B4a".to_owned(),
        format!("Bearer {signed}.{turned}"),
        "sha256=00".to_owned(),
    ] {
        assert_eq!(me(&other), format!("nobody Some({other:?})"));
    }
    assert_eq!(get("/me").text(), "nobody None");
}

fn middleware_sees_the_request_and_its_segments() {
    let name = server::unique("ada");
    let greet = |name: &str| get(&format!("/greet/{name}"));
    assert_eq!(greet(&name).text(), format!("hello {name}"));
    assert_eq!(greet(&name).status, 200);
    let late = greet(&name);
    assert!(late.header("retry-after").is_some(), "{late:?}");
    late.assert_error(429);
    let refused = greet("mallory").assert_error(403);
    assert_eq!(refused["message"], "Not you, mallory.");
    // What middleware answers itself is JSON.
    let json = greet("json");
    assert_eq!(
        (json.status, json.json()["data"].as_str()),
        (200, Some("hello"))
    );
}

/// A name of a route is no name of a function, and what is EdgePod's own stays so.
fn what_is_taken_is_no_route() {
    server().call("echo").error(404);
    server().request("POST", "/rpc/hooks/github").error(404);
    get("/_edgepod/anything").assert_error(404);
    get("/ws").assert_error(401);
}
