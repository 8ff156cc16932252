//! Two branches that have each made migrations, in every order that they may come together.

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::*;

/// A schema of one table `vans` with these columns, each as JSON but for its name.
fn vans(columns: &[(&str, &str)]) -> Snapshot {
    let mut json = String::from(r#"{"tables": [{"name": "vans", "columns": ["#);
    json += r#"{"name": "id", "type": "integer", "primary_key": true, "auto_increment": true}"#;
    for (name, column) in columns {
        json += &format!(r#", {{"name": "{name}", {column}}}"#);
    }
    serde_json::from_str(&(json + "]}]}")).unwrap()
}

/// The migration from one schema to another, as `edgepod migrations new` writes it.
fn migration(name: &str, before: &Snapshot, after: &Snapshot) -> Migration {
    Migration {
        name: name.to_owned(),
        text: text(&diff(before, after).unwrap().statements),
    }
}

const NULLABLE: &str = r#""type": "integer", "nullable": true"#;
const TEXT: &str = r#""type": "text", "nullable": true"#;
const ZERO: &str = r#""type": "integer", "default": "0""#;

/// A database with `kept`, a row, and then the rewritten ones.
fn with_a_row(kept: &[Migration], row: &str, rewritten: &Rewritten) -> Connection {
    let database = empty().unwrap();
    for migration in kept {
        apply(&database, migration).unwrap();
    }
    database.execute_batch(row).unwrap();
    for text in rewritten.texts.iter().flatten() {
        let name = "again".to_owned();
        let text = text.clone();
        apply(&database, &Migration { name, text }).unwrap();
    }
    database
}

#[test]
fn a_rebuild_of_one_branch_keeps_the_column_of_the_other() {
    let nothing = Snapshot::default();
    let common = vans(&[("seats", NULLABLE)]);
    let first = migration("0001_first", &nothing, &common);
    let colour = vans(&[("seats", NULLABLE), ("colour", TEXT)]);
    let seats = vans(&[("seats", ZERO)]);
    let both = vans(&[("colour", TEXT), ("seats", ZERO)]);
    let colour = migration("0002_colour", &common, &colour);
    let seats = migration("0002_seats", &common, &seats);
    assert!(!seats.text.contains("colour"));

    let kept = [first.clone(), colour.clone()];
    let rewritten = rewrite(&kept, std::slice::from_ref(&seats), &both).unwrap();
    let row = "INSERT INTO vans (colour) VALUES ('red')";
    let database = with_a_row(&kept, row, &rewritten);
    let row: (String, i64) = database
        .query_row("SELECT colour, seats FROM vans", (), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(row, ("red".to_owned(), 0));
    assert_eq!(rewritten.schema.tables[0].columns.len(), 3);

    // Renumbered by hand already: what it took is in the structs, and so it stays.
    let renumbered = Migration {
        name: "0003_seats".to_owned(),
        ..seats
    };
    let again = rewrite(&kept, &[renumbered], &both).unwrap();
    assert_eq!(again.texts, rewritten.texts);

    // The other way round it is one more column.
    let moved = rewrite(
        &[
            first,
            migration("0002_seats", &common, &vans(&[("seats", ZERO)])),
        ],
        &[colour],
        &both,
    );
    let texts = moved.unwrap().texts;
    assert_eq!(
        texts,
        [Some(
            "ALTER TABLE \"vans\" ADD COLUMN \"colour\" TEXT;\n".to_owned()
        )]
    );
}

#[test]
fn one_that_the_other_branch_has_done_too_is_left_out() {
    let common = vans(&[]);
    let first = migration("0001_first", &Snapshot::default(), &common);
    let colour = vans(&[("colour", TEXT)]);
    let one = migration("0002_colour", &common, &colour);
    let other = migration("0002_paint", &common, &colour);
    let rewritten = rewrite(&[first, one], &[other], &colour).unwrap();
    assert_eq!(rewritten.texts, [None]);
}

#[test]
fn one_of_somebodys_own_keeps_its_text_and_may_not_take_what_others_made() {
    let common = vans(&[]);
    let first = migration("0001_first", &Snapshot::default(), &common);
    let colour = vans(&[("colour", TEXT)]);
    let kept = [first, migration("0002_colour", &common, &colour)];
    let own = |text: &str| Migration {
        name: "0002_own".to_owned(),
        text: text.to_owned(),
    };
    let filled = own("INSERT INTO vans (id) VALUES (7);\n");
    let rewritten = rewrite(&kept, std::slice::from_ref(&filled), &colour).unwrap();
    assert_eq!(rewritten.texts, [Some(filled.text)]);

    let copied = own(
        "CREATE TABLE copy (id INTEGER PRIMARY KEY NOT NULL) STRICT; INSERT INTO copy SELECT id FROM vans; \
         DROP TABLE vans; ALTER TABLE copy RENAME TO vans;",
    );
    let message = match rewrite(&kept, &[copied], &colour) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("the column is taken"),
    };
    assert!(
        message.contains("0002_own") && message.contains("`vans.colour`"),
        "{message}"
    );
}

/// Two branches change one table at random. Whichever follows, all that both have made is there, with its rows' values.
#[test]
fn branches_that_change_at_random_lose_nothing_to_each_other() {
    let seed = std::env::var("EDGEPOD_MERGE_SEED")
        .map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    let cases = std::env::var("EDGEPOD_MERGE_CASES").map_or(60, |cases| cases.parse().unwrap());
    println!("EDGEPOD_MERGE_SEED={seed} EDGEPOD_MERGE_CASES={cases}");
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..cases {
        let shared: Vec<(String, &str)> = (0..3).map(|i| (format!("s{i}"), NULLABLE)).collect();
        let schema = |columns: &[(String, &str)]| {
            let columns: Vec<_> = columns.iter().map(|(n, c)| (n.as_str(), *c)).collect();
            vans(&columns)
        };
        let common = schema(&shared);
        let first = migration("0001_first", &Snapshot::default(), &common);
        // A branch adds columns of its own, and makes shared ones NOT NULL, which is a new copy of the table. Each shared one
        // is of one branch only: what both change is theirs to agree on.
        let mut all = shared.clone();
        let mut branch = |letter: char, own: &[usize]| {
            let mut columns = shared.clone();
            let mut chain = Vec::new();
            for step in 0..random.random_range(1..4) {
                let before = schema(&columns);
                if random.random_bool(0.5) {
                    let kind = [NULLABLE, TEXT, ZERO].choose(&mut random).unwrap();
                    let column = (format!("{letter}{step}"), *kind);
                    columns.insert(random.random_range(0..=columns.len()), column.clone());
                    all.push(column);
                } else {
                    let i = *own.choose(&mut random).unwrap();
                    let name = format!("s{i}");
                    for list in [&mut columns, &mut all] {
                        list.iter_mut().find(|(n, _)| *n == name).unwrap().1 = ZERO;
                    }
                }
                let change = migration(
                    &format!("{:04}_{letter}", step + 2),
                    &before,
                    &schema(&columns),
                );
                if change.text != ";\n" {
                    chain.push(change);
                }
            }
            chain
        };
        let (one, other) = (branch('a', &[0, 1]), branch('b', &[2]));
        let structs = schema(&all);
        for (kept, moved) in [(&one, &other), (&other, &one)] {
            let kept = [std::slice::from_ref(&first), kept].concat();
            let rewritten = rewrite(&kept, moved, &structs).unwrap();
            let there = kept_columns(&kept);
            let values: Vec<String> = (0..there.len()).map(|i| format!("{}", i + 7)).collect();
            let row = format!(
                "INSERT INTO vans (id, {0}) VALUES (1, {1})",
                there.join(", "),
                values.join(", ")
            );
            let database = with_a_row(&kept, &row, &rewritten);
            let mut has = kept_columns_of(&database);
            let mut wants: Vec<String> = all.iter().map(|(name, _)| name.clone()).collect();
            has.sort();
            wants.sort();
            assert_eq!(has, wants, "seed {seed}");
            for (column, value) in there.iter().zip(&values) {
                let found: i64 = database
                    .query_row(
                        &format!("SELECT CAST({column} AS INTEGER) FROM vans"),
                        (),
                        |row| row.get(0),
                    )
                    .unwrap();
                assert_eq!(found.to_string(), *value, "{column}, seed {seed}");
            }
        }
    }
}

fn kept_columns(migrations: &[Migration]) -> Vec<String> {
    let database = empty().unwrap();
    for migration in migrations {
        apply(&database, migration).unwrap();
    }
    kept_columns_of(&database)
}

fn kept_columns_of(database: &Connection) -> Vec<String> {
    read::snapshot(database).unwrap().tables[0]
        .columns
        .iter()
        .map(|column| column.name.clone())
        .filter(|name| name != "id")
        .collect()
}
