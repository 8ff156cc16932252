//! Reading the program that EXPLAIN lists.

use std::collections::HashMap;

use super::{Plan, TableName, TableSet};
use crate::db::Value;

/// Which table owns the b-tree of a root page; `None` for SQLite's own and the platform's tables.
pub(super) type Pages = HashMap<i64, Option<TableName>>;

/// The columns of EXPLAIN that matter, by position: addr, opcode, p1, p2, p3, p4, p5, comment.
const OPCODE: usize = 1;
const P1: usize = 2;
const P2: usize = 3;
const P3: usize = 4;
const P5: usize = 6;

/// `OPFLAG_P2ISREG`: p2 is a register that holds the root page, not the page itself (a table that the statement makes).
const P2_IS_REGISTER: i64 = 0x10;

/// The database index of `main`; 1 is `temp`, where SQLite keeps what it sorts.
const MAIN: i64 = 0;

/// What a program touches, or `None` where a page has no known owner or an instruction cannot be judged.
pub(super) fn read_program<'a>(
    rows: impl Iterator<Item = &'a [Value]>,
    pages: &Pages,
) -> Option<Plan> {
    let (mut reads, mut writes) = (TableSet::default(), TableSet::default());
    let mut schema_change = false;
    for row in rows {
        let integer = |column: usize| match row.get(column) {
            Some(Value::Integer(n)) => Some(*n),
            Some(Value::Real(x)) => Some(*x as i64),
            _ => None,
        };
        let Some(Value::Text(opcode)) = row.get(OPCODE) else {
            return None;
        };
        let (page, database, set) = match opcode.as_str() {
            "OpenRead" | "ReopenIdx" => (integer(P2)?, integer(P3)?, &mut reads),
            "OpenWrite" => (integer(P2)?, integer(P3)?, &mut writes),
            // A DELETE of every row drops the b-tree's content at once.
            "Clear" => (integer(P1)?, integer(P2)?, &mut writes),
            // A virtual table hides what it touches.
            "VOpen" => {
                reads.extend(&TableSet::every());
                continue;
            }
            "VUpdate" => {
                writes.extend(&TableSet::every());
                continue;
            }
            "ParseSchema" | "DropTable" | "DropIndex" | "DropTrigger" | "Destroy"
            | "CreateBtree" | "SetCookie" => {
                schema_change = true;
                continue;
            }
            _ => continue,
        };
        if database != MAIN {
            continue;
        }
        if integer(P5).unwrap_or(0) & P2_IS_REGISTER != 0 {
            schema_change = true;
            continue;
        }
        if let Some(table) = pages.get(&page)? {
            set.insert(table.clone());
        }
    }
    if schema_change {
        writes = TableSet::every();
    }
    Some(Plan {
        reads,
        writes,
        schema_change,
    })
}
