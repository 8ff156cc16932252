//! A variant with data is no word.

#[edgepod::data]
#[derive(edgepod::ColumnType)]
pub enum Limit {
    Open,
    UpTo(u32),
}

fn main() {}
