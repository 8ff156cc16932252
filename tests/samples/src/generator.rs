//! Schemas and statements from a seed.
//!
//! Every table and view has the columns `k`, `a`, `b` and `c`, so that any may stand wherever a table may.

use fastrand::Rng;

const NAMES: [&str; 12] = [
    "users",
    "select",
    "two words",
    "quo\"te",
    "semi;colon",
    "--dashes",
    "naïve",
    "MiXeD",
    "1st",
    "it's",
    "users_data",
    "t",
];
const ACTIONS: [&str; 5] = [
    "CASCADE",
    "SET NULL",
    "SET DEFAULT",
    "RESTRICT",
    "NO ACTION",
];

pub struct Schema {
    pub sql: Vec<String>,
    pub tables: Vec<String>,
    /// `(child, parent)`
    pub references: Vec<(String, String)>,
    views: Vec<String>,
    /// Views that an INSTEAD OF trigger makes writable.
    writable: Vec<String>,
}

pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub fn schema(rng: &mut Rng) -> Schema {
    let mut names = NAMES;
    rng.shuffle(&mut names);
    let mut schema = Schema {
        sql: Vec::new(),
        tables: Vec::new(),
        references: Vec::new(),
        views: Vec::new(),
        writable: Vec::new(),
    };
    for name in &names[..rng.usize(3..7)] {
        let key = match rng.u8(..4) {
            0 => "k INTEGER PRIMARY KEY AUTOINCREMENT",
            1 => "k INTEGER NOT NULL PRIMARY KEY",
            _ => "k INTEGER PRIMARY KEY",
        };
        let mut columns = format!(
            "{key}, a INTEGER, b TEXT{}",
            if rng.u8(..4) == 0 { " UNIQUE" } else { "" }
        );
        schema.tables.push((*name).to_owned());
        if rng.bool() {
            // Itself, sometimes.
            let parent = rng.choice(&schema.tables).unwrap().clone();
            columns += &format!(
                ", c INTEGER DEFAULT 1 REFERENCES {} (k) ON DELETE {} ON UPDATE {}{}",
                quoted(&parent),
                rng.choice(ACTIONS).unwrap(),
                rng.choice(ACTIONS).unwrap(),
                if rng.u8(..3) == 0 {
                    " DEFERRABLE INITIALLY DEFERRED"
                } else {
                    ""
                },
            );
            schema.references.push(((*name).to_owned(), parent));
        } else {
            columns += ", c INTEGER";
        }
        let rowid = if !key.contains("AUTO") && rng.u8(..3) == 0 {
            " WITHOUT ROWID"
        } else {
            ""
        };
        schema
            .sql
            .push(format!("CREATE TABLE {} ({columns}){rowid}", quoted(name)));
        for i in 0..rng.usize(..3) {
            let on = rng
                .choice([
                    "(a)",
                    "(a, b)",
                    "(c)",
                    "(a) WHERE c IS NULL",
                    "(lower(b))",
                    "(k, a, b, c)",
                ])
                .unwrap();
            schema.sql.push(format!(
                "CREATE INDEX {} ON {} {on}",
                quoted(&format!("i{i} {name}")),
                quoted(name)
            ));
        }
    }
    for i in 0..rng.usize(..4) {
        let name = format!("view {i}");
        let select = select(rng, &schema, 2);
        schema.sql.push(format!(
            "CREATE VIEW {} (k, a, b, c) AS {select}",
            quoted(&name)
        ));
        schema.views.push(name);
    }
    for i in 0..rng.usize(..4) {
        let event = rng
            .choice([
                "INSERT",
                "DELETE",
                "UPDATE",
                "UPDATE OF a",
                "UPDATE OF b, c",
            ])
            .unwrap();
        let on_view = !schema.views.is_empty() && rng.u8(..3) == 0;
        let (time, target) = if on_view {
            ("INSTEAD OF", rng.choice(&schema.views).unwrap().clone())
        } else {
            (
                rng.choice(["AFTER", "BEFORE"]).unwrap(),
                rng.choice(&schema.tables).unwrap().clone(),
            )
        };
        let body: String = (0..rng.usize(1..3))
            .map(|_| format!("{}; ", write_table(rng, &schema, Place::Trigger)))
            .collect();
        let when = if rng.bool() {
            String::new()
        } else {
            format!(" WHEN (SELECT count(*) FROM {}) > 0", source(rng, &schema))
        };
        schema.sql.push(format!(
            "CREATE TRIGGER {} {time} {event} ON {}{when} BEGIN {body}END",
            quoted(&format!("trigger {i}")),
            quoted(&target)
        ));
        if on_view {
            schema.writable.push(target);
        }
    }
    schema
}

/// A row or a few for each table; those that break a rule are left out.
pub fn rows(rng: &mut Rng, schema: &Schema) -> Vec<String> {
    let mut rows = Vec::new();
    for table in &schema.tables {
        for k in 1..rng.i64(2..6) {
            rows.push(format!(
                "INSERT OR IGNORE INTO {} (k, a, b, c) VALUES ({k}, {}, 'b{k}', {})",
                quoted(table),
                rng.i64(..4),
                if rng.bool() {
                    "NULL".to_owned()
                } else {
                    rng.i64(1..4).to_string()
                }
            ));
        }
    }
    rows
}

pub fn statement(rng: &mut Rng, schema: &Schema) -> String {
    if rng.bool() {
        select(rng, schema, 3)
    } else {
        write_table(rng, schema, Place::Statement)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Statement,
    /// No CTE and no `AS` stands before a trigger's statement.
    Trigger,
}

fn source(rng: &mut Rng, schema: &Schema) -> String {
    let views = if rng.u8(..3) == 0 {
        &schema.views[..]
    } else {
        &[]
    };
    let name = rng
        .choice(views.iter())
        .unwrap_or_else(|| rng.choice(&schema.tables).unwrap());
    quoted(name)
}

fn condition(rng: &mut Rng, schema: &Schema, of: &str, depth: u8) -> String {
    let dot = |column: &str| {
        if of.is_empty() {
            column.to_owned()
        } else {
            format!("{of}.{column}")
        }
    };
    match rng.u8(..if depth == 0 { 6 } else { 9 }) {
        0 => format!("{} = {}", dot("k"), rng.i64(..5)),
        1 => format!("{} > {}", dot("a"), rng.i64(..4)),
        2 => format!("{} = 'b{}' OR {} = 2", dot("b"), rng.i64(..5), dot("k")),
        3 => format!("{} IS NULL", dot("c")),
        4 => "1".to_owned(),
        5 => format!("{} IN (1, 2, 3)", dot("c")),
        6 => format!(
            "{} IN (SELECT {} FROM {})",
            dot("k"),
            rng.choice(["k", "a", "c"]).unwrap(),
            source(rng, schema)
        ),
        // What an EXISTS selects is never computed, and so never read.
        7 => format!(
            "EXISTS (SELECT 1 FROM {} WHERE {})",
            source(rng, schema),
            condition(rng, schema, "", depth - 1)
        ),
        _ => format!(
            "{} AND ({})",
            condition(rng, schema, of, depth - 1),
            condition(rng, schema, of, depth - 1)
        ),
    }
}

/// Four columns.
fn select(rng: &mut Rng, schema: &Schema, depth: u8) -> String {
    let from = source(rng, schema);
    if depth == 0 {
        return format!("SELECT k, a, b, c FROM {from}");
    }
    let inner = depth - 1;
    match rng.u8(..10) {
        0 => format!(
            "SELECT k, a, b, c FROM {from} WHERE {}",
            condition(rng, schema, "", inner)
        ),
        1 => {
            let join = rng
                .choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"])
                .unwrap();
            let other = source(rng, schema);
            let columns = rng
                .choice([
                    "x.k, x.a, x.b, x.c",
                    "x.k, y.a, x.b, y.c",
                    "y.k, y.a, y.b, y.c",
                ])
                .unwrap();
            let on = rng.choice(["x.c = y.k", "x.k = y.k", "x.a > y.a"]).unwrap();
            format!(
                "SELECT {columns} FROM {from} AS x {join} {other} AS y ON {on} WHERE {}",
                condition(rng, schema, "x", inner)
            )
        }
        2 => format!(
            "SELECT k, a, b, c FROM ({}) AS s",
            select(rng, schema, inner)
        ),
        3 => {
            let op = rng
                .choice(["UNION", "UNION ALL", "EXCEPT", "INTERSECT"])
                .unwrap();
            format!(
                "SELECT k, a, b, c FROM ({}) {op} SELECT k, a, b, c FROM {from}",
                select(rng, schema, inner)
            )
        }
        4 => format!(
            "WITH w(k, a, b, c) AS ({}) SELECT * FROM w",
            select(rng, schema, inner)
        ),
        5 => format!(
            "WITH RECURSIVE w(k, a, b, c) AS (SELECT k, 0, b, c FROM {from} UNION SELECT s.k, w.a + 1, s.b, s.c \
             FROM w JOIN {} AS s ON s.c = w.k WHERE w.a < 3) SELECT k, a, b, c FROM w",
            source(rng, schema)
        ),
        6 => format!(
            "SELECT max(k), count(*), min(b), (SELECT max(a) FROM {}) FROM {from} GROUP BY a",
            source(rng, schema)
        ),
        7 => format!(
            "SELECT k, row_number() OVER (ORDER BY a), b, c FROM {from} WHERE {} ORDER BY k LIMIT 3",
            condition(rng, schema, "", inner)
        ),
        8 => format!(
            "SELECT value, key, 'x', 1 FROM json_each('[1,2]') WHERE value IN (SELECT k FROM {from})"
        ),
        _ => format!(
            "SELECT k, 'DELETE FROM \"users\"; --', b, c FROM {from} /* ; SELECT * FROM t */"
        ),
    }
}

fn write_table(rng: &mut Rng, schema: &Schema, place: Place) -> String {
    let name = if place == Place::Statement && !schema.writable.is_empty() && rng.u8(..6) == 0 {
        rng.choice(&schema.writable).unwrap().clone()
    } else {
        rng.choice(&schema.tables).unwrap().clone()
    };
    let is_table = schema.tables.contains(&name);
    let target = quoted(&name);
    let k = rng.i64(1..9);
    let or = if is_table {
        rng.choice(["", "", " OR IGNORE", " OR REPLACE", " OR FAIL"])
            .unwrap()
    } else {
        ""
    };
    let column = rng.choice(["a", "b", "c", "k"]).unwrap();
    let value = match column {
        "b" => format!("'b{k}'"),
        _ => k.to_string(),
    };
    let with = if place == Place::Statement && rng.u8(..5) == 0 {
        format!("WITH q AS ({}) ", select(rng, schema, 1))
    } else {
        String::new()
    };
    let returning = if place == Place::Statement && is_table && rng.u8(..4) == 0 {
        " RETURNING *"
    } else {
        ""
    };
    match rng.u8(..9) {
        0 => format!(
            "{with}INSERT{or} INTO {target} (k, a, b, c) VALUES ({k}, 1, 'b{k}', NULL){returning}"
        ),
        1 => format!(
            "{with}INSERT{or} INTO {target} (a, b, c) SELECT a, b || 'x', c FROM {}{returning}",
            source(rng, schema)
        ),
        2 if is_table => format!(
            "INSERT INTO {target} (k, a, b) VALUES ({k}, 1, 'n{k}') ON CONFLICT (k) DO UPDATE SET a = \
             (SELECT count(*) FROM {}){returning}",
            source(rng, schema)
        ),
        3 if is_table => {
            format!(
                "INSERT INTO {target} (k, a, b) VALUES ({k}, 1, 'n') ON CONFLICT DO NOTHING{returning}"
            )
        }
        4 => format!(
            "{with}UPDATE{or} {target} SET {column} = {value} WHERE {}{returning}",
            condition(rng, schema, "", 2)
        ),
        5 => format!("{with}UPDATE{or} {target} SET a = coalesce(a, 0) + 1{returning}"),
        6 if is_table => format!(
            "UPDATE {target} SET a = s.a FROM {} AS s WHERE s.k = {target}.k{returning}",
            source(rng, schema)
        ),
        7 => format!("{with}DELETE FROM {target}{returning}"),
        _ => format!(
            "{with}DELETE FROM {target} WHERE {}{returning}",
            condition(rng, schema, "", 2)
        ),
    }
}
