#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "users")]
#[table_name = "users"]
#[unique_together(email, name)]
pub struct User {
    #[id]
    #[autoincrement]
    pub id: i64,
    #[column(name = "mail")]
    #[not_null]
    pub email: String,
    #[nullable]
    pub name: Option<String>,
    #[foreign_key(Team::id)]
    pub team_id: i64,
    #[sea_orm(default_value = 0)]
    pub rank: i64,
    #[default(now())]
    pub created_at: Timestamp,
    #[updatedAt]
    pub updated_at: Timestamp,
    #[default(autoincrement())]
    pub number: i64,
    #[default(uuid())]
    pub token: String,
}

fn main() {}
