//! The reader of SQL held to two others: to sqlparser's tokenizer in what tokens are, and to SQLite itself in where statements
//! end.
//!
//! `EDGEPOD_SQL_TEXTS=1000000` makes more texts, `EDGEPOD_SQL_SEED=7` other ones.

use std::path::Path;

use edgepod_sql::{TokenKind, statements, tokens};
use fastrand::Rng;
use rusqlite::{Batch, Connection, fallible_iterator::FallibleIterator};
use sqlparser::{
    dialect::SQLiteDialect,
    tokenizer::{Token, Tokenizer},
};

/// The tokens that sqlparser sees, its longer operators cut into characters.
fn by_sqlparser(sql: &str) -> Vec<(TokenKind, String)> {
    let tokens = Tokenizer::new(&SQLiteDialect {}, sql)
        // Quotes and doubled quotes as they are written.
        .with_unescape(false)
        .tokenize()
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
    let mut read = Vec::new();
    for token in tokens {
        let kind = match &token {
            Token::Whitespace(_) | Token::EOF => continue,
            Token::Word(word) if word.quote_style.is_some() => TokenKind::Name,
            Token::Word(_) => TokenKind::Word,
            Token::Number(..) => TokenKind::Number,
            Token::SingleQuotedString(_) | Token::HexStringLiteral(_) => TokenKind::Literal,
            Token::Placeholder(_) => TokenKind::Parameter,
            _ => {
                let symbols = token.to_string();
                read.extend(symbols.chars().map(|c| (TokenKind::Symbol, c.to_string())));
                continue;
            }
        };
        read.push((kind, token.to_string()));
    }
    read
}

fn by_us(sql: &str) -> Vec<(TokenKind, String)> {
    tokens(sql)
        .map(|token| {
            // sqlparser writes every bytes' literal with this letter.
            let text = match token.text.strip_prefix('x') {
                Some(digits) if token.kind == TokenKind::Literal => format!("X{digits}"),
                _ => token.text.to_owned(),
            };
            (token.kind, text)
        })
        .collect()
}

/// Every statement of the corpus of what statements touch, and of its schemas.
fn corpus() -> Vec<String> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../edgepod-runtime/tests/tracking/corpus.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let corpus: toml::Table = text.parse().unwrap();
    let mut found = Vec::new();
    for group in corpus["group"].as_array().unwrap() {
        for sql in group["schema"].as_array().unwrap() {
            found.push(sql.as_str().unwrap().to_owned());
        }
        for case in group["cases"].as_array().unwrap() {
            found.push(case[0].as_str().unwrap().to_owned());
        }
    }
    assert!(found.len() > 300, "{} statements", found.len());
    found
}

fn rng() -> Rng {
    let seed = std::env::var("EDGEPOD_SQL_SEED").map_or(1, |seed| seed.parse().unwrap());
    println!("EDGEPOD_SQL_SEED={seed}");
    Rng::with_seed(seed)
}

fn count() -> usize {
    std::env::var("EDGEPOD_SQL_TEXTS").map_or(20_000, |count| count.parse().unwrap())
}

#[test]
fn the_corpus_has_the_tokens_that_sqlparser_sees_and_each_case_is_one_statement() {
    for sql in corpus() {
        assert_eq!(by_us(&sql), by_sqlparser(&sql), "{sql}");
        assert_eq!(statements(&sql).count(), 1, "{sql}");
    }
}

/// Pieces that stand beside each other with a space between. Where the two dialects differ (Tcl's variables, digits in groups,
/// parameters with an @ or a colon) SQLite is asked instead.
const PIECES: [&str; 41] = [
    "SELECT",
    "end",
    "Begin",
    "größe",
    "_a1",
    "a$b",
    "\"a b\"",
    "\"a\"\"b\"",
    "\"; END\"",
    "`a``b`",
    "[a;b]",
    "'it''s'",
    "''",
    "'; END; '",
    "'/*'",
    "x'0A'",
    "X''",
    "1",
    "1.5",
    ".5",
    "1e-3",
    "0",
    "?",
    "?12",
    "$c",
    ";",
    "(",
    ")",
    ",",
    ".",
    "=",
    "<>",
    "||",
    "->>",
    "<<",
    "-",
    "/",
    "-- '; END\n",
    "/* \"; END */",
    "/**/",
    "*",
];

#[test]
fn generated_tokens_are_those_that_sqlparser_sees() {
    let mut rng = rng();
    for _ in 0..count() {
        let pieces: Vec<&str> = (0..rng.usize(1..12))
            .map(|_| PIECES[rng.usize(..PIECES.len())])
            .collect();
        let sql = pieces.join(" ");
        assert_eq!(by_us(&sql), by_sqlparser(&sql), "{sql}");
    }
}

/// A database in which every generated statement can be prepared.
fn database() -> Connection {
    let database = Connection::open_in_memory().unwrap();
    database
        .execute_batch(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, \"end\", \"begin\", trigger, \"a;b\", [c'd]); CREATE TABLE \"end\" (x);",
        )
        .unwrap();
    database
}

/// An expression that may look like the end of something.
fn expression(rng: &mut Rng, row: Option<&str>, depth: u32) -> String {
    let simple = [
        "1", "1_000", "0x1F", "'; END'", "'it''s'", "x'3b'", "'--'", "'/*'", "1e-3",
    ];
    let parameters = ["?", "?3", ":a", "$b::c", "$d(')", "@e(;)"];
    let columns = ["end", "begin", "trigger", "\"a;b\"", "[c'd]", "`end`"];
    match rng.u32(..if depth == 0 { 3 } else { 6 }) {
        0 => rng.choice(simple).unwrap().to_owned(),
        1 => match row {
            // A trigger has no parameters.
            None => (*rng.choice(&parameters).unwrap()).to_owned(),
            Some(row) => format!("{row}.{}", rng.choice(columns).unwrap()),
        },
        2 => format!("t.{}", rng.choice(columns).unwrap()),
        3 => format!(
            "CASE {} WHEN {} THEN 2 END",
            expression(rng, row, depth - 1),
            expression(rng, row, depth - 1)
        ),
        4 => format!("(SELECT {})", expression(rng, row, depth - 1)),
        _ => format!(
            "{}{}{}",
            expression(rng, row, depth - 1),
            space(rng).trim_end_matches(' ').to_owned() + " || ",
            expression(rng, row, depth - 1)
        ),
    }
}

fn space(rng: &mut Rng) -> &'static str {
    rng.choice([
        " ",
        "\n",
        "\t ",
        " /* ; END */ ",
        " -- '; END\n",
        "/**/",
        " /*/ ; */ ",
        " \u{feff} ",
        "\x0c",
    ])
    .unwrap()
}

fn command(rng: &mut Rng, row: Option<&str>) -> String {
    let (a, b) = (space(rng), expression(rng, row, 2));
    match rng.u32(..4) {
        0 => format!("SELECT{a} {b} FROM t"),
        1 => format!("UPDATE t SET{a} end = {b} WHERE{a} begin = {b}"),
        2 => format!("DELETE FROM t{a} WHERE {b}"),
        _ => format!("INSERT INTO t (id, end){a} SELECT id, {b} FROM t"),
    }
}

fn statement(rng: &mut Rng) -> String {
    match rng.u32(..6) {
        0 => {
            let temporary = rng.choice(["", " TEMP", " temporary"]).unwrap();
            let name = rng
                .choice(["begin", "\"END\"", "end", "x", "trigger"])
                .unwrap();
            let event = rng
                .choice([
                    "UPDATE OF end ON t",
                    "UPDATE OF end, begin ON t",
                    "UPDATE ON \"end\"",
                ])
                .unwrap();
            let when = rng
                .choice(["", " WHEN 'BEGIN' = 1", " FOR EACH ROW"])
                .unwrap();
            let on_t = event.ends_with(" t");
            let row = rng.choice(["new", "OLD"]).unwrap();
            let mut sql = format!(
                "CREATE{}{temporary} TRIGGER{}{name} AFTER {event}{when} BEGIN",
                space(rng),
                space(rng)
            );
            for _ in 0..rng.usize(1..4) {
                let command = match on_t {
                    true => command(rng, Some(row)),
                    false => format!("SELECT {row}.x AS end"),
                };
                sql += &format!("{}{command}{};", space(rng), space(rng));
            }
            sql + space(rng) + rng.choice(["END", "end"]).unwrap()
        }
        1 => format!("EXPLAIN{} {}", space(rng), command(rng, None)),
        2 => format!(
            "CREATE VIEW IF NOT EXISTS{}v AS SELECT ';' AS end",
            space(rng)
        ),
        _ => command(rng, None),
    }
}

#[test]
fn statements_end_where_sqlite_ends_them() {
    let database = database();
    let mut rng = rng();
    for _ in 0..count() / 4 {
        let mut sql = String::new();
        let mut wanted = Vec::new();
        for _ in 0..rng.usize(1..5) {
            let statement = statement(&mut rng);
            sql += &format!("{}{statement}{};", space(&mut rng), space(&mut rng));
            wanted.push(statement);
            if rng.u32(..4) == 0 {
                sql += ";";
            }
        }
        if rng.bool() {
            sql.truncate(sql.trim_end_matches(';').len());
        }
        let ours: Vec<&str> = statements(&sql).collect();
        // Where the generator says that they end, and where SQLite does.
        assert_eq!(ours.len(), wanted.len(), "{sql}");
        for (ours, wanted) in ours.iter().zip(&wanted) {
            assert!(ours.ends_with(wanted.as_str()), "{ours}\n{sql}");
        }
        let theirs = Batch::new(&database, &sql)
            .count()
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
        assert_eq!(ours.len(), theirs, "{sql}");
    }
}

#[test]
fn texts_of_any_characters_are_read_without_loss() {
    let mut rng = rng();
    let characters = [
        "a",
        "é",
        "€",
        "\u{feff}",
        "'",
        "\"",
        "`",
        "[",
        "]",
        "-",
        "--",
        "/*",
        "*/",
        ";",
        "$",
        ":",
        "(",
        ")",
        "\n",
        " ",
        "1",
        ".",
        "e",
        "x",
        "?",
        "\0",
        "END",
        "BEGIN",
        "CREATE TRIGGER ",
    ];
    for _ in 0..count() {
        let sql: String = (0..rng.usize(..16))
            .map(|_| characters[rng.usize(..characters.len())])
            .collect();
        let mut end = 0;
        for token in tokens(&sql) {
            assert!(token.start >= end && token.end() > token.start, "{sql:?}");
            assert_eq!(&sql[token.start..token.end()], token.text);
            end = token.end();
            let _ = token.unquoted();
        }
        let outside: usize = statements(&sql).map(str::len).sum();
        assert!(outside <= sql.len());
        let _ = edgepod_sql::statement_kind(&sql);
        let _ = edgepod_sql::created(&sql);
    }
}
