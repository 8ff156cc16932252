//! A column holds one value, and the `Option` stands in the table.

#[edgepod::data]
#[derive(edgepod::ColumnType)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

#[edgepod::data]
#[derive(edgepod::ColumnType)]
pub struct Perhaps(pub Option<i64>);

#[edgepod::data]
#[derive(edgepod::ColumnType)]
pub struct Tags(pub Vec<String>);

fn main() {}
