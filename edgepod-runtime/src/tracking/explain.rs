//! Reading the program that EXPLAIN lists.

use super::{TableName, TableSet};
use crate::sqlite::Value;

/// Which table owns the b-tree of a root page; `None` for SQLite's own and the platform's tables.
pub(super) type Pages = Vec<(i64, Option<TableName>)>;

/// The columns of EXPLAIN that matter, by position: addr, opcode, p1, p2, p3, p4, p5, comment.
const ADDRESS: usize = 0;
const OPCODE: usize = 1;
const P1: usize = 2;
const P2: usize = 3;
const P3: usize = 4;
const P4: usize = 5;
const P5: usize = 6;

/// `OPFLAG_P2ISREG`: p2 is a register that holds the root page, not the page itself (a table that the statement makes).
const P2_IS_REGISTER: i64 = 0x10;

/// The database index of `main`; 1 is `temp`, where SQLite keeps what it sorts.
const MAIN: i64 = 0;

/// SQLite's codes for what a broken constraint does: `OE_Rollback` and `OE_Fail`.
const ON_ERROR_ROLLBACK: i64 = 1;
const ON_ERROR_FAIL: i64 = 3;

/// What a program does to tables.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) reads: TableSet,
    /// Those of `reads` that no trigger and no action of a foreign key reads alone.
    pub(super) own_reads: TableSet,
    /// Written by the statement itself.
    pub(super) direct: TableSet,
    /// Written by triggers and the actions of foreign keys, which are programs of their own.
    pub(super) indirect: TableSet,
    /// Virtual tables, as EXPLAIN calls them: by address.
    pub(super) virtual_reads: Vec<String>,
    pub(super) virtual_direct: Vec<String>,
    pub(super) virtual_indirect: Vec<String>,
    pub(super) schema_change: bool,
    /// It writes a table of SQLite's own, such as the counters of AUTOINCREMENT.
    pub(super) writes_internal: bool,
    /// Whether it has programs for triggers and foreign keys.
    pub(super) has_parts: bool,
    /// An error may leave what was written before it.
    pub(super) may_fail_halfway: bool,
    /// An error may end the whole transaction.
    pub(super) may_roll_back: bool,
    /// It calls a function whose result is not made of its arguments alone.
    pub(super) varies: bool,
}

/// A page without a known owner, or an instruction that does not look as it should.
#[derive(Debug)]
pub(super) struct Unreadable;

/// What a program touches.
pub(super) fn read_program<'a>(
    rows: impl Iterator<Item = &'a [Value]>,
    pages: &Pages,
) -> Result<Program, Unreadable> {
    let mut program = Program::default();
    for (index, row) in rows.enumerate() {
        let integer = |column: usize| match row.get(column) {
            Some(Value::Integer(n)) => Ok(*n),
            Some(Value::Real(x)) => Ok(*x as i64),
            _ => Err(Unreadable),
        };
        let text = |column: usize| match row.get(column) {
            Some(Value::Text(text)) => Ok(text.as_str()),
            _ => Err(Unreadable),
        };
        // Each part counts its addresses from zero.
        program.has_parts |= index > 0 && integer(ADDRESS)? == 0;
        let (page, database, writes) = match text(OPCODE)? {
            "OpenRead" | "ReopenIdx" => (integer(P2)?, integer(P3)?, false),
            "OpenWrite" => (integer(P2)?, integer(P3)?, true),
            // A DELETE of every row drops the b-tree's content at once.
            "Clear" => (integer(P1)?, integer(P2)?, true),
            "VOpen" => {
                program.virtual_reads.push(text(P4)?.to_owned());
                continue;
            }
            "VUpdate" => {
                let list = if program.has_parts {
                    &mut program.virtual_indirect
                } else {
                    &mut program.virtual_direct
                };
                list.push(text(P4)?.to_owned());
                program.on_error(integer(P5)?);
                continue;
            }
            "Halt" | "HaltIfNull" if integer(P1)? != 0 => {
                program.on_error(integer(P2)?);
                continue;
            }
            "Function" | "PureFunc" => {
                program.varies |= text(P4).map_or(true, varies);
                continue;
            }
            "ParseSchema" | "DropTable" | "DropIndex" | "DropTrigger" | "Destroy"
            | "CreateBtree" | "SetCookie" | "VCreate" | "VDestroy" | "VRename" => {
                program.schema_change = true;
                continue;
            }
            _ => continue,
        };
        if database != MAIN {
            continue;
        }
        if integer(P5).unwrap_or(0) & P2_IS_REGISTER != 0 {
            program.schema_change = true;
            continue;
        }
        let owner = pages.iter().find(|(known, _)| *known == page);
        let Some(table) = &owner.ok_or(Unreadable)?.1 else {
            program.writes_internal |= writes;
            continue;
        };
        if !writes && !program.has_parts {
            program.own_reads.insert(table.clone());
        }
        let set = match (writes, program.has_parts) {
            (false, _) => &mut program.reads,
            (true, false) => &mut program.direct,
            (true, true) => &mut program.indirect,
        };
        set.insert(table.clone());
    }
    Ok(program)
}

/// Functions that give something else at another time, or after other statements. Those of dates do where their text says `now`,
/// which a row may hold.
const VARYING: [&str; 15] = [
    "changes",
    "current_date",
    "current_time",
    "current_timestamp",
    "date",
    "datetime",
    "julianday",
    "last_insert_rowid",
    "random",
    "randomblob",
    "strftime",
    "time",
    "timediff",
    "total_changes",
    "unixepoch",
];

/// Whether a function, as EXPLAIN calls it (`datetime(-1)`), is one of those.
fn varies(call: &str) -> bool {
    let name = call.split('(').next().unwrap_or(call);
    VARYING.contains(&name)
}

impl Program {
    fn on_error(&mut self, action: i64) {
        self.may_roll_back |= action == ON_ERROR_ROLLBACK;
        self.may_fail_halfway |= action == ON_ERROR_FAIL;
    }
}
