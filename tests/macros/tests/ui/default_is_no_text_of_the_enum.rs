//! An enum's default is one of its texts.

#[edgepod::data]
#[derive(edgepod::ColumnType)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Admin,
    Member,
}

#[edgepod::table(name = "users")]
pub struct User {
    #[primary_key]
    pub id: i64,
    #[default("Member")]
    pub role: Role,
}

fn main() {}
