//! `edgepod::sql!`: what it infers, held to what SQLite returns.

#![allow(missing_docs)]

use edgepod::{prelude::*, testing::TestApp};

mod corpus;
mod writes;

#[edgepod::data]
#[derive(Clone, Copy, edgepod::ColumnType)]
pub enum Role {
    Guest,
    Admin,
}

#[edgepod::data]
#[derive(Clone, Copy, edgepod::ColumnType)]
pub struct Cents(i64);

#[edgepod::table(name = "orgs")]
pub struct Org {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    #[unique]
    pub slug: String,
    pub plan: Option<String>,
    pub balance: Cents,
}

#[edgepod::table(name = "rooms")]
pub struct Room {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub org_id: i64,
    pub name: String,
    pub topic: Option<String>,
    pub open: bool,
    #[default(0)]
    pub rank: i32,
    pub r#type: String,
}

#[edgepod::table(name = "messages")]
pub struct Message {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub room_id: i64,
    pub author: Option<Role>,
    pub text: String,
    pub score: f64,
    pub weight: Option<f64>,
    pub votes: Option<i64>,
    pub seal: Option<Bytes>,
    pub sent_at: Timestamp,
    pub token: Uuid,
    pub tags: Json<Vec<String>>,
    pub big: Int64,
}

/// Rows with values of every type, and NULL wherever it may be.
fn fill(ctx: &Ctx) -> Result<()> {
    let db = &ctx.db;
    for (slug, plan) in [("acme", Some("pro")), ("none", None)] {
        let new = NewOrg {
            slug: slug.into(),
            plan: plan.map(Into::into),
            balance: Cents(1250),
        };
        db.insert(new).exec()?;
    }
    for (name, topic) in [("hall", Some("all")), ("attic", None), ("empty", None)] {
        let new = NewRoom {
            org_id: 1,
            name: name.into(),
            topic: topic.map(Into::into),
            open: topic.is_some(),
            r#type: "t".into(),
        };
        db.insert(new).exec()?;
    }
    for i in 0..6_i64 {
        let some = i % 2 == 0;
        let new = NewMessage {
            room_id: 1 + i % 2,
            author: some.then_some(if i == 0 { Role::Admin } else { Role::Guest }),
            text: format!("text {i}"),
            score: i as f64 * 0.5,
            weight: some.then_some(0.25),
            votes: some.then_some(i),
            seal: some.then(|| vec![1_u8, 2].into()),
            sent_at: ctx.now(),
            token: Uuid::from_u128(i as u128),
            tags: Json(vec!["a".into()]),
            big: Int64(i64::MAX - i),
        };
        db.insert(new).exec()?;
    }
    Ok(())
}

/// The type of each field, as the compiler knows it.
fn name<T>(_: &[T]) -> String {
    let full = std::any::type_name::<T>();
    let list = full.split_once("Row<").map_or("", |(_, list)| list);
    let list = list.strip_suffix('>').unwrap_or(list);
    let words = list
        .split(['<', '>', ',', ' '])
        .filter(|word| !word.is_empty());
    let mut short = list.to_owned();
    for word in words {
        if let Some((_, last)) = word.rsplit_once("::") {
            short = short.replace(word, last);
        }
    }
    short
}

edgepod::app!();
