//! The built page, served beside the app: what is in its folder, and nothing else.

use std::fs;

use edgepod_tests::{Reply, cases, http::send_raw, server};
use tempfile::TempDir;

use crate::native::Native;

cases![
    a_page_and_its_files_are_served_with_how_long_they_may_be_kept,
    a_path_that_only_the_page_knows_is_the_page,
    the_app_comes_first,
    nothing_outside_of_the_folder_is_served,
    a_folder_without_a_page_does_not_start,
];

const INDEX: &str = "<!doctype html><title>The page</title>";

/// A page in `dist`, with a secret beside it.
fn page() -> (TempDir, Native) {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |file: &str, text: &str| {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("secret.txt", "the secret");
    write("dist/index.html", INDEX);
    write("dist/.env", "the secret");
    write("dist/icon.svg", "<svg/>");
    write("dist/away", "never");
    write("dist/rpc/getDeliveries", "never");
    write("dist/assets/app-1f2e.js", &"console.log(1);\n".repeat(1000));
    let web = folder.path().join("dist");
    let native = Native::of_package("routes", &[("EDGEPOD_WEB", web.to_str().unwrap())]);
    (folder, native)
}

fn get(native: &Native, path: &str, headers: &str) -> Reply {
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
    send_raw(native.authority(), request.into_bytes())
}

const BROWSER: &str = "accept: text/html,*/*;q=0.8\r\n";

fn a_page_and_its_files_are_served_with_how_long_they_may_be_kept() {
    let (_folder, native) = page();
    let index = get(&native, "/", BROWSER);
    assert_eq!((index.status, index.text()), (200, INDEX.to_owned()));
    assert_eq!(index.header("cache-control"), Some("no-cache"));
    assert_eq!(index.header("content-type"), Some("text/html"));
    assert_eq!(index.header("x-content-type-options"), Some("nosniff"));
    // Asked for again, it is as it was.
    let since = index.header("last-modified").expect("a time").to_owned();
    let again = get(&native, "/", &format!("if-modified-since: {since}\r\n"));
    assert_eq!((again.status, again.body.len()), (304, 0));

    let script = get(&native, "/assets/app-1f2e.js", "accept-encoding: gzip\r\n");
    let kept = Some("public, max-age=31536000, immutable");
    assert_eq!((script.status, script.header("cache-control")), (200, kept));
    assert_eq!(script.header("content-encoding"), Some("gzip"));
    assert!(script.body.len() < 1000, "{} bytes", script.body.len());
    let plain = get(&native, "/assets/app-1f2e.js", "");
    assert_eq!(
        (plain.header("content-encoding"), plain.body.len()),
        (None, 16_000)
    );
    let part = get(&native, "/assets/app-1f2e.js", "range: bytes=0-6\r\n");
    assert_eq!((part.status, part.text()), (206, "console".to_owned()));
    assert_eq!(
        get(&native, "/icon.svg", "").header("content-type"),
        Some("image/svg+xml")
    );
    // One that is gone is not kept as gone.
    let gone = get(&native, "/assets/app-0000.js", "");
    assert_eq!(
        (gone.status, gone.header("cache-control")),
        (404, Some("no-store"))
    );
}

fn a_path_that_only_the_page_knows_is_the_page() {
    let (_folder, native) = page();
    for path in ["/rooms/7", "/deep/er/path?x=1", "/index.html"] {
        let reply = get(&native, path, BROWSER);
        assert_eq!(
            (reply.status, reply.text()),
            (200, INDEX.to_owned()),
            "{path}"
        );
        assert_eq!(reply.header("cache-control"), Some("no-cache"));
    }
    // A program that asks for what is not there is told so.
    get(&native, "/rooms/7", "accept: application/json\r\n").assert_error(404);
}

fn the_app_comes_first() {
    let (_folder, native) = page();
    assert_eq!(native.call("getDeliveries").send().status, 200);
    get(&native, "/rpc/getDeliveries", BROWSER).assert_error(401);
    get(&native, "/rpc/nothing", BROWSER).assert_error(401);
    get(&native, "/_edgepod/anything", BROWSER).assert_error(404);
    assert_eq!(get(&native, "/away", BROWSER).status, 302);
    // A route of another method is no file, either.
    get(&native, "/hooks/github", BROWSER).assert_error(405);
}

fn nothing_outside_of_the_folder_is_served() {
    let (_folder, native) = page();
    for path in [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/%2E%2E%2Fsecret.txt",
        "/assets/../../secret.txt",
        "/assets/..\\..\\secret.txt",
        "/..%5csecret.txt",
        "/%2e%2e%5csecret.txt",
        "//secret.txt",
        "/.env",
        "/%2eenv",
        "/assets/%00/../../secret.txt",
        "/etc/passwd",
        "//etc/passwd",
    ] {
        for headers in ["", BROWSER] {
            let reply = get(&native, path, headers);
            assert!(
                !reply.text().contains("secret") || reply.status == 404,
                "{path}: {}",
                reply.text()
            );
            assert!(
                !reply.text().contains("the secret"),
                "{path}: {}",
                reply.text()
            );
            assert!(!reply.text().contains("root:"), "{path}: {}", reply.text());
        }
    }
}

fn a_folder_without_a_page_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = server::free_port().expect("a port");
    let web = folder.path().to_str().unwrap();
    let output = crate::native::command(port, folder.path(), &[("EDGEPOD_WEB", web)]).output();
    let output = output.expect("it runs");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("EDGEPOD_WEB") && said.contains("index.html"),
        "{said}"
    );
}
