//! Topics against the truth: a read, a write, and the read again. Where the rows differ, a topic of the read was touched.
//!
//! `EDGEPOD_TOPICS_TRIPLES=1000000` asks for more of them, `EDGEPOD_TOPICS_SEED=7` for others.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, sync::Arc};

use fastrand::Rng;
use sea_query::{Cond, Expr, ExprTrait, OnConflict, Order, Query};

use super::{tests::Host, *};
use crate::{
    Result,
    schema::{ColumnSchema, OnDelete, Reference, Registration, SqlType, TableSchema},
    testing::memory_database,
    tracking::{ColumnId, Footprint, TopicKey, Tracker},
};

const SCHEMA: &[&str] = &[
    "CREATE TABLE rooms (id INTEGER PRIMARY KEY NOT NULL, org INTEGER NOT NULL, name TEXT) STRICT",
    "CREATE TABLE messages (id INTEGER PRIMARY KEY NOT NULL, room INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE, \
     author TEXT, stars INTEGER NOT NULL DEFAULT 0, weight REAL NOT NULL DEFAULT 1, UNIQUE (room, author)) STRICT",
    "CREATE TABLE notes (id INTEGER PRIMARY KEY NOT NULL, message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE, \
     room INTEGER REFERENCES rooms (id) ON DELETE SET NULL, text TEXT NOT NULL) STRICT",
    "CREATE TABLE loud (id INTEGER PRIMARY KEY NOT NULL, name TEXT COLLATE NOCASE) STRICT",
    "CREATE TABLE counted (id INTEGER PRIMARY KEY NOT NULL, room INTEGER NOT NULL, n INTEGER NOT NULL DEFAULT 0) STRICT",
    "CREATE TRIGGER counts AFTER INSERT ON counted BEGIN UPDATE counted SET n = n + 1 WHERE id = NEW.id - 1; END",
];

const fn column(name: &'static str, sql_type: SqlType, nullable: bool) -> ColumnSchema {
    ColumnSchema {
        nullable,
        ..ColumnSchema::plain(name, sql_type)
    }
}

const fn key() -> ColumnSchema {
    ColumnSchema {
        primary_key: true,
        ..column("id", SqlType::Integer, false)
    }
}

/// A table with fields, for tests below the macros.
macro_rules! table {
    ($name:ident $table:literal { $($field:ident: $type:ty = $schema:expr,)+ }) => {
        #[derive(Clone, Debug, PartialEq)]
        struct $name { $($field: $type,)+ }

        #[allow(non_upper_case_globals)]
        impl $name { $(const $field: Column<$name, $type> = Column::new(stringify!($field));)+ }

        impl Table for $name {
            const NAME: &'static str = $table;
            const SCHEMA: &'static TableSchema = &TableSchema {
                indexes: &[],
                full_text: false,
                renamed_from: None,
                name: $table,
                rust_name: stringify!($name),
                location: ("topics_tests.rs", 1),
                columns: &[$($schema,)+],
            };
        }

        // What is written as text is about tables that the program knows.
        inventory::submit! { Registration($name::SCHEMA) }

        impl FromRow for $name {
            const WIDTH: usize = [$(stringify!($field),)+].len();

            fn from_row(row: &mut RowReader<'_>) -> Result<Self> {
                Ok(Self { $($field: row.take(stringify!($field))?,)+ })
            }
        }

        impl Insertable for $name {
            type Table = $name;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field),)+];

            fn into_values(self) -> Result<Vec<Value>> {
                Ok(vec![$(self.$field.into_value()?,)+])
            }
        }
    };
}

table!(Room "rooms" {
    id: i64 = key(),
    org: i64 = column("org", SqlType::Integer, false),
    name: Option<String> = column("name", SqlType::Text, true),
});

table!(Message "messages" {
    id: i64 = key(),
    room: i64 = ColumnSchema {
        reference: Some(Reference { table: "rooms", column: "id", on_delete: OnDelete::Cascade }),
        ..column("room", SqlType::Integer, false)
    },
    author: Option<String> = column("author", SqlType::Text, true),
    stars: i64 = column("stars", SqlType::Integer, false),
    weight: f64 = column("weight", SqlType::Real, false),
});

table!(Note "notes" {
    id: i64 = key(),
    message: i64 = ColumnSchema {
        reference: Some(Reference { table: "messages", column: "id", on_delete: OnDelete::Cascade }),
        ..column("message", SqlType::Integer, false)
    },
    room: Option<i64> = ColumnSchema {
        reference: Some(Reference { table: "rooms", column: "id", on_delete: OnDelete::SetNull }),
        ..column("room", SqlType::Integer, true)
    },
    text: String = column("text", SqlType::Text, false),
});

table!(Loud "loud" {
    id: i64 = key(),
    name: Option<String> = column("name", SqlType::Text, true),
});

table!(Counted "counted" {
    id: i64 = key(),
    room: i64 = column("room", SqlType::Integer, false),
    n: i64 = column("n", SqlType::Integer, false),
});

struct Seen {
    key: TopicKey,
    read: RefCell<Footprint>,
    written: RefCell<Footprint>,
    watched: RefCell<Footprint>,
}

impl Observer for Seen {
    fn read(&self, topics: &Footprint) {
        self.read.borrow_mut().read_too(topics);
    }

    fn wrote(&self, topics: &Footprint) {
        self.written.borrow_mut().written_too(topics);
    }

    fn warn(&self, _: String) {}

    fn watched(&self, table: &str) -> Vec<ColumnId> {
        let watched = self.watched.borrow();
        let columns = watched.get(table).map(|extent| extent.columns());
        columns.into_iter().flatten().map(|(id, _)| id).collect()
    }

    fn topic_key(&self) -> Option<&TopicKey> {
        Some(&self.key)
    }
}

fn connect(format: RowFormat) -> (Db, Rc<Seen>) {
    let database = memory_database();
    for sql in SCHEMA {
        database.run(sql, &[]).unwrap();
    }
    let seen = Rc::new(Seen {
        key: TopicKey::new([3; TopicKey::LENGTH]),
        read: RefCell::default(),
        written: RefCell::default(),
        watched: RefCell::default(),
    });
    let host = Arc::new(Host { database, format });
    let tracker = Arc::new(Tracker::default());
    let connection = Connection::new(host, tracker, seen.clone(), Access::Write);
    (Db::new(connection), seen)
}

/// Draws values and conditions.
#[derive(Clone)]
struct Draw(Rng);

impl Draw {
    fn id(&mut self) -> i64 {
        self.0.i64(1..6)
    }

    fn small(&mut self) -> i64 {
        self.0.i64(0..3)
    }

    fn name(&mut self) -> Option<String> {
        let name = self.0.choice(["ada", "ADA", "bob", "\0", ""]);
        self.0.bool().then(|| name.unwrap_or_default().to_owned())
    }

    fn text(&mut self) -> String {
        self.name().unwrap_or_else(|| "none".to_owned())
    }

    fn note(&mut self) -> Note {
        Note {
            id: self.0.i64(1..30),
            message: self.0.i64(1..20),
            room: self.0.bool().then(|| self.id()),
            text: self.text(),
        }
    }

    /// Conditions on messages, as sea-query has them.
    fn conditions(&mut self) -> Cond {
        let mut all = Cond::all();
        for _ in 0..self.0.u8(1..3) {
            all = match self.0.u8(0..6) {
                0 | 1 => all.add(Expr::col("room").eq(self.id())),
                2 => all.add(Expr::col("id").eq(self.0.i64(1..20))),
                3 => all.add(Expr::col("room").is_in([self.id(), self.id()])),
                4 => all.add(Expr::col("stars").gte(self.small())),
                _ => all.add(Expr::col("author").eq(self.text())),
            };
        }
        all
    }

    /// A write of sea-query.
    fn written(&mut self, db: &Db) -> Result<()> {
        let written = match self.0.u8(0..6) {
            0 => {
                let mut delete = Query::delete();
                delete.from_table("messages").cond_where(self.conditions());
                db.execute(delete)?
            }
            1 | 2 => {
                let mut update = Query::update();
                update.table("messages").cond_where(self.conditions());
                match self.0.u8(0..4) {
                    0 => update.value("room", self.id()),
                    1 => update.value("author", self.name()),
                    2 => update.value("stars", Expr::col("stars").add(1)),
                    _ => update.value("room", Expr::col("room").add(1)),
                };
                db.execute(update)?
            }
            what => {
                let mut insert = Query::insert();
                let columns = ["id", "room", "author", "stars"];
                insert.into_table("messages").columns(columns);
                for _ in 0..self.0.u8(1..3) {
                    let Message {
                        id,
                        room,
                        author,
                        stars,
                        ..
                    } = self.message();
                    insert.values_panic([id.into(), room.into(), author.into(), stars.into()]);
                }
                let mut conflict = OnConflict::column("id");
                match what {
                    3 => {}
                    4 => drop(insert.on_conflict(conflict.do_nothing().to_owned())),
                    _ => {
                        let set = self.0.choice(["room", "stars"]).unwrap_or("room");
                        insert.on_conflict(conflict.update_column(set).to_owned());
                    }
                }
                db.execute(insert)?
            }
        };
        let _ = written;
        Ok(())
    }

    fn message(&mut self) -> Message {
        Message {
            id: self.0.i64(1..20),
            room: self.id(),
            author: self.name(),
            stars: self.small(),
            weight: self.small() as f64,
        }
    }

    fn of_messages<S: Contains<Message, P>, P>(&mut self, depth: u8) -> Predicate<S> {
        match self.0.u8(0..if depth > 0 { 13 } else { 10 }) {
            0 | 1 => Message::room.eq(self.id()),
            2 => Message::id.eq(self.0.i64(1..20)),
            3 => Message::author.eq(self.name()),
            4 => Message::room.is_in([self.id(), self.id()]),
            5 => Message::author.is_in([self.name(), self.name()]),
            6 => Message::stars.ge(self.small()),
            7 => Message::weight.eq(self.small() as f64),
            8 => Message::stars.eq(Message::room),
            9 => Message::author.is_null(),
            10 => self.of_messages(depth - 1).and(self.of_messages(depth - 1)),
            11 => self.of_messages(depth - 1).or(self.of_messages(depth - 1)),
            _ => !self.of_messages(depth - 1),
        }
    }

    fn of_rooms<S: Contains<Room, P>, P>(&mut self) -> Predicate<S> {
        match self.0.u8(0..5) {
            0 | 1 => Room::id.eq(self.id()),
            2 => Room::org.eq(self.small()),
            3 => Room::name.eq(self.name()),
            _ => Room::org
                .eq(self.small())
                .and(Room::id.is_in([self.id(), self.id()])),
        }
    }

    fn of_both<S: Contains<Message, P> + Contains<Room, Q>, P, Q>(&mut self) -> Predicate<S> {
        match self.0.u8(0..7) {
            0 | 1 => self.of_rooms::<S, Q>(),
            2 | 3 => self.of_messages::<S, P>(1),
            4 => Message::id.is_null(),
            5 => Message::author.eq(Room::name),
            _ => self.of_rooms::<S, Q>().and(self.of_messages::<S, P>(0)),
        }
    }

    fn on<S: Contains<Message, P> + Contains<Room, Q>, P, Q>(&mut self) -> Predicate<S> {
        let on = match self.0.bool() {
            true => Message::room.eq(Room::id),
            false => Message::author.eq(Room::name),
        };
        match self.0.u8(0..3) {
            0 => on.and(self.of_both::<S, P, Q>()),
            1 => self.of_both::<S, P, Q>(),
            _ => on,
        }
    }
}

fn shown<T: std::fmt::Debug>(rows: Result<T>) -> String {
    format!("{:?}", rows.unwrap())
}

/// A read, the same for the same draw.
fn read(db: &Db, mut draw: Draw) -> String {
    match draw.0.u8(0..18) {
        16 => {
            let notes = db.select::<Note>();
            let notes = match draw.0.u8(0..4) {
                0 => notes.filter(Note::message.eq(draw.0.i64(1..20))),
                1 => notes.filter(Note::room.eq(draw.id())),
                2 => notes.filter(Note::room.is_null()),
                _ => notes.filter(Note::text.eq(draw.text())),
            };
            shown(notes.order_by(Note::id.asc()).all())
        }
        17 => {
            let mut select = Query::select();
            select.columns(["id", "author"]).from("messages");
            select
                .cond_where(draw.conditions())
                .order_by("id", Order::Asc);
            shown(db.query::<(i64, Option<String>)>(&select))
        }
        0..=3 => {
            let rows = db.select::<Message>().filter(draw.of_messages(2));
            shown(rows.order_by(Message::id.asc()).all())
        }
        4 => {
            let rows = db.select::<Message>().filter(draw.of_messages(1));
            shown(rows.filter(draw.of_messages(1)).count())
        }
        5 => shown(db.select::<Message>().filter(draw.of_messages(1)).exists()),
        6 => {
            let rows = db.select::<Room>().filter(draw.of_rooms());
            shown(rows.order_by(Room::id.asc()).all())
        }
        7 => {
            let rows = db.select::<Message>().filter(draw.of_messages(1));
            let groups = rows.columns((Message::author, sum(Message::stars), count()));
            shown(
                groups
                    .group_by(Message::author)
                    .order_by(Message::author.asc())
                    .all(),
            )
        }
        8 => {
            let rows = db.select::<Message>().filter(draw.of_messages(1));
            shown(rows.page(None, 3).map(|page| page.items))
        }
        9 => {
            let rows = db.select::<Loud>().filter(Loud::name.eq(draw.name()));
            shown(rows.order_by(Loud::id.asc()).all())
        }
        10 => {
            let rows = db.select::<Counted>().filter(Counted::room.eq(draw.id()));
            shown(
                rows.order_by(Counted::n.asc())
                    .order_by(Counted::id.asc())
                    .all(),
            )
        }
        11..=13 => {
            let rows = db.select::<Room>().left_join::<Message>(draw.on());
            let rows = rows.filter(draw.of_both());
            shown(
                rows.order_by(Room::id.asc())
                    .order_by(Message::id.asc())
                    .all(),
            )
        }
        _ => {
            let rows = db.select::<Room>().join::<Message>(draw.on());
            let rows = rows.filter(draw.of_both());
            shown(
                rows.order_by(Room::id.asc())
                    .order_by(Message::id.asc())
                    .all(),
            )
        }
    }
}

/// A write, which may fail.
fn write(db: &Db, draw: &mut Draw) {
    let done: Result<()> = match draw.0.u8(0..21) {
        15..=18 => draw.written(db),
        19 | 20 => {
            let upsert = db.insert(draw.note()).on_conflict(Note::id);
            upsert.update(Note::text).exec()
        }
        0 | 1 => db.insert(draw.message()).exec(),
        2 => db.insert(draw.message()).returning().map(drop),
        3 => db
            .insert_many([draw.message(), draw.message()])
            .exec()
            .map(drop),
        4 => db
            .insert(draw.message())
            .on_conflict(Message::id)
            .update(Message::stars)
            .exec(),
        5 => db
            .insert(draw.message())
            .on_conflict((Message::room, Message::author))
            .set(Message::author, draw.name())
            .returning()
            .map(drop),
        6 => db
            .insert(draw.message())
            .on_conflict(Message::id)
            .do_nothing()
            .exec()
            .map(drop),
        7 => {
            let (author, of) = (draw.name(), draw.of_messages(1));
            db.update::<Message>()
                .set(Message::author, author)
                .filter(of)
                .exec()
                .map(drop)
        }
        8 => {
            let (room, of) = (draw.id(), draw.of_messages(1));
            db.update::<Message>()
                .set(Message::room, room)
                .filter(of)
                .returning()
                .map(drop)
        }
        9 => {
            let of = draw.of_messages(1);
            let update = db
                .update::<Message>()
                .set(Message::stars, Message::stars + 1);
            update.filter(of).exec().map(drop)
        }
        10 => db
            .delete::<Message>()
            .filter(draw.of_messages(1))
            .exec()
            .map(drop),
        11 => db.delete::<Room>().filter(draw.of_rooms()).exec().map(drop),
        12 => {
            let room = Room {
                id: draw.id(),
                org: draw.small(),
                name: draw.name(),
            };
            let upsert = db.insert(room).on_conflict(Room::id);
            upsert.update(Room::org).update(Room::name).exec()
        }
        13 => db
            .insert(Loud {
                id: draw.0.i64(1..9),
                name: draw.name(),
            })
            .on_conflict(Loud::id)
            .update(Loud::name)
            .exec(),
        _ => db
            .insert(Counted {
                id: draw.0.i64(1..40),
                room: draw.id(),
                n: 0,
            })
            .exec(),
    };
    // A constraint may be broken, and a condition may hold for every row.
    drop(done);
}

/// Why a read is woken that gives the same rows.
fn cause(depends: &Footprint, written: &Footprint) -> &'static str {
    let stale = depends.stale_after(written);
    let causes = stale.iter().map(|(table, extent)| {
        let written = written.get(table.as_str());
        match written {
            _ if extent.whole => "the read depends on the table",
            Some(written) if written.whole => "the write touches the table",
            _ => "another row with the value, or a column that is not read",
        }
    });
    causes.max().unwrap_or_default()
}

#[test]
fn a_read_that_would_give_other_rows_is_always_woken() {
    let from = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let triples = from("EDGEPOD_TOPICS_TRIPLES").unwrap_or(4_000);
    let seed = from("EDGEPOD_TOPICS_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("EDGEPOD_TOPICS_SEED={seed}");
    for format in [RowFormat::Values, RowFormat::Json] {
        let (db, seen) = connect(format);
        let mut draw = Draw(Rng::with_seed(seed));
        for id in 1..6 {
            let room = Room {
                id,
                org: id % 3,
                name: draw.name(),
            };
            db.insert(room).exec().unwrap();
        }
        let (mut pinned, mut woken, mut needless) = (0, 0, 0);
        let mut causes = BTreeMap::new();
        for triple in 0..triples {
            let again = Draw(draw.0.fork());
            seen.read.take();
            let before = read(&db, again.clone());
            let depends = seen.read.take();
            pinned += u64::from(depends.iter().any(|(_, extent)| extent.values() > 0));
            seen.watched.replace(depends.clone());
            seen.written.take();
            write(&db, &mut draw);
            let written = seen.written.take();
            let after = read(&db, again);
            let stale = !depends.stale_after(&written).is_empty();
            assert!(
                stale || before == after,
                "triple {triple} of seed {seed} as {format:?} was missed:\nbefore {before}\nafter {after}\n\
                 depends {depends:?}\nwritten {written:?}"
            );
            woken += u64::from(stale);
            if stale && before == after {
                needless += 1;
                *causes.entry(cause(&depends, &written)).or_insert(0) += 1;
            }
        }
        println!(
            "{format:?}: {triples} triples, {pinned} reads with values, {woken} woken, {needless} for nothing, 0 missed"
        );
        for (cause, times) in causes {
            println!("  for nothing {times} times: {cause}");
        }
        assert!(pinned > triples / 4, "most reads name values");
    }
}

#[test]
fn a_message_touches_its_room_alone() {
    for format in [RowFormat::Values, RowFormat::Json] {
        let (db, seen) = connect(format);
        for id in 1..6 {
            db.insert(Room {
                id,
                org: 1,
                name: None,
            })
            .exec()
            .unwrap();
        }
        let depends = |room: i64| {
            seen.read.take();
            let rows = db.select::<Message>().filter(Message::room.eq(room));
            rows.all().unwrap();
            seen.read.take()
        };
        let (one, two) = (depends(1), depends(2));
        assert_ne!(one, two);
        let mut watched = one.clone();
        watched.read_too(&two);
        seen.watched.replace(watched);
        let touched = |write: &dyn Fn() -> Result<u64>| {
            seen.written.take();
            write().unwrap();
            let written = seen.written.take();
            [&one, &two].map(|of| !of.stale_after(&written).is_empty())
        };
        let message = |id: i64, room: i64| Message {
            id,
            room,
            author: None,
            stars: 0,
            weight: 0.0,
        };
        let one_row = |done: Result<()>| done.map(|()| 1);
        let of = |id: i64| Message::id.eq(id);
        let insert = || one_row(db.insert(message(1, 1)).exec());
        assert_eq!(touched(&insert), [true, false]);
        let two = || db.insert_many([message(2, 2), message(3, 3)]).exec();
        assert_eq!(touched(&two), [false, true]);
        let star = || {
            let update = db.update::<Message>().set(Message::stars, 1);
            update.filter(of(3)).exec()
        };
        assert_eq!(touched(&star), [false, false]);
        let step = || {
            let update = db.update::<Message>().set(Message::room, 2);
            update.filter(of(1)).exec()
        };
        assert_eq!(touched(&step), [true, true]);
        let upsert = || {
            let upsert = db.insert(message(1, 1)).on_conflict(Message::id);
            one_row(upsert.update(Message::stars).exec())
        };
        assert_eq!(touched(&upsert), [false, true], "it is in room 2");
        let gone = || {
            let rows = db.delete::<Message>().filter(Message::stars.eq(0));
            rows.returning().map(|rows| rows.len() as u64)
        };
        assert_eq!(touched(&gone), [false, true]);
        // Its messages go with a room, and those alone.
        let of_room = |id: i64| db.delete::<Room>().filter(Room::id.eq(id)).exec();
        assert_eq!(touched(&|| of_room(3)), [false, false]);
        db.insert(message(2, 2)).exec().unwrap();
        assert_eq!(touched(&|| of_room(2)), [false, true]);
    }
}

#[test]
fn a_statement_that_the_developer_wrote_touches_what_the_typed_one_does() {
    for format in [RowFormat::Values, RowFormat::Json] {
        let (db, seen) = connect(format);
        for id in 1..6 {
            let room = Room {
                id,
                org: 1,
                name: None,
            };
            db.insert(room).exec().unwrap();
        }
        let depends = |room: i64| {
            seen.read.take();
            let mut select = Query::select();
            select.columns(["id"]).from("messages");
            select.and_where(Expr::col("room").eq(room));
            db.query::<(i64,)>(&select).unwrap();
            seen.read.take()
        };
        let (one, two) = (depends(1), depends(2));
        let mut watched = one.clone();
        watched.read_too(&two);
        seen.watched.replace(watched);
        let touched = |rows: Result<u64>, expected: u64| {
            assert_eq!(rows.unwrap(), expected);
            let written = seen.written.take();
            [&one, &two].map(|of| !of.stale_after(&written).is_empty())
        };
        let insert = |id: i64, room: i64| {
            let mut insert = Query::insert();
            insert
                .into_table("messages")
                .columns(["id", "room", "stars"]);
            insert.values_panic([id.into(), room.into(), 0.into()]);
            db.execute(insert)
        };
        assert_eq!(touched(insert(1, 1), 1), [true, false]);
        assert_eq!(touched(insert(3, 3), 1), [false, false]);
        let update = |id: i64, column: &'static str, value: i64| {
            let mut update = Query::update();
            update.table("messages").value(column, value);
            update.and_where(Expr::col("id").eq(id));
            db.execute(update)
        };
        assert_eq!(touched(update(1, "stars", 4), 1), [true, false]);
        assert_eq!(touched(update(3, "stars", 4), 1), [false, false]);
        assert_eq!(touched(update(1, "room", 2), 1), [true, true]);
        let mut delete = Query::delete();
        delete
            .from_table("messages")
            .and_where(Expr::col("id").eq(1));
        assert_eq!(touched(db.execute(delete), 1), [false, true]);
    }
}
