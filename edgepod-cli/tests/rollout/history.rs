//! Histories of schemas, by a generator.

use fastrand::Rng;

/// How many there are, each with tables of its own.
const HISTORIES: usize = 12;

#[derive(Clone)]
struct Table {
    name: String,
    /// Beside `id`.
    columns: Vec<String>,
    /// The indexes, and the column of each.
    indexes: Vec<(String, String)>,
}

/// What the tables are after each step, and the steps.
pub struct Histories {
    after: Vec<Vec<Table>>,
    steps: Vec<String>,
}

impl Histories {
    /// So many steps of each.
    pub fn generate(random: &mut Rng, steps: usize) -> Self {
        let mut all = Self {
            after: Vec::new(),
            steps: Vec::new(),
        };
        let mut tables: Vec<Vec<Table>> = vec![Vec::new(); HISTORIES];
        for step in 0..steps {
            let mut sql = String::new();
            for (history, tables) in tables.iter_mut().enumerate() {
                sql.push_str(&next(random, history, step, tables));
                sql.push_str(";\n");
            }
            all.steps.push(sql);
            all.after.push(tables.concat());
        }
        all
    }

    /// The statements of a step.
    pub fn step(&self, step: usize) -> String {
        self.steps[step].clone()
    }

    /// Statements that add so many rows to each table that is there after so many steps.
    pub fn rows(&self, steps: usize, rows: usize) -> Vec<String> {
        let mut all = Vec::new();
        for table in &self.after[steps - 1] {
            for row in 0..rows {
                let values: Vec<_> = table
                    .columns
                    .iter()
                    .map(|column| format!("'{column} {row}'"))
                    .collect();
                let columns: String = table
                    .columns
                    .iter()
                    .map(|column| format!(", {column}"))
                    .collect();
                all.push(format!(
                    "INSERT INTO {} (id{columns}) VALUES ({}{}{})",
                    table.name,
                    100 + row,
                    if values.is_empty() { "" } else { ", " },
                    values.join(", ")
                ));
            }
        }
        all
    }

    /// A query for all that is there after so many steps: the schema, and the rows of each table.
    pub fn dump(&self, steps: usize) -> String {
        let schema = "coalesce((SELECT group_concat(name || ' ' || sql, char(10)) FROM (SELECT name, sql FROM sqlite_schema \
                      WHERE substr(name, 1, 1) = 'h' AND sql IS NOT NULL ORDER BY name)), '')";
        let tables = self.after[steps - 1].iter().map(|table| {
            let columns: String = table.columns.iter().map(|column| format!(" || ' ' || quote({column})")).collect();
            format!(
                " || char(10) || '{0}: ' || coalesce((SELECT group_concat(row, ', ') FROM (SELECT id{columns} AS row FROM {0} ORDER BY id)), '')",
                table.name
            )
        });
        format!("SELECT {schema}{}", tables.collect::<String>())
    }
}

fn next(random: &mut Rng, history: usize, step: usize, tables: &mut Vec<Table>) -> String {
    let new = format!("h{history}_{step}");
    if tables.is_empty() || random.u8(..8) == 0 {
        tables.push(Table {
            name: new.clone(),
            columns: vec!["a".to_owned()],
            indexes: Vec::new(),
        });
        return format!(
            "CREATE TABLE {new} (id INTEGER PRIMARY KEY NOT NULL, a TEXT NOT NULL DEFAULT '')"
        );
    }
    if tables.len() > 1 && random.u8(..8) == 0 {
        let table = tables.swap_remove(random.usize(..tables.len()));
        return format!("DROP TABLE {}", table.name);
    }
    let place = random.usize(..tables.len());
    let table = &mut tables[place];
    let name = table.name.clone();
    let column = random.choice(&table.columns).cloned();
    let is_indexed = |column: &str| table.indexes.iter().any(|(_, of)| of == column);
    match (random.u8(..7), column) {
        (0, Some(column)) => {
            for of in &mut table.columns {
                if *of == column {
                    *of = format!("c{step}");
                }
            }
            for (_, of) in &mut table.indexes {
                if *of == column {
                    *of = format!("c{step}");
                }
            }
            format!("ALTER TABLE {name} RENAME COLUMN {column} TO c{step}")
        }
        (1, Some(column)) if !is_indexed(&column) => {
            table.columns.retain(|of| *of != column);
            format!("ALTER TABLE {name} DROP COLUMN {column}")
        }
        (2, _) => {
            table.name = new.clone();
            format!("ALTER TABLE {name} RENAME TO {new}")
        }
        (3, Some(column)) => {
            let index = format!("{new}_i");
            table.indexes.push((index.clone(), column.clone()));
            format!("CREATE INDEX {index} ON {name} ({column})")
        }
        (4, _) if !table.indexes.is_empty() => {
            let (index, _) = table.indexes.swap_remove(0);
            format!("DROP INDEX {index}")
        }
        (5, Some(column)) => {
            format!("UPDATE {name} SET {column} = {column} || ' in {step}' WHERE id % 2 = 0")
        }
        (6, _) => format!("INSERT INTO {name} (id) SELECT coalesce(max(id), 0) + 1 FROM {name}"),
        _ => {
            table.columns.push(format!("b{step}"));
            format!("ALTER TABLE {name} ADD COLUMN b{step} TEXT NOT NULL DEFAULT 'of {step}'")
        }
    }
}
