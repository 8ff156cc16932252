//! A copy of an object's data, taken in slices while it serves: the rows as they are, each slice in a turn of its own; then those that
//! changed meanwhile, until few are left; then, in one turn, the rest and what cannot be followed, into a table of the object, from
//! where it is taken in pieces. So it is of one version, that of this last turn.

use std::collections::BTreeMap;

use anyhow::Result;
use edgepod_sql::quote;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    super::partial::Part,
    COPY, Item, Object, SCHEMA, Schema, count,
    follow::{self, BEFORE_ALL, Followed},
    is_own, of_the_data, rows, strange,
};

/// With so many changes left, the last turn comes.
const FEW: u64 = 1000;

/// After so many slices of changes in a row with which no fewer are left, it comes all the same: they are made as fast as they are
/// taken.
const IN_VAIN: u32 = 10;

/// How far a copy has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct Copying {
    id: String,
    schema: Schema,
    /// The tables that are taken in the last turn alone, by name, though they could be followed.
    last: Vec<String>,
    /// How many turns it has had.
    turns: u64,
    /// The last change of each table that is here, by the table's number.
    seen: BTreeMap<usize, u64>,
    stage: Stage,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Stage {
    /// The rows of this table after this one come next.
    Rows { table: usize, after: String },
    /// What has changed comes next: the fewest changes that were left so far, and the slices since then.
    Changes { fewest: u64, since: u32 },
    /// What the last turn came to.
    Rest {
        pieces: Vec<Piece>,
        taken: usize,
        rows: BTreeMap<String, u64>,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Piece {
    /// It is in the object's table, at this place.
    Kept(u64),
    /// What the command knows without it.
    Known(String),
}

impl Copying {
    /// Has the object note what changes from now on. The tables of these names are taken in the last turn alone.
    ///
    /// # Errors
    /// The object's. None where its tables changed at this moment.
    pub fn begin(object: Object<'_>, last: Vec<String>) -> Result<Option<Self>> {
        let schema = Schema::read(|steps| object.run(steps))?;
        let copying = Self {
            id: format!("{:032x}", rand::rng().random::<u128>()),
            last,
            turns: 0,
            seen: BTreeMap::new(),
            stage: Stage::Rows {
                table: 0,
                after: BEFORE_ALL.to_owned(),
            },
            schema,
        };
        let mut steps = follow::begins(&copying.schema, &copying.id, copying.followed());
        steps.push(rows(SCHEMA, &[]));
        let said = object.run(&steps)?;
        let is_same = said.last().map(of_the_data).as_ref() == Some(&copying.schema.said);
        Ok(is_same.then_some(copying))
    }

    /// Those that are taken in the last turn alone, by choice.
    pub fn last(&self) -> &[String] {
        &self.last
    }

    /// How many rows each table is to have, once all is here.
    pub fn rows(&self) -> BTreeMap<String, u64> {
        match &self.stage {
            Stage::Rest { rows, .. } => rows.clone(),
            _ => BTreeMap::new(),
        }
    }

    /// Takes what comes next.
    ///
    /// # Errors
    /// The object's.
    pub fn next(&mut self, object: Object<'_>) -> Result<Part> {
        match self.stage.clone() {
            Stage::Rows { table, after } => self.next_rows(object, table, after),
            Stage::Changes { fewest, since } => self.next_changes(object, fewest, since),
            Stage::Rest { pieces, taken, .. } => self.next_piece(object, &pieces, taken),
        }
    }

    /// Has the object forget it, unless another pull has taken its place.
    ///
    /// # Errors
    /// The object's.
    pub fn done(&self, object: Object<'_>) -> Result<()> {
        match self.turn(self.turns, Vec::new(), object)? {
            Some(_) => object.run(&follow::over(self.followed())).map(drop),
            None => Ok(()),
        }
    }

    /// The tables of which changes are noted.
    fn followed(&self) -> impl Iterator<Item = Followed<'_>> {
        let tables = self.schema.tables().enumerate();
        let tables = tables.filter(|(_, item)| !self.last.contains(&item.name));
        tables.filter_map(|(number, item)| Followed::of(number, item))
    }

    /// What these steps come to in a turn of this copy. None where the object follows none such.
    fn turn(&self, turn: u64, steps: Vec<Value>, object: Object<'_>) -> Result<Option<Vec<Value>>> {
        let mut all = vec![follow::turn(&self.id, turn)];
        all.extend(steps);
        let mut said = match object.run(&all) {
            Ok(said) if said.len() == all.len() => said,
            Ok(_) => return Err(strange()),
            Err(error) if follow::is_unknown(&error) => return Ok(None),
            // A table that is another one by now, and what is asked of it is not there.
            Err(error) => {
                let schema = object.run(&[rows(SCHEMA, &[])])?;
                let is_same = schema.first().map(of_the_data).as_ref() == Some(&self.schema.said);
                return if is_same { Err(error) } else { Ok(None) };
            }
        };
        let is_held = said[0].as_array().is_some_and(|rows| !rows.is_empty());
        said.remove(0);
        Ok(is_held.then_some(said))
    }

    fn next_rows(&mut self, object: Object<'_>, table: usize, after: String) -> Result<Part> {
        let Some(followed) = self.followed().find(|followed| followed.number >= table) else {
            self.stage = Stage::Changes {
                fewest: u64::MAX,
                since: 0,
            };
            return Ok(Part::Bytes(Vec::new()));
        };
        let number = followed.number;
        let step = json!(["slice", followed.slice(), after]);
        let header = match after == BEFORE_ALL {
            true => header('T', followed.item)?,
            false => String::new(),
        };
        let turn = self.turns + 1;
        let Some(said) = self.turn(turn, vec![step], object)? else {
            return Ok(Part::Gone);
        };
        let slice = Slice::read(&said[0])?;
        let stage = match slice.is_last {
            true => Stage::Rows {
                table: number + 1,
                after: BEFORE_ALL.to_owned(),
            },
            false => Stage::Rows {
                table: number,
                after: slice.after,
            },
        };
        let lines = (header + slice.lines).into_bytes();
        self.turns = turn;
        self.stage = stage;
        Ok(Part::Bytes(lines))
    }

    fn next_changes(&mut self, object: Object<'_>, fewest: u64, since: u32) -> Result<Part> {
        // One turn, though the object is asked twice: asked again from the start, it is to be the same.
        let turn = self.turns + 1;
        let Some(said) = self.turn(turn, vec![follow::changes()], object)? else {
            return Ok(Part::Gone);
        };
        let changes = said[0].as_array().into_iter().flatten();
        let left = changes.map(|row| {
            let number = row[0].as_u64().and_then(|number| number.try_into().ok());
            let number: usize = number.ok_or_else(strange)?;
            let last = row[1].as_u64().ok_or_else(strange)?;
            Ok((last.saturating_sub(self.seen(number)), number))
        });
        let left = left.collect::<Result<Vec<_>>>()?;
        let all = left.iter().map(|(left, _)| left).sum();
        if all <= FEW || since >= IN_VAIN {
            return self.take_rest(object);
        }
        let most = left.into_iter().max().map(|(_, number)| number);
        let followed = self.followed().find(|of| Some(of.number) == most);
        let followed = followed.ok_or_else(strange)?;
        let number = followed.number;
        let after = self.seen(number).to_string();
        let step = json!(["slice", followed.changed_slice(), after]);
        let header = header('C', followed.item)?;
        let Some(said) = self.turn(turn, vec![step], object)? else {
            return Ok(Part::Gone);
        };
        let slice = Slice::read(&said[0])?;
        let seen = slice.after.parse().map_err(|_| strange())?;
        let lines = (header + slice.lines).into_bytes();
        self.seen.insert(number, seen);
        self.turns = turn;
        self.stage = Stage::Changes {
            fewest: fewest.min(all),
            since: if all < fewest { 0 } else { since + 1 },
        };
        Ok(Part::Bytes(lines))
    }

    fn seen(&self, number: usize) -> u64 {
        self.seen.get(&number).copied().unwrap_or_default()
    }

    /// The last turn.
    fn take_rest(&mut self, object: Object<'_>) -> Result<Part> {
        let keep = format!("INSERT INTO {COPY} (id, text) VALUES ('{}', ?)", self.id);
        let mut steps = vec![rows(SCHEMA, &[]), rows(format!("DELETE FROM {COPY}"), &[])];
        let mut headers = Vec::new();
        // SQLite's counters come last: rows that come count them up.
        let (counters, tables): (Vec<_>, Vec<_>) = self
            .schema
            .tables()
            .enumerate()
            .partition(|(_, item)| item.is_sequence());
        for (number, item) in tables.into_iter().chain(counters) {
            let followed = self.followed().find(|followed| followed.number == number);
            let (header, select) = match followed {
                Some(followed) => (header('C', item)?, followed.changed_rest(self.seen(number))),
                None => (header('T', item)?, item.select("")),
            };
            headers.push((header, item));
            steps.push(json!(["pack", select, keep]));
            steps.push(rows(
                format!(
                    "SELECT (SELECT count(*) FROM {COPY}), (SELECT count(*) FROM {})",
                    quote(&item.name)
                ),
                &[],
            ));
        }
        let turn = self.turns + 1;
        let Some(said) = self.turn(turn, steps, object)? else {
            return Ok(Part::Gone);
        };
        let followed = self.followed().flat_map(Followed::triggers);
        let has_triggers = {
            // Behind all of the app's: SQLite runs the newest first, and one of the app's that is newer may hide a change from those.
            let lines = said[0].as_array().into_iter().flatten();
            let names: Vec<_> = lines.filter_map(|line| line[1].as_str()).collect();
            let newest = names.iter().rposition(|name| !is_own(name));
            let own = &names[newest.map_or(0, |newest| newest + 1)..];
            let mut followed = followed.into_iter();
            followed.all(|(name, _)| own.contains(&&*name))
        };
        if of_the_data(&said[0]) != self.schema.said || !has_triggers {
            return Ok(Part::Gone);
        }
        let mut pieces = Vec::new();
        let mut in_tables = BTreeMap::new();
        let mut before = 0;
        for ((header, item), said) in headers.into_iter().zip(said[2..].chunks(2)) {
            let until = count(&said[1], 0)?;
            if until > before || header.starts_with('T') {
                pieces.push(Piece::Known(header));
            }
            pieces.extend((before + 1..=until).map(Piece::Kept));
            before = until;
            if item.of == "table" && !item.is_sequence() {
                in_tables.insert(item.name.clone(), count(&said[1], 1)?);
            }
        }
        let mut end = String::new();
        for item in &self.schema.objects {
            // What has no SQL belongs to a constraint of its table.
            let Some(sql) = &item.sql else { continue };
            if item.kind != "table" || item.of == "virtual" {
                let line = json!({ "type": item.kind, "name": item.name, "tbl_name": item.table, "sql": sql });
                end.push_str(&format!("S{line}\n"));
            }
        }
        end.push_str("E\n");
        pieces.push(Piece::Known(end));
        self.turns = turn;
        self.stage = Stage::Rest {
            pieces,
            taken: 0,
            rows: in_tables,
        };
        Ok(Part::Bytes(Vec::new()))
    }

    fn next_piece(&mut self, object: Object<'_>, pieces: &[Piece], at: usize) -> Result<Part> {
        let bytes = match pieces.get(at) {
            None => return Ok(Part::Whole),
            Some(Piece::Known(text)) => text.clone().into_bytes(),
            Some(Piece::Kept(at)) => {
                let sql =
                    format!("SELECT text FROM {COPY} WHERE id = ? AND at = CAST(? AS INTEGER)");
                let said = object.run(&[rows(sql, &[&self.id, &at.to_string()])]);
                let said = match said {
                    Err(error) if follow::is_unknown(&error) => return Ok(Part::Gone),
                    said => said?,
                };
                match said.first().and_then(|rows| rows[0][0].as_str()) {
                    Some(text) => text.as_bytes().to_vec(),
                    None => return Ok(Part::Gone),
                }
            }
        };
        if let Stage::Rest { taken, .. } = &mut self.stage {
            *taken += 1;
        }
        Ok(Part::Bytes(bytes))
    }
}

/// What a step of a slice comes to.
struct Slice<'a> {
    /// Where the next one begins.
    after: String,
    lines: &'a str,
    is_last: bool,
}

impl<'a> Slice<'a> {
    fn read(said: &'a Value) -> Result<Self> {
        let read = || {
            Some(Self {
                after: said[0].as_str()?.to_owned(),
                lines: said[1].as_str()?,
                is_last: said[2].as_bool()?,
            })
        };
        read().ok_or_else(strange)
    }
}

fn header(kind: char, table: &Item) -> Result<String> {
    let sql = (!table.is_sequence()).then_some(&table.sql);
    let line = json!({ "name": table.name, "sql": sql, "columns": table.to_insert() });
    Ok(format!("{kind}{}\n", serde_json::to_string(&line)?))
}
