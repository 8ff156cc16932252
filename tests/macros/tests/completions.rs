//! What the attributes write for an editor: its paths lead somewhere, and rust-analyzer completes by them.

#[path = "completions/editor.rs"]
mod editor;

#[expect(unused_imports, reason = "they are there for the editor")]
mod written {
    include!("completions/written.rs");
}

use editor::Editor;

/// What is typed, with the cursor at `|`, and what is offered there, besides what is not ours.
const TYPED: &[(&str, &[&str])] = &[
    (
        "#[edgepod::query(|)] async fn f(ctx: &QueryCtx) -> Result<()> { Ok(()) }",
        &["internal", "keep", "middleware", "name"],
    ),
    (
        "#[edgepod::query(mid|)] async fn f(ctx: &QueryCtx) -> Result<()> { Ok(()) }",
        &["internal", "keep", "middleware", "name"],
    ),
    (
        "#[edgepod::function(name = \"a\", |)] async fn f(ctx: &Ctx) -> Result<()> { Ok(()) }",
        &["internal", "job", "middleware", "name"],
    ),
    (
        "#[edgepod::action(internal, m|)] async fn f(ctx: &ActionCtx) -> Result<()> { Ok(()) }",
        &["internal", "job", "middleware", "name"],
    ),
    (
        "#[edgepod::route(|)] async fn f(ctx: &ActionCtx, r: Request<Bytes>) -> Result<Response<Bytes>> { todo!() }",
        &["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
    ),
    (
        "#[edgepod::route(GET, \"/x\", |)] async fn f(ctx: &ActionCtx) -> Result<()> { todo!() }",
        &["middleware"],
    ),
    (
        "#[edgepod::cron(e|)] async fn f(ctx: &Ctx) -> Result<()> { Ok(()) }",
        &["every"],
    ),
    (
        "#[edgepod::table(|)] struct A { #[primary_key] id: i64 }",
        &["fts5", "name"],
    ),
    (
        "#[edgepod::table(name = \"a\")] struct A { #[prim|] id: i64 }",
        &[
            "auto_inc",
            "default",
            "index",
            "primary_key",
            "private",
            "references",
            "renamed_from",
            "unique",
        ],
    ),
    (
        "#[edgepod::table(name = \"a\")] #[un|] struct A { #[primary_key] id: i64 }",
        &["index", "renamed_from", "unique"],
    ),
    (
        "#[edgepod::table(name = \"a\")] struct A { #[primary_key] id: i64, #[default(|)] at: Timestamp }",
        &["now"],
    ),
    (
        "#[edgepod::table(name = \"a\")] struct A { #[primary_key] id: i64, #[references(A::id, |)] of: i64 }",
        &["on_delete"],
    ),
    (
        "#[edgepod::table(name = \"a\")] struct A { #[primary_key] id: i64, #[references(A::id, on_delete = |)] of: i64 }",
        &["cascade", "restrict", "set_default", "set_null"],
    ),
    (
        "#[edgepod::presence(|)] struct A { id: i64 }",
        &["at_most", "key"],
    ),
    ("#[edgepod::data(|)] struct A { id: i64 }", &["reply"]),
    (
        "#[edgepod::error] enum A { #[error(not|)] B { id: i64 } }",
        &[
            "bad_gateway",
            "bad_request",
            "conflict",
            "forbidden",
            "gone",
            "internal",
            "locked",
            "not_found",
            "payment_required",
            "too_many_requests",
            "transparent",
            "unauthorized",
            "unavailable",
            "unprocessable",
        ],
    ),
    ("edgepod::app!(|);", &["middleware", "pod"]),
    (
        "edgepod::app!(pod = |);",
        &["asked", "by_claim", "by_header", "by_host"],
    ),
];

#[test]
#[ignore = "it needs rust-analyzer: `rustup component add rust-analyzer`"]
fn rust_analyzer_completes_in_the_brackets() {
    let mut editor = Editor::start("use edgepod::prelude::*;\n");
    let mut wrong = String::new();
    for (typed, expected) in TYPED {
        let offered = editor.complete(typed);
        let labels: Vec<&str> = offered.iter().map(|offer| offer.label.as_str()).collect();
        if labels != *expected || offered.iter().any(|offer| offer.docs.is_empty()) {
            wrong += &format!("{typed}\n    {offered:?}\n");
        }
    }
    assert_eq!(wrong, "");
}

/// Values are the program's own, which the editor knows by what the attribute writes of them anyway.
#[test]
#[ignore = "it needs rust-analyzer: `rustup component add rust-analyzer`"]
fn rust_analyzer_completes_middleware_by_what_is_in_scope() {
    let mut editor = Editor::start("use edgepod::prelude::*;\n");
    for typed in [
        "#[edgepod::query(middleware = [require|])] async fn f(ctx: &QueryCtx) -> Result<()> { Ok(()) }",
        "edgepod::app!(middleware = [require|]);",
    ] {
        let offered = editor.complete(typed);
        let found = offered
            .iter()
            .any(|offer| offer.label.starts_with("require_user"));
        assert!(found, "{typed}\n{offered:?}");
    }
}
