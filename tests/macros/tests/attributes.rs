//! Whatever the attributes allow, in one app: it compiles without a warning, is described in full, and runs.
#![deny(warnings, missing_docs)]
#![forbid(unsafe_code)]

mod server;

use edgepod::prelude::*;
use edgepod_runtime::{
    db::Table,
    manifest::manifest,
    schema::{Default as DefaultValue, OnDelete, create_statements},
};
use serde_json::{Value, json};
use server::start;

mod model {
    use edgepod::prelude::*;

    /// A node of a tree: it references itself.
    #[edgepod::table(name = "nodes")]
    #[derive(Eq, Hash)]
    #[serde(rename_all = "camelCase")]
    pub struct Node {
        /// The key.
        #[primary_key]
        #[auto_inc]
        pub id: i64,
        /// What it hangs from.
        #[index]
        #[references(Node::id, on_delete = cascade)]
        pub parent_id: Option<i64>,
        /// A keyword.
        pub r#type: String,
    }

    /// Two tables that reference each other.
    #[edgepod::table(name = "teams")]
    #[derive(Clone)]
    pub struct Team {
        /// A text as the key.
        #[primary_key]
        pub name: String,
        /// Who leads it.
        #[references(Member::id, on_delete = set_null)]
        pub leader: Option<i64>,
    }

    /// The other one.
    #[edgepod::table(name = "members")]
    pub struct Member {
        /// The key.
        #[primary_key]
        pub id: i64,
        /// Where they belong.
        #[references(self::Team::name, on_delete = set_default)]
        #[default("everybody")]
        pub team: String,
        /// Columns with every kind of default.
        #[default(now)]
        pub since: Timestamp,
        /// Negative.
        #[default(-1)]
        pub rank: i8,
        /// A fraction.
        #[default(0.5)]
        pub weight: Option<f64>,
        /// Yes or no.
        #[default(true)]
        pub active: bool,
    }

    /// A table that the database fills in alone.
    #[edgepod::table(name = "ticks")]
    pub struct Tick {
        /// The key.
        #[primary_key]
        #[auto_inc]
        pub id: i64,
    }

    /// Notes that it ran: the names, in the order in which they ran.
    pub fn note(ctx: &QueryCtx, name: &str) {
        let before = ctx.get::<String>();
        let before = before.as_deref().map_or("", |before| before);
        ctx.set(format!("{before}{name} "));
    }

    /// Middleware of another module.
    #[edgepod::middleware]
    pub async fn with_log(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
        note(ctx, "log");
        next.run(ctx, args).await
    }

    /// Middleware of the whole app.
    #[edgepod::middleware]
    pub async fn with_app(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
        note(ctx, "app");
        next.run(ctx, args).await
    }
}

// One `use` imports the function and the middleware.
use model::with_log;

/// For functions that write: it answers with the chain's notes.
#[edgepod::middleware]
async fn with_audit(ctx: &Ctx, args: &Args, next: Next<'_>) -> Result<Reply> {
    model::note(ctx, "audit");
    let reply = next.run(ctx, args).await?;
    let rows: Value = reply.parse()?;
    let notes = ctx.get::<String>();
    Reply::new(&json!({ "rows": rows, "notes": notes.as_deref() }))
}

/// For actions.
#[edgepod::middleware]
async fn with_retry(ctx: &ActionCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
    match args.get::<bool>("again")? {
        Some(true) => Err(Error::too_many_requests("again")),
        _ => next.run(ctx, args).await,
    }
}

/// A table that only the database knows so far.
#[edgepod::table(name = "drafts")]
struct Draft {
    #[primary_key]
    #[auto_inc]
    id: i64,
    text: String,
}

/// Data with parameters of its own.
#[edgepod::data]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether there are more.
    #[serde(rename = "hasMore")]
    pub has_more: bool,
}

/// A union.
#[edgepod::data]
#[derive(Copy)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Shape {
    /// Round.
    Circle {
        /// From the middle.
        radius: f64,
    },
    /// Nothing.
    Empty,
}

/// An error of the app's own.
#[derive(Debug)]
pub struct Overdrawn;

impl From<Overdrawn> for Error {
    fn from(_: Overdrawn) -> Self {
        Error::conflict("overdrawn")
    }
}

/// What can be wrong with a page.
#[edgepod::error]
#[derive(Clone, PartialEq)]
pub enum PageError {
    /// Pages begin at 1.
    #[error(bad_request, "There is no page {number} of {{{total:>3}}}.")]
    NoPage {
        /// Which.
        number: i64,
        /// Of how many.
        total: u8,
    },
    #[error(418, "{0} and {1:?}")]
    Both(String, Option<bool>),
    #[error(503, "{0:?} is not well.")]
    Shapeless(Shape),
    #[error(gone, "It is gone.")]
    Gone,
    #[error(bad_gateway, "The printer does not answer.")]
    Printer(#[from] std::num::ParseIntError),
    #[error(transparent)]
    Inner(#[from] InnerError),
}

/// One error within another.
#[edgepod::error]
#[derive(Clone, PartialEq)]
pub enum InnerError {
    #[error(locked, "Locked by {by}.")]
    Locked {
        /// Who has it.
        by: String,
    },
}

/// The variant for EdgePod's own errors may be the app's.
#[edgepod::error]
enum OwnError {
    #[error(transparent)]
    Edgepod(#[from] Error),
    #[error(internal, "The numbers do not add up.")]
    Json(#[from] serde_json::Error),
}

fn inner(locked: bool) -> Result<(), InnerError> {
    match locked {
        true => Err(InnerError::Locked { by: "me".into() }),
        false => Ok(()),
    }
}

/// Every way to fail.
#[edgepod::query]
fn open_page(ctx: &QueryCtx, way: String) -> Result<i64, PageError> {
    let parsed = match way.as_str() {
        "fields" => {
            return Err(PageError::NoPage {
                number: 7,
                total: 3,
            });
        }
        "tuple" => return Err(PageError::Both("a".into(), None)),
        "one" => return Err(PageError::Shapeless(Shape::Circle { radius: 1.5 })),
        "unit" => return Err(PageError::Gone),
        "inner" => {
            inner(true)?;
            0
        }
        "system" => {
            ctx.db
                .select::<model::Node>()
                .filter(model::Node::id.eq(-1))
                .one()?;
            0
        }
        "json" => serde_json::from_str::<i64>("{secret")?,
        number => number.parse()?,
    };
    Ok(parsed)
}

/// EdgePod's own errors, by another name.
#[edgepod::query]
fn open_own(ctx: &QueryCtx, json: bool) -> Result<i64, OwnError> {
    let _ = ctx;
    if json {
        return Ok(serde_json::from_str("{secret")?);
    }
    Err(Error::forbidden("Not you."))?
}

/// A plain function.
#[edgepod::query]
fn plain(_ctx: &QueryCtx) -> Result<()> {
    Ok(())
}

/// Every kind of argument,
/// and a result with parameters.
#[edgepod::query(name = "search", middleware = [with_log, model::with_log,])]
async fn search_nodes(
    ctx: &edgepod::QueryCtx,
    r#type: String,
    mut shapes: Vec<Shape>,
    before: Option<Timestamp>,
    ids: std::collections::BTreeMap<String, (i64, Option<bool>)>,
) -> Result<Page<model::Node>> {
    shapes.retain(|shape| *shape != Shape::Empty);
    let rows = ctx
        .db
        .select::<model::Node>()
        .filter(model::Node::r#type.eq(r#type))
        .all()?;
    Ok(Page {
        rows,
        has_more: !shapes.is_empty() && before.is_some() && ids.contains_key("a"),
    })
}

/// An error of its own, and middleware that writes.
#[edgepod::function(middleware = [with_log, with_audit])]
async fn tick(ctx: &Ctx, times: u8) -> std::result::Result<Vec<model::Tick>, Overdrawn> {
    if times > 3 {
        return Err(Overdrawn);
    }
    (0..times)
        .map(|_| {
            ctx.db
                .insert(model::NewTick {})
                .returning()
                .map_err(|_| Overdrawn)
        })
        .collect()
}

/// Middleware with a setting, made once wherever it stands.
struct Counted(&'static str, std::sync::atomic::AtomicU32);

static COUNTED: Counted = Counted("counted", std::sync::atomic::AtomicU32::new(0));

impl Middleware for Counted {
    type Ctx = QueryCtx;

    async fn call(&self, ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
        let count = self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        let reply: Value = next.run(ctx, args).await?.parse()?;
        Reply::new(&json!([reply, self.0, count]))
    }
}

/// Middleware without a setting may be named.
struct Wrapped;

impl Middleware for Wrapped {
    type Ctx = Ctx;

    async fn call(&self, ctx: &Ctx, args: &Args, next: Next<'_>) -> Result<Reply> {
        Reply::new(&json!({ "wrapped": next.run(ctx, args).await?.parse::<Value>()? }))
    }
}

/// Values and names side by side.
#[edgepod::function(middleware = [Wrapped, &COUNTED, Counted("block", Default::default()), with_log])]
async fn settle(ctx: &Ctx) -> Result<i64> {
    let _ = ctx;
    Ok(7)
}

/// It waits, and writes between.
#[edgepod::action(middleware = [with_retry])]
async fn forget_ticks(ctx: &ActionCtx, again: Option<bool>) -> Result<Shape> {
    let _ = again;
    std::future::ready(()).await;
    let gone = ctx.transaction(|tx| tx.db.delete::<model::Tick>().without_where().exec())?;
    Ok(Shape::Circle {
        radius: gone as f64,
    })
}

/// Rows that reference each other, and what the database fills in.
#[edgepod::function]
async fn found_team(ctx: &Ctx, id: i64) -> Result<(model::Team, model::Member)> {
    ctx.db
        .insert(model::NewTeam {
            name: "everybody".into(),
            leader: None,
        })
        .exec()?;
    let member = ctx.db.insert(model::NewMember { id }).returning()?;
    let team = ctx
        .db
        .update::<model::Team>()
        .set(model::Team::leader, id)
        .filter(model::Team::name.eq("everybody"))
        .returning()?;
    Ok((team[0].clone(), member))
}

/// A tree, by whole rows and by new ones.
#[edgepod::function]
async fn plant(ctx: &Ctx) -> Result<Vec<model::Node>> {
    let root = ctx
        .db
        .insert(model::Node {
            id: 7,
            parent_id: None,
            r#type: "root".into(),
        })
        .returning()?;
    let leaf = ctx
        .db
        .insert(model::NewNode {
            parent_id: Some(root.id),
            r#type: "leaf".into(),
        })
        .returning()?;
    Ok(vec![root, leaf])
}

/// There in no build.
#[edgepod::query]
#[cfg(any())]
async fn nowhere(ctx: &NoSuchCtx) -> Result<()> {
    Ok(())
}

edgepod::app!(middleware = [model::with_app]);

fn described() -> Value {
    serde_json::from_str(&manifest().unwrap()).unwrap()
}

#[test]
fn every_function_is_described_by_its_public_name() {
    let manifest = described();
    let names: Vec<_> = manifest["functions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|function| {
            (
                function["name"].as_str().unwrap(),
                function["kind"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            ("forgetTicks", "action"),
            ("foundTeam", "function"),
            ("openOwn", "query"),
            ("openPage", "query"),
            ("plain", "query"),
            ("plant", "function"),
            ("search", "query"),
            ("settle", "function"),
            ("tick", "function"),
        ]
    );
    assert_eq!(manifest["app"], "edgepod-macros-tests");
}

#[test]
fn arguments_and_results_have_typescript_types() {
    let manifest = described();
    let search = &manifest["functions"][6];
    assert_eq!(
        search["docs"],
        "Every kind of argument,\nand a result with parameters."
    );
    assert_eq!(
        search["args"],
        json!([
            { "name": "type", "type": "string", "optional": false },
            { "name": "shapes", "type": "Array<Shape>", "optional": false },
            { "name": "before", "type": "string | null", "optional": true },
            {
                "name": "ids",
                "type": "{ [key in string]: [number, boolean | null] }",
                "optional": false,
            },
        ])
    );
    assert_eq!(search["returns"], "Page<Node>");
    assert_eq!(manifest["functions"][4]["returns"], "null");
    let line = search["source"]["line"].as_u64().unwrap() as usize;
    assert!(
        include_str!("attributes.rs")
            .lines()
            .nth(line - 1)
            .unwrap()
            .starts_with("async fn search_nodes"),
        "line {line}"
    );
}

#[test]
fn types_reach_typescript_as_serde_sees_them() {
    let manifest = described();
    let declaration = |name: &str| {
        let types = manifest["types"].as_array().unwrap();
        let found = types.iter().find(|t| t["name"] == name).unwrap();
        // Without the doc comments, which have a test of their own.
        let text = found["declaration"].as_str().unwrap();
        let mut plain = String::new();
        for (i, part) in text.split("/**").enumerate() {
            plain.push_str(match i {
                0 => part,
                _ => part.split_once("*/").unwrap().1,
            });
        }
        plain.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        declaration("Node"),
        "type Node = { id: number, parentId: number | null, type: string, };"
    );
    assert_eq!(
        declaration("Page"),
        "type Page<T> = { rows: Array<T>, hasMore: boolean, };"
    );
    assert_eq!(
        declaration("Shape"),
        r#"type Shape = { "kind": "circle", radius: number, } | { "kind": "empty" };"#
    );
    // A new row is no type of the client's, unless a function takes one.
    let types = manifest["types"].to_string();
    assert!(!types.contains("NewNode"), "{types}");
    assert!(types.contains("What it hangs from."), "{types}");
}

#[test]
fn a_table_is_what_the_struct_says() {
    let members = model::Member::SCHEMA;
    assert_eq!(members.name, "members");
    let defaults: Vec<_> = members
        .columns
        .iter()
        .map(|column| column.default)
        .collect();
    assert_eq!(
        defaults,
        [
            None,
            Some(DefaultValue::Text("everybody")),
            Some(DefaultValue::Now),
            Some(DefaultValue::Integer(-1)),
            Some(DefaultValue::Real(0.5)),
            Some(DefaultValue::Integer(1)),
        ]
    );
    let reference = members.columns[1].reference.unwrap();
    assert_eq!((reference.table, reference.column), ("teams", "name"));
    assert_eq!(reference.on_delete, OnDelete::SetDefault);
    let create =
        create_statements(&edgepod_runtime::schema::Table::from(model::Node::SCHEMA)).join("; ");
    // JSON renames never reach the database.
    assert!(
        create.contains(r#""parent_id" INTEGER REFERENCES "nodes" ("id") ON DELETE CASCADE"#)
            && create.contains(r#""type" TEXT NOT NULL"#),
        "{create}"
    );
}

#[test]
fn middleware_runs_outermost_first_and_sees_the_reply() {
    let server = start();
    let reply = server.call("tick", json!({ "times": 2 }));
    assert_eq!(
        reply["data"],
        json!({ "rows": [{ "id": 1 }, { "id": 2 }], "notes": "app log audit " })
    );
}

#[test]
fn middleware_may_be_a_value_that_is_made_once() {
    let server = start();
    for count in 1..=3 {
        let reply = server.call("settle", json!({}));
        assert_eq!(
            reply["data"],
            json!({ "wrapped": [[7, "block", count], "counted", count] }),
            "{reply}"
        );
    }
}

#[test]
fn an_error_of_the_apps_own_becomes_a_reply() {
    let server = start();
    let reply = server.call("tick", json!({ "times": 4 }));
    assert_eq!(reply["error"]["code"], "CONFLICT");
    assert_eq!(reply["error"]["message"], "overdrawn");
}

#[test]
fn each_variant_of_an_error_has_its_status_message_and_data() {
    let error = Error::from(PageError::NoPage {
        number: 7,
        total: 3,
    });
    assert_eq!(
        (error.code().status(), error.code().as_str()),
        (400, "NO_PAGE")
    );
    assert_eq!(PageError::Gone.to_string(), "It is gone.");
    let server = start();
    let fail = |way: &str| {
        let mut reply = server.call("openPage", json!({ "way": way }));
        let error = reply["error"]
            .as_object_mut()
            .unwrap_or_else(|| panic!("{way}"));
        assert!(error.remove("trace_id").is_some());
        Value::from(std::mem::take(error))
    };
    for (way, expected) in [
        (
            "fields",
            json!({ "code": "NO_PAGE", "message": "There is no page 7 of {  3}.", "data": { "number": 7, "total": 3 } }),
        ),
        (
            "tuple",
            json!({ "code": "BOTH", "message": "a and None", "data": ["a", null] }),
        ),
        (
            "one",
            json!({
                "code": "SHAPELESS", "message": "Circle { radius: 1.5 } is not well.",
                "data": { "kind": "circle", "radius": 1.5 },
            }),
        ),
        ("unit", json!({ "code": "GONE", "message": "It is gone." })),
        (
            "x",
            json!({ "code": "PRINTER", "message": "The printer does not answer." }),
        ),
        (
            "inner",
            json!({ "code": "LOCKED", "message": "Locked by me.", "data": { "by": "me" } }),
        ),
    ] {
        assert_eq!(fail(way), expected, "{way}");
    }
    assert_eq!(fail("system")["code"], "NOT_FOUND");
    let json = fail("json");
    assert_eq!(json["code"], "INTERNAL");
    assert!(
        !json.to_string().contains("secret") && !json.to_string().contains("line"),
        "{json}"
    );
    assert_eq!(server.call("openPage", json!({ "way": "12" }))["data"], 12);

    let own = |json: bool| server.call("openOwn", json!({ "json": json }))["error"].clone();
    assert_eq!(own(false)["code"], "FORBIDDEN");
    assert_eq!(own(true)["code"], "JSON");
    assert_eq!(own(true)["message"], "The numbers do not add up.");
}

#[test]
fn clients_know_the_errors_as_a_union() {
    let manifest = described();
    let function = |name: &str| {
        let functions = manifest["functions"].as_array().unwrap();
        functions
            .iter()
            .find(|function| function["name"] == name)
            .unwrap()["error"]
            .clone()
    };
    assert_eq!(function("openPage"), "PageError");
    assert_eq!(function("plain"), Value::Null);
    assert_eq!(
        function("tick"),
        Value::Null,
        "an error that is no enum of errors is EdgePod's"
    );
    let types = manifest["types"].as_array().unwrap();
    let declared = |name: &str| types.iter().find(|found| found["name"] == name).unwrap();
    assert_eq!(
        declared("PageError")["declaration"],
        "type PageError = { code: \"NO_PAGE\", data: { number: number, total: number } } | \
         { code: \"BOTH\", data: [string, boolean | null] } | { code: \"SHAPELESS\", data: Shape } | \
         { code: \"GONE\", data?: undefined } | { code: \"PRINTER\", data?: undefined } | InnerError;"
    );
    assert_eq!(
        declared("PageError")["docs"],
        "What can be wrong with a page."
    );
    assert_eq!(
        declared("InnerError")["declaration"],
        "type InnerError = { code: \"LOCKED\", data: { by: string } };"
    );
    declared("Shape");
}

#[test]
fn an_action_writes_in_a_transaction() {
    let server = start();
    server.call("tick", json!({ "times": 3 }));
    let reply = server.call("forgetTicks", json!({}));
    assert_eq!(reply["data"], json!({ "kind": "circle", "radius": 3.0 }));
    let reply = server.call("forgetTicks", json!({ "again": true }));
    assert_eq!(reply["error"]["code"], "TOO_MANY_REQUESTS");
}

#[test]
fn the_database_fills_in_what_a_new_row_leaves_out() {
    let server = start();
    let reply = server.call("foundTeam", json!({ "id": 5 }));
    let (team, member) = (&reply["data"][0], &reply["data"][1]);
    assert_eq!(team, &json!({ "name": "everybody", "leader": 5 }));
    let since: Timestamp = serde_json::from_value(member["since"].clone()).unwrap();
    assert!(since.as_micros() > 0);
    assert_eq!(
        member,
        &json!({
            "id": 5, "team": "everybody", "since": since, "rank": -1, "weight": 0.5, "active": true,
        })
    );
}

#[test]
fn arguments_of_every_kind_arrive() {
    let server = start();
    let reply = server.call("plant", json!({}));
    assert_eq!(
        reply["data"],
        json!([
            { "id": 7, "parentId": null, "type": "root" },
            { "id": 8, "parentId": 7, "type": "leaf" },
        ])
    );
    let args = json!({
        "type": "leaf",
        "shapes": [{ "kind": "empty" }, { "kind": "circle", "radius": 1 }],
        "before": "2026-11-24T10:42:11Z",
        "ids": { "a": [1, null] },
    });
    let reply = server.call("search", args.clone());
    assert_eq!(
        reply["data"],
        json!({ "rows": [{ "id": 8, "parentId": 7, "type": "leaf" }], "hasMore": true })
    );
    let mut wrong = args;
    wrong["shapes"][1]["radius"] = json!("wide");
    let reply = server.call("search", wrong);
    assert_eq!(reply["error"]["code"], "BAD_REQUEST");
    let path = reply["error"]["data"]["path"].as_str().unwrap();
    assert!(path.starts_with("shapes[1]"), "{reply}");
    assert_eq!(server.call("plain", json!({}))["data"], Value::Null);
}
