//! The attributes of EdgePod. Users write them as `#[edgepod::query]`; the crate `edgepod` re-exports them.
//!
//! Each attribute goes through three rooms: `parse` reads what is written, `validate` finds what contradicts itself or means
//! nothing, `expand` writes the tokens. Both of the first collect every mistake, so that one compilation shows them all. The
//! item itself always comes out, beside the messages where there are any, so that an editor keeps knowing it while it is being
//! typed: `handle_errors` stands around every expansion and sees to that, after a panic, too.
//!
//! What comes out names only `::edgepod::__private`; nothing here knows a host.

mod attributes;
mod completions;
mod errors;
mod expand;
mod handle_errors;
mod parse;
mod sql;
mod validate;

use proc_macro::TokenStream;

use parse::Kind;

/// Makes a function a query: it reads, and clients call it by its name in camelCase.
///
/// It takes `&QueryCtx`, then its arguments by name, and returns a `Result`. Clients may call it with GET, too, and are
/// told when what it read has changed.
///
/// ```
/// use edgepod::prelude::*;
/// # #[edgepod::table(name = "users")]
/// # pub struct User { #[primary_key] pub id: i64, pub name: Option<String> }
///
/// /// The client sends `{"id": 7}` to `getUserById`.
/// #[edgepod::query]
/// pub async fn get_user_by_id(ctx: &QueryCtx, id: i64) -> Result<Option<User>> {
///     ctx.db.select::<User>().filter(User::id.eq(id)).first()
/// }
/// ```
///
/// | key | meaning |
/// |---|---|
/// | `name = "listUsers"` | the public name, in place of the function's in camelCase |
/// | `middleware = [with_auth, require_role("role", "admin")]` | what runs around it, outermost first; see [`macro@middleware`] |
/// | `internal` | it is not on the wire and in no client: only the app itself calls it |
///
/// The function is a type of its name as well: `get_user_by_id::call(7)` is an `edgepod::Invocation`, a call with its arguments
/// that is made elsewhere or later. The compiler checks them.
///
/// An argument of type `Option<T>` may be left out by the client. Doc comments become those of the TypeScript client.
#[proc_macro_attribute]
pub fn query(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::function(Kind::Query, attr.into(), item.into()).into()
}

/// Makes a function callable: it reads and writes in one transaction.
///
/// It takes `&Ctx`, then its arguments by name. `Ok` commits; `Err` and a panic roll back, and nobody is told of changes
/// that never were. It completes without waiting for anything: to await the outside world, write an [`macro@action`].
///
/// ```
/// use edgepod::prelude::*;
/// # #[edgepod::table(name = "users")]
/// # pub struct User { #[primary_key] #[auto_inc] pub id: i64, pub email: String, pub name: Option<String> }
///
/// #[edgepod::function]
/// pub async fn create_user(ctx: &Ctx, email: String, name: Option<String>) -> Result<User> {
///     ctx.db.insert(NewUser { email, name }).returning()
/// }
/// ```
///
/// The keys are those of [`macro@query`], and `job`: clients call it, and it may be a job (`ctx.jobs()`), which has no user. What is
/// `internal` may be one without saying so.
#[proc_macro_attribute]
pub fn function(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::function(Kind::Function, attr.into(), item.into()).into()
}

/// Makes a function callable that awaits the outside world.
///
/// It takes `&ActionCtx`, then its arguments by name. It has no transaction of its own: other calls run while it waits.
/// What it writes, it writes in `ctx.transaction(|tx| …)`.
///
/// ```
/// use edgepod::prelude::*;
/// # async fn charge(amount: i64) -> Result<String> { Ok(format!("r{amount}")) }
/// # #[edgepod::table(name = "payments")]
/// # pub struct Payment { #[primary_key] pub receipt: String, pub amount: i64 }
///
/// #[edgepod::action]
/// pub async fn pay(ctx: &ActionCtx, amount: i64) -> Result<Payment> {
///     let receipt = charge(amount).await?;
///     ctx.transaction(|tx| tx.db.insert(NewPayment { receipt, amount }).returning())
/// }
/// ```
///
/// The keys are those of [`macro@function`].
#[proc_macro_attribute]
pub fn action(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::function(Kind::Action, attr.into(), item.into()).into()
}

/// Makes a function a route: it answers requests of any form at a path, from programs that are no clients of the app's own.
///
/// It takes `&ActionCtx`, the request with the body's bytes as they were sent, and a parameter for each `:name` in the path, in
/// any order: a `String`, or any type with `FromStr`. It returns a response, of any status, headers and content type.
///
/// ```
/// use edgepod::http::{Bytes, Request, Response};
/// use edgepod::prelude::*;
/// # #[edgepod::table(name = "rooms")]
/// # pub struct Room { #[primary_key] pub id: i64, pub name: String }
///
/// #[edgepod::route(GET, "/rooms/:id/name.txt")]
/// async fn room_name(ctx: &ActionCtx, request: Request<Bytes>, id: i64) -> Result<Response<Bytes>> {
///     let room = ctx.db.select::<Room>().filter(Room::id.eq(id)).one()?;
///     Ok(Response::builder().header("content-type", "text/plain").body(room.name.into())?)
/// }
/// ```
///
/// It needs no API key: whoever knows the address may send anything, so check signatures. A bearer token of the app gives
/// `ctx.user()`; any other `Authorization` is the route's own. The body has 4 MiB at most. What it writes, it writes in
/// `ctx.transaction(|tx| …)`, and sessions are told as of any action.
///
/// | key | meaning |
/// |---|---|
/// | `middleware = [rate_limit(10, Per::Minute)]` | what runs around it, outermost first. It sees the `:name`s as arguments, and the request as `ctx.get::<Request<Bytes>>()` |
/// | `at = "gateway"` | it needs no database, and takes `&GatewayCtx`, which has none. On Workers it runs where the request arrives, and wakes no object; it needs no pod. No middleware is around it, that of `app!` neither |
///
/// ```
/// # use edgepod::http::{Bytes, Request, Response};
/// use edgepod::prelude::*;
///
/// #[edgepod::route(GET, "/robots.txt", at = "gateway")]
/// async fn robots(_: &GatewayCtx, _: Request<Bytes>) -> Result<Response<Bytes>> {
///     Ok(Response::new("User-agent: *\nDisallow: /".into()))
/// }
/// ```
#[proc_macro_attribute]
pub fn route(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::route(attr.into(), item.into()).into()
}

/// Makes a function a cron: the clock calls it, and nobody else.
///
/// It takes `&Ctx`, and is one transaction, or `&ActionCtx`, and may await; no arguments, and no user. It is `internal`.
///
/// ```
/// use edgepod::prelude::*;
/// # #[edgepod::table(name = "sessions")]
/// # pub struct Session { #[primary_key] pub id: i64, pub expires_at: Timestamp }
///
/// /// Every night at three, UTC: minute, hour, day of the month, month, weekday.
/// #[edgepod::cron("0 3 * * *")]
/// async fn forget_old_sessions(ctx: &Ctx) -> Result<()> {
///     let now = ctx.now();
///     ctx.db.delete::<Session>().filter(Session::expires_at.lt(now)).exec()?;
///     Ok(())
/// }
///
/// /// Every ten minutes: a whole number and `s`, `m`, `h` or `d`.
/// #[edgepod::cron(every = "10m")]
/// async fn ask_the_weather(ctx: &ActionCtx) -> Result<()> {
/// #   let _ = ctx;
///     Ok(())
/// }
/// ```
///
/// A field is `*`, a number, a range `1-5`, a list `1,15`, a step `*/15`; months and weekdays have names, `MON-FRI`. Where both a day
/// of the month and a weekday are said, either will do. What fails is tried again, as a job is, at its next time at the latest.
#[proc_macro_attribute]
pub fn cron(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::cron(attr.into(), item.into()).into()
}

/// Makes a function a middleware: it runs around functions that name it.
///
/// It takes a context, the arguments and the rest of the chain. One that takes `&QueryCtx` fits every kind of function; one
/// that takes `&Ctx` may write, and so does not fit a query.
///
/// ```
/// use edgepod::prelude::*;
///
/// #[edgepod::middleware]
/// pub async fn with_auth(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
///     if ctx.user().is_none() {
///         return Err(Error::unauthorized("Bearer token required"));
///     }
///     next.run(ctx, args).await
/// }
///
/// #[edgepod::query(middleware = [with_auth])]
/// pub async fn get_my_details(ctx: &QueryCtx) -> Result<Option<Claims>> {
///     Ok(ctx.user().cloned())
/// }
/// ```
///
/// A list names such functions without parentheses. Anything else in it is a value, made once, whose type implements
/// `Middleware`: `middleware = [with_auth, rate_limit(10, Per::Minute), RequirePlan("pro")]`.
///
/// `edgepod::app!(middleware = [with_auth])` puts it around every function.
#[proc_macro_attribute]
pub fn middleware(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::middleware(attr.into(), item.into()).into()
}

/// Makes a struct a table: each field is a column.
///
/// ```
/// use edgepod::prelude::*;
///
/// #[edgepod::table(name = "users")]
/// pub struct User {
///     #[primary_key]
///     #[auto_inc]
///     pub id: i64,
///     #[unique]
///     pub email: String,
///     pub name: Option<String>,
///     #[default(now)]
///     pub created_at: Timestamp,
/// }
///
/// #[edgepod::table(name = "posts")]
/// pub struct Post {
///     #[primary_key]
///     #[auto_inc]
///     pub id: i64,
///     pub title: String,
///     #[index]
///     #[references(User::id, on_delete = cascade)]
///     pub author_id: i64,
/// }
/// ```
///
/// Beside the struct it makes the columns (`User::email`), and the struct of a new row without the columns that the
/// database fills in (`NewUser { email, name }`). `Clone`, `Debug`, `PartialEq`, serde's `Serialize` and `Deserialize` and
/// ts-rs' `TS` are derived unless the struct derives them itself, below this attribute. `#[serde(…)]` and `#[ts(…)]` work as
/// ever: they change JSON and TypeScript, never the column.
///
/// | on a field | meaning |
/// |---|---|
/// | `#[primary_key]` | the primary key; every table has one. On several fields, they are the key together |
/// | `#[auto_inc]` | the database counts it up: an `i64` primary key |
/// | `#[unique]` | no two rows have the same value; this makes an index |
/// | `#[index]` | an index |
/// | `#[default(now)]`, `#[default(0)]`, `#[default("text")]`, `#[default(true)]`, `#[default(b"bytes")]` | what a new row has there |
/// | `#[references(User::id, on_delete = cascade)]` | a foreign key; deleting the user does this: `restrict` (the default: it is refused), `cascade`, `set_null`, `set_default` |
/// | `#[private]` | it is in the database and in Rust, and no JSON or TypeScript of a row has it; so clients do not send such rows, either |
/// | `#[renamed_from = "mail"]` | the name that the column had: `edgepod migrations new` then renames it and keeps its data |
///
/// | on the struct, below this attribute | meaning |
/// |---|---|
/// | `#[unique(row, number)]` | no two rows agree in all of these columns; this makes an index |
/// | `#[index(row, number)]` | an index of these columns, in this order |
/// | `#[renamed_from = "people"]` | the name that the table had |
///
/// `#[edgepod::table(name = "note_words", fts5)]` describes a full-text index, which a migration of your own makes: its columns
/// in their order, and `#[primary_key] pub rowid: i64`. There are `NoteWords::any.matches(text)`, `NoteWords::rank` and
/// `NoteWords::body.snippet(…)`, and no struct of a new row.
///
/// ```
/// use edgepod::prelude::*;
/// # #[edgepod::table(name = "posts")]
/// # pub struct Post { #[primary_key] pub id: i64 }
/// # #[edgepod::table(name = "tags")]
/// # pub struct Tag { #[primary_key] pub name: String }
///
/// /// Each tag once on a post, and at one rank.
/// #[edgepod::table(name = "post_tags")]
/// #[unique(post_id, rank)]
/// pub struct PostTag {
///     #[primary_key]
///     #[references(Post::id, on_delete = cascade)]
///     pub post_id: i64,
///     #[primary_key]
///     #[index]
///     #[references(Tag::name, on_delete = cascade)]
///     pub tag: String,
///     pub rank: i64,
/// }
/// ```
#[proc_macro_attribute]
pub fn table(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::table(attr.into(), item.into()).into()
}

/// Makes a struct or enum part of what functions take and return.
///
/// It derives `Clone`, `Debug`, `PartialEq`, serde's `Serialize` and `Deserialize` and ts-rs' `TS`, except what the type
/// derives itself, below this attribute. `#[serde(…)]` and `#[ts(…)]` work as ever.
///
/// ```
/// use edgepod::prelude::*;
///
/// /// How a list is sorted.
/// #[edgepod::data]
/// #[serde(rename_all = "lowercase")]
/// pub enum Order {
///     Newest,
///     Oldest,
/// }
///
/// #[edgepod::query]
/// pub async fn describe(ctx: &QueryCtx, order: Order) -> Result<String> {
///     Ok(format!("{order:?} first"))
/// }
/// ```
///
/// `#[edgepod::data(reply)]` is what functions return and clients do not send: without `Deserialize`. It may hold the struct of a
/// table with a `#[private]` column, which is not in its JSON.
///
/// ```
/// use edgepod::prelude::*;
///
/// #[edgepod::table(name = "accounts")]
/// pub struct Account {
///     #[primary_key]
///     pub id: i64,
///     #[private]
///     pub password_hash: String,
/// }
///
/// #[edgepod::data(reply)]
/// pub struct Profile {
///     pub account: Account,
///     pub friends: i64,
/// }
/// ```
#[proc_macro_attribute]
pub fn data(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::data(attr.into(), item.into()).into()
}

/// Makes a struct what a session says of itself for as long as it has a socket: who is in a room, who types.
///
/// `ctx.present(Typing { … })?` says it in a function, and `ctx.who::<Typing>(7)?` gives in a query who says so under that key;
/// whoever asked is told when it changes. It is in memory, at most 1 KB each: no row is written, and nothing is sent again to
/// keep it alive. It ends with the session's last socket, or with `ctx.absent::<Typing>(7)?`.
///
/// ```
/// use edgepod::prelude::*;
///
/// #[edgepod::presence(key = room_id, at_most = "8s")]
/// pub struct Typing {
///     pub room_id: i64,
///     pub name: String,
/// }
///
/// #[edgepod::function]
/// pub async fn typing(ctx: &Ctx, room_id: i64, name: String) -> Result<()> {
///     ctx.present(Typing { room_id, name })
/// }
///
/// #[edgepod::query]
/// pub async fn get_typing(ctx: &QueryCtx, room_id: i64) -> Result<Vec<Typing>> {
///     ctx.who::<Typing>(room_id)
/// }
/// ```
///
/// | key | meaning |
/// |---|---|
/// | `key = room_id` | the field by which it is asked for |
/// | `at_most = "8s"` | how long it lasts unless it is said again: a whole number of `s`, `m`, `h` or `d` |
///
/// The same is derived as for [`macro@data`].
#[proc_macro_attribute]
pub fn presence(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::presence(attr.into(), item.into()).into()
}

/// Makes a struct the row of a select of columns: `.columns(…).into::<Summary>()`.
///
/// It has one field for each column, in their order and of their types: another count or another type does not compile.
/// The same is derived as for [`macro@data`], so that functions can return it.
///
/// ```
/// use edgepod::prelude::*;
/// # #[edgepod::table(name = "users")]
/// # pub struct User { #[primary_key] pub id: i64, pub name: Option<String> }
///
/// #[edgepod::row]
/// pub struct Summary {
///     pub id: i64,
///     pub label: Option<String>,
/// }
///
/// #[edgepod::query]
/// pub async fn get_summaries(ctx: &QueryCtx) -> Result<Vec<Summary>> {
///     ctx.db.select::<User>().columns((User::id, User::name)).into::<Summary>().all()
/// }
/// ```
#[proc_macro_attribute]
pub fn row(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::row(attr.into(), item.into()).into()
}

/// Makes a function a migration, for what SQL alone cannot say about the data.
///
/// It has a number and a name like the files of `migrations/`, takes its place among them, and runs once in each database,
/// in one transaction with its row in the journal. It sees the tables as they are at that point, so it speaks SQL.
///
/// ```
/// use edgepod::{MigrationDb, db::Value, prelude::*};
///
/// #[edgepod::migration("0003_trim_names")]
/// fn trim_names(db: &MigrationDb<'_>) -> Result<()> {
///     for row in db.run("SELECT id, name FROM users", &[])?.iter() {
///         if let [id, Value::Text(name)] = row {
///             let name = Value::Text(name.trim().to_owned());
///             db.run("UPDATE users SET name = ? WHERE id = ?", &[name, id.clone()])?;
///         }
///     }
///     Ok(())
/// }
/// ```
#[proc_macro_attribute]
pub fn migration(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::migration(attr.into(), item.into()).into()
}

/// Makes an enum the error of functions: each variant is something that can be wrong, with a status, a message and data.
///
/// ```
/// use edgepod::prelude::*;
/// # #[edgepod::table(name = "accounts")]
/// # pub struct Account { #[primary_key] pub id: i64, pub balance: i64 }
///
/// #[edgepod::error]
/// pub enum WithdrawError {
///     /// 404, code `NO_ACCOUNT`, data `{"id": 7}`.
///     #[error(not_found, "There is no account {id}.")]
///     NoAccount { id: i64 },
///     /// 409, code `NOT_ENOUGH`.
///     #[error(409, "The balance is {balance}.")]
///     NotEnough { balance: i64 },
/// }
///
/// #[edgepod::function]
/// pub async fn withdraw(ctx: &Ctx, id: i64, amount: i64) -> Result<i64, WithdrawError> {
///     let account = ctx.db.select::<Account>().filter(Account::id.eq(id)).first()?;
///     let Account { balance, .. } = account.ok_or(WithdrawError::NoAccount { id })?;
///     if balance < amount {
///         return Err(WithdrawError::NotEnough { balance });
///     }
///     ctx.db.update::<Account>().filter(Account::id.eq(id)).set(Account::balance, balance - amount).exec()?;
///     Ok(balance - amount)
/// }
/// ```
///
/// TypeScript has a union of the variants, and a `switch` on `error.code` narrows `error.data`. A message names fields as
/// `format!` does.
///
/// | on | meaning |
/// |---|---|
/// | a variant: `#[error(not_found, "…")]`, `#[error(404, "…")]` | the status and the message for the client |
/// | a variant: `#[error(transparent)]` | what the error in its field tells |
/// | its one field: `#[from]` | `?` makes the variant of such an error; it goes to the log and not to the client, unless the variant is transparent |
///
/// `Debug` is derived unless the enum derives it; `Display`, `std::error::Error` and the conversion into `edgepod::Error` are
/// made. A variant `System(edgepod::Error)` is added, so that `?` works on EdgePod's own errors and on those of `serde_json`.
#[proc_macro_attribute]
pub fn error(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::error(attr.into(), item.into()).into()
}

/// Makes a type one that a column can have: an enum of words, or a struct around another column type.
///
/// ```
/// use edgepod::prelude::*;
///
/// /// TEXT in the database, `"admin" | "member"` in TypeScript.
/// #[edgepod::data]
/// #[derive(Copy, edgepod::ColumnType)]
/// #[serde(rename_all = "snake_case")]
/// pub enum Role {
///     Admin,
///     Member,
/// }
///
/// /// INTEGER in the database; no other id is taken for it.
/// #[edgepod::data]
/// #[derive(Copy, edgepod::ColumnType)]
/// pub struct AccountId(pub i64);
///
/// #[edgepod::table(name = "accounts")]
/// pub struct Account {
///     #[primary_key]
///     #[auto_inc]
///     pub id: AccountId,
///     #[default("member")]
///     pub role: Role,
/// }
///
/// #[edgepod::query]
/// pub async fn get_admins(ctx: &QueryCtx) -> Result<Vec<Account>> {
///     ctx.db.select::<Account>().filter(Account::role.eq(Role::Admin)).all()
/// }
/// ```
///
/// An enum's texts are those of its JSON: `#[serde(rename_all = "…")]`, `#[serde(rename = "…")]`, and `#[serde(alias = "…")]`
/// for texts of old rows. They sort as texts do. A value with data goes into a `Json<…>`.
#[proc_macro_derive(ColumnType, attributes(serde))]
pub fn column_type(input: TokenStream) -> TokenStream {
    attributes::column_type(input.into()).into()
}

/// Makes an `async fn` a test that is given the app, on an empty database of its own.
///
/// ```
/// use edgepod::prelude::*;
/// use edgepod::testing::TestApp;
///
/// #[edgepod::query]
/// pub async fn greet(ctx: &QueryCtx, name: String) -> Result<String> {
///     Ok(format!("Hello {name}"))
/// }
///
/// edgepod::app!();
///
/// #[edgepod::test]
/// async fn greets_by_name(app: TestApp) {
///     assert_eq!(app.call(greet::call("Ada")).await?, "Hello Ada");
/// }
/// ```
///
/// `?` works without a return type: a test whose call fails has failed, and says with what. It is run by `cargo test` and by
/// nextest as any other; `#[ignore]` and `#[should_panic]` beside it mean what they always mean. In a file of the folder
/// `tests`, name the crate once, so that its functions are linked: `use my_app as _;`.
#[proc_macro_attribute]
pub fn test(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::test(attr.into(), item.into()).into()
}

/// Says which pod a request is for, and so whose data: a database, an engine and on Workers an object each.
///
/// ```
/// use edgepod::prelude::*;
///
/// /// Whoever has no organisation yet is in a pod that all share.
/// #[edgepod::pod]
/// fn pod(request: &PodRequest) -> Result<PodName> {
///     match request.user().and_then(|user| user.get::<String>("org")) {
///         Some(org) if request.asked().is_none_or(|asked| asked == org) => PodName::new(org),
///         Some(_) => Err(Error::forbidden("This is another organisation's.")),
///         None => PodName::new("directory"),
///     }
/// }
///
/// edgepod::app!();
/// ```
///
/// It stands once, and is asked before each call and each socket, once a token is verified. What the client names
/// ([`PodRequest::asked`](../edgepod/struct.PodRequest.html#method.asked)) is a wish: give it back only if it is the caller's.
/// Nothing is opened or made for a request that it refuses. What is ready-made stands in `edgepod::app!(pod = …)`.
#[proc_macro_attribute]
pub fn pod(attr: TokenStream, item: TokenStream) -> TokenStream {
    attributes::pod(attr.into(), item.into()).into()
}

/// Makes the crate an app: a Worker, and a native program. It stands once, in `src/lib.rs` or `src/main.rs`.
///
/// ```
/// edgepod::app!();
/// ```
///
/// The SQL files in the crate's folder `migrations` are part of the build, and applied when it starts.
///
/// `edgepod::app!(middleware = [with_timing])` puts middleware around every function, outermost first.
///
/// `edgepod::app!(pod = by_claim("org"))` gives each organisation a database of its own, a pod:
///
/// | `pod =` | the pod is named by |
/// |---|---|
/// | `by_claim("org")` | a claim of the token. Without a token: `UNAUTHORIZED` |
/// | `by_header("X-Tenant")` | a header, which a proxy sets |
/// | `by_host("example.com")` | what stands before the domain; `by_host` alone: the whole host |
/// | `asked` | the client: whoever knows a name has the pod |
///
/// Whoever names another pod is told `FORBIDDEN`; where no name is found, `BAD_REQUEST`. Another rule is written with
/// [`macro@pod`].
#[proc_macro]
pub fn app(input: TokenStream) -> TokenStream {
    attributes::app(input.into()).into()
}

/// A statement of SQL that is checked when it compiles, against the app's tables.
///
/// A row has a field for each column, of the column's own type; `{name}` and `{expression}` are bound, never pasted. SELECT goes
/// to `ctx.db.query(…)`, INSERT, UPDATE and DELETE to `ctx.db.execute(…)`: a query takes only the first.
///
/// ```ignore
/// let rooms = ctx.db.query(edgepod::sql!(
///     "SELECT r.id, count(m.id) AS n FROM rooms r LEFT JOIN messages m ON m.room_id = r.id WHERE r.org_id = {org} GROUP BY r.id"
/// ))?;
/// let first: i64 = rooms[0].n;
/// ```
///
/// What cannot be known is asked for: `json_extract(data, '$.n') AS "n: i64"`. The guide is docs/sql.md.
#[proc_macro]
pub fn sql(input: TokenStream) -> TokenStream {
    attributes::sql(input.into()).into()
}

/// For EdgePod itself: the words that editors complete.
#[doc(hidden)]
#[proc_macro]
pub fn __completions(_: TokenStream) -> TokenStream {
    completions::modules().into()
}
