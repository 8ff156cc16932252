//! Migrations on a real SQLite: cases as folders, and random histories with data.

mod cases;
mod histories;
mod live;
