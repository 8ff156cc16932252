//! Columns that clients never see, and new rows of what they need.
#![deny(warnings, missing_docs)]

mod server;

use edgepod::prelude::*;
use serde_json::{Value, json};
use server::start;

/// Somebody who signed up.
#[edgepod::table(name = "accounts")]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its number.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// What everybody sees.
    pub full_name: String,
    /// What nobody sees.
    #[private]
    pub password_hash: String,
    /// What nobody sees, and the database fills in.
    #[private]
    #[default("pepper")]
    pub salt: String,
    /// What may be missing.
    #[private]
    pub recovery: Option<String>,
    /// What may be missing, too.
    pub about: Option<String>,
}

/// What they wrote.
#[edgepod::table(name = "notes")]
pub struct Note {
    /// Its number.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// Whose it is.
    #[references(Account::id)]
    pub owner: i64,
    /// For the database alone, and filled in by it: clients may send a new note.
    #[private]
    #[default(0)]
    pub rank: i64,
}

/// Signs up.
#[edgepod::function]
async fn sign_up(ctx: &Ctx, name: String, password: String) -> Result<Account> {
    let account = ctx
        .db
        .insert(NewAccount {
            about: Some("hello".into()),
            ..NewAccount::required(name, format!("hashed {password}"))
        })
        .returning()?;
    assert_eq!(account.salt, "pepper");
    assert_eq!(account.recovery, None);
    Ok(account)
}

/// Writes.
#[edgepod::function]
async fn write(ctx: &Ctx, note: NewNote) -> Result<Note> {
    ctx.db.insert(note).returning()
}

/// Whole rows of both tables.
#[edgepod::query]
async fn get_all(ctx: &QueryCtx) -> Result<Vec<(Note, Account)>> {
    let notes = ctx
        .db
        .select::<Note>()
        .join::<Account>(Note::owner.eq(Account::id));
    notes
        .filter(Account::password_hash.starts_with("hashed"))
        .all()
}

/// In Rust it is there.
#[edgepod::query]
async fn is_right(ctx: &QueryCtx, password: String) -> Result<bool> {
    let account = ctx.db.select::<Account>().one()?;
    Ok(account.password_hash == format!("hashed {password}"))
}

edgepod::app!();

#[test]
fn a_private_column_is_in_the_database_and_in_no_reply() {
    let server = start();
    let args = json!({"name": "Ada", "password": "s3cret"});
    let account = json!({"id": 1, "fullName": "Ada", "about": "hello"});
    assert_eq!(server.call("signUp", args)["data"], account);
    let note = json!({"id": 1, "owner": 1});
    assert_eq!(
        server.call("write", json!({"note": {"owner": 1}}))["data"],
        note
    );
    assert_eq!(
        server.call("getAll", json!({}))["data"],
        json!([[note, account]])
    );
    let is_right = |password: &str| server.call("isRight", json!({"password": password}));
    assert_eq!(is_right("s3cret")["data"], true);
    assert_eq!(is_right("secret")["data"], false);
}

#[test]
fn a_private_column_is_in_no_type_and_in_every_table() {
    let manifest = edgepod_runtime::manifest::manifest().unwrap();
    let mut manifest: Value = serde_json::from_str(&manifest).unwrap();
    let tables = manifest["tables"].take().to_string();
    for name in ["password_hash", "salt", "recovery", "rank"] {
        assert!(tables.contains(&format!("\"{name}\"")), "{tables}");
    }
    let seen = manifest.to_string();
    for word in [
        "passwordHash",
        "password_hash",
        "salt",
        "recovery",
        "rank",
        "nobody",
    ] {
        assert!(!seen.contains(word), "{word}: {seen}");
    }
}
