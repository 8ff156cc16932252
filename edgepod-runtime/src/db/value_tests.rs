//! Values of every type: computed, as what pages are sorted by, and after triggers; with rows as values and as JSON text.

use super::{tests::on_tables, *};
use crate::{
    Code, Result,
    schema::{ColumnSchema, Default, SqlType, TableSchema},
};

pub(super) const fn column(name: &'static str, sql_type: SqlType) -> ColumnSchema {
    ColumnSchema::plain(name, sql_type)
}

const ID: ColumnSchema = ColumnSchema {
    primary_key: true,
    auto_increment: true,
    ..column("id", SqlType::Integer)
};

pub(super) const fn schema(name: &'static str, columns: &'static [ColumnSchema]) -> TableSchema {
    TableSchema {
        indexes: &[],
        full_text: false,
        renamed_from: None,
        name,
        rust_name: name,
        location: ("value_tests.rs", 1),
        columns,
    }
}

/// A table's struct as `#[edgepod::table]` would make it, which needs the facade crate.
macro_rules! table {
    ($name:ident $table:literal { $($field:ident: $ty:ty = $schema:expr),* $(,)? } new $new:ident { $($given:ident),* }) => {
        #[derive(Clone, Debug, PartialEq)]
        struct $name { $($field: $ty),* }

        #[allow(non_upper_case_globals)]
        impl $name {
            $(const $field: Column<$name, $ty> = Column::new(stringify!($field));)*
        }

        /// Not every test names every column.
        const _: () = { $(let _ = $name::$field;)* };

        impl Table for $name {
            const NAME: &'static str = $table;
            const SCHEMA: &'static TableSchema = &schema($table, &[$($schema),*]);
        }

        impl FromRow for $name {
            const WIDTH: usize = [$(stringify!($field)),*].len();

            fn from_row(row: &mut RowReader<'_>) -> Result<Self> {
                Ok(Self { $($field: row.take(stringify!($field))?),* })
            }
        }

        struct $new(Vec<Value>);

        impl Insertable for $new {
            type Table = $name;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($given)),*];

            fn into_values(self) -> Result<Vec<Value>> {
                Ok(self.0)
            }
        }
    };
}

table! {
    Gauge "gau'ges" {
        id: i64 = ID,
        tiny: i8 = column("tiny", SqlType::Integer),
        byte: u8 = column("byte", SqlType::Integer),
        small: i16 = column("small", SqlType::Integer),
        port: u16 = column("port", SqlType::Integer),
        int: i32 = column("int", SqlType::Integer),
        left: u32 = ColumnSchema { unique: true, ..column("left", SqlType::Integer) },
        big: u64 = column("big", SqlType::Integer),
        whole: i64 = column("whole", SqlType::Integer),
        exact: Int64 = column("exact", SqlType::Integer),
        ratio: f64 = column("ratio", SqlType::Real),
        half: f32 = column("half", SqlType::Real),
        perhaps: Option<i32> = ColumnSchema { nullable: true, ..column("perhaps", SqlType::Integer) },
    }
    new NewGauge { tiny, byte, small, port, int, left, big, whole, exact, ratio, half, perhaps }
}

fn gauge() -> NewGauge {
    let mut values: Vec<Value> = [
        i64::from(i8::MAX),
        i64::from(u8::MAX),
        i64::from(i16::MAX),
        i64::from(u16::MAX),
        i64::from(i32::MAX),
        0,
        0,
        i64::MAX,
        i64::MIN,
    ]
    .map(Value::Integer)
    .into();
    values.extend([
        Value::Real(f64::MAX),
        Value::Real(f32::MAX.into()),
        Value::Integer(7),
    ]);
    NewGauge(values)
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T>, column: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Code::BadRequest, "{column}: {error}");
    assert_eq!(
        error.data().unwrap()["columns"][0],
        format!("gau'ges.{column}"),
        "{error}"
    );
}

#[test]
fn what_is_computed_of_none_is_none() {
    on_tables(&[Gauge::SCHEMA], |db, _| {
        db.insert(gauge()).exec().unwrap();
        macro_rules! set {
            ($expr:expr) => {
                db.update::<Gauge>()
                    .set(Gauge::perhaps, $expr)
                    .without_where()
                    .exec()
            };
        }
        let perhaps = || db.select::<Gauge>().one().unwrap().perhaps;
        set!(None).unwrap();
        set!(Gauge::perhaps + 1).unwrap();
        assert_eq!(perhaps(), None);
        set!(5).unwrap();
        assert_eq!(perhaps(), Some(5));
        set!(Gauge::perhaps * 2 + Gauge::perhaps).unwrap();
        assert_eq!(perhaps(), Some(15));
        refused(set!(Gauge::perhaps + i32::MAX), "perhaps");
        refused(set!(Gauge::int * 2 + Gauge::perhaps), "perhaps");
        assert_eq!(perhaps(), Some(15));
        let selected = db.select::<Gauge>().columns((
            Gauge::perhaps + 1,
            Gauge::perhaps + None,
            Gauge::int - Gauge::perhaps,
        ));
        let (more, none, less): (Option<i32>, Option<i32>, Option<i32>) = selected.one().unwrap();
        assert_eq!((more, none, less), (Some(16), None, Some(i32::MAX - 15)));
        set!(Gauge::perhaps - None).unwrap();
        assert_eq!(perhaps(), None);
    });
}

#[test]
fn what_is_computed_past_a_columns_type_is_not_written() {
    on_tables(&[Gauge::SCHEMA], |db, _| {
        let before = db.insert(gauge()).returning().unwrap();
        macro_rules! past {
            ($($column:ident: $expr:expr, $fits:expr;)*) => {$(
                let update = || db.update::<Gauge>().filter(Gauge::id.eq(1));
                refused(update().set(Gauge::$column, $expr).exec(), stringify!($column));
                refused(update().set(Gauge::$column, $expr).returning(), stringify!($column));
                // An upsert that meets the row, and one that meets none.
                let upsert = db.insert(gauge()).on_conflict(Gauge::left).set(Gauge::$column, $expr);
                refused(upsert.exec(), stringify!($column));
                let many = db.insert_many([gauge()]).on_conflict(Gauge::left).set(Gauge::$column, $expr);
                refused(many.returning(), stringify!($column));
                assert_eq!(db.select::<Gauge>().one().unwrap(), before);
                // What fits is written.
                update().set(Gauge::$column, $fits).exec().unwrap();
                db.select::<Gauge>().one().unwrap();
                update().set(Gauge::$column, before.$column).exec().unwrap();
            )*};
        }
        past! {
            tiny: Gauge::tiny + 1, Gauge::tiny - 1;
            byte: Gauge::byte * 2, Gauge::byte - 255;
            small: Gauge::small + 1, Gauge::small - 1;
            port: Gauge::port + 1, Gauge::port * 0;
            int: Gauge::int + 1, Gauge::int - i32::MAX - i32::MAX;
            left: Gauge::left - 1, Gauge::left + u32::MAX;
            big: Gauge::big - 1, Gauge::big + i64::MAX as u64;
            whole: Gauge::whole + 1, Gauge::whole - i64::MAX - i64::MAX;
            exact: Gauge::exact - Int64(1), Gauge::exact + Int64(i64::MAX);
            ratio: Gauge::ratio * 2.0, Gauge::ratio * 0.5;
            half: Gauge::half * 2.0, Gauge::half * 0.5;
            perhaps: Gauge::int + 1, Gauge::int - 1;
        }
        // By way of floats and back it would have other digits.
        let detour = Gauge::whole + 1 - 1000;
        refused(
            db.update::<Gauge>()
                .set(Gauge::whole, detour)
                .without_where()
                .exec(),
            "whole",
        );
        // Infinity less infinity is no number.
        let nan = Gauge::ratio * 2.0 - Gauge::ratio * 2.0;
        refused(
            db.update::<Gauge>()
                .set(Gauge::ratio, nan)
                .without_where()
                .exec(),
            "ratio",
        );
    });
}

table! {
    Parcel "parcels" {
        id: i64 = ID,
        digest: Bytes = column("digest", SqlType::Blob),
        label: Option<Bytes> = ColumnSchema { nullable: true, ..column("label", SqlType::Blob) },
        text: String = column("text", SqlType::Text),
        weight: f64 = column("weight", SqlType::Real),
    }
    new NewParcel { digest, label, text, weight }
}

fn parcel(n: u8) -> NewParcel {
    NewParcel(vec![
        Value::Blob(vec![n / 2, 0xff]),
        match n % 3 {
            0 => Value::Null,
            n => Value::Blob(vec![n]),
        },
        // Longer than any index would hold, and alike for long.
        Value::Text(format!("{}{}\0\"\\", "ä\u{1}".repeat(4000), n / 2)),
        Value::Real(f64::from(n / 2) / 3.0),
    ])
}

/// All pages of two, which must end.
fn pages<T>(page: impl Fn(Option<&str>) -> Result<Page<T>>) -> Vec<T> {
    let mut all = Vec::new();
    let mut cursor = None;
    for _ in 0..50 {
        let page = page(cursor.as_deref()).unwrap();
        all.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
    panic!("the pages do not end");
}

#[test]
fn pages_follow_columns_of_every_storage() {
    on_tables(&[Parcel::SCHEMA], |db, _| {
        db.insert_many((0..9).map(parcel)).exec().unwrap();
        macro_rules! sorted {
            ($($column:ident)*) => {$(
                for descending in [false, true] {
                    // Of rows and of what is selected the order is of two types.
                    macro_rules! order { () => { match descending {
                        false => Parcel::$column.asc(),
                        true => Parcel::$column.desc(),
                    } } }
                    let all = db.select::<Parcel>().order_by(order!()).order_by(Parcel::id.asc()).all().unwrap();
                    let paged = pages(|cursor| db.select::<Parcel>().order_by(order!()).page(cursor, 2));
                    assert_eq!(paged, all, "{}", stringify!($column));
                    // Groups, distinct values, and what is sorted by beside what is selected.
                    let groups = pages(|cursor| {
                        let columns = db.select::<Parcel>().columns((Parcel::$column, count()));
                        columns.group_by(Parcel::$column).order_by(order!()).page(cursor, 2)
                    });
                    let distinct = pages(|cursor| {
                        db.select::<Parcel>().columns(Parcel::$column).distinct().order_by(order!()).page(cursor, 2)
                    });
                    let mut once: Vec<_> = all.iter().map(|row| row.$column.clone()).collect();
                    once.dedup();
                    assert_eq!(distinct, once, "{}", stringify!($column));
                    assert_eq!(groups.iter().map(|(value, _)| value.clone()).collect::<Vec<_>>(), once);
                    assert_eq!(groups.iter().map(|(_, n)| n).sum::<i64>(), 9);
                    let ids = pages(|cursor| {
                        db.select::<Parcel>().columns(Parcel::id).order_by(order!()).page(cursor, 2)
                    });
                    assert_eq!(ids, all.iter().map(|row| row.id).collect::<Vec<_>>());
                }
            )*};
        }
        sorted!(id digest label text weight);
    });
}

#[test]
fn more_rows_than_a_statement_returns_are_read_in_parts() {
    on_tables(&[Parcel::SCHEMA], |db, _| {
        for part in 0..3 {
            let rows = (0..900).map(|n| {
                NewParcel(vec![
                    Value::Blob(vec![part, (n % 7) as u8]),
                    Value::Null,
                    Value::Text("x".to_owned()),
                    Value::Real(1.0),
                ])
            });
            db.insert_many(rows).exec().unwrap();
        }
        let ids = |size| -> Vec<Vec<i64>> {
            db.select::<Parcel>()
                .order_by(Parcel::digest.asc())
                .chunks(size)
                .map(|part| part.unwrap().iter().map(|parcel| parcel.id).collect())
                .collect()
        };
        let sizes = |parts: &[Vec<i64>]| parts.iter().map(Vec::len).collect::<Vec<_>>();
        let parts = ids(1000);
        assert_eq!(sizes(&parts), [1000, 1000, 700]);
        let mut all = parts.concat();
        assert_eq!(ids(500).concat(), all);
        // More than one statement returns is as many as it does.
        assert_eq!(sizes(&ids(100_000)), [1000, 1000, 700]);
        all.sort_unstable();
        assert!(all.into_iter().eq(1..=2700));
        // Rows that are deleted as they are read shift nothing.
        let mut seen = 0;
        for part in db.select::<Parcel>().chunks(300) {
            for parcel in part.unwrap() {
                seen += 1;
                let gone = db.delete::<Parcel>().filter(Parcel::id.eq(parcel.id));
                assert_eq!(gone.exec().unwrap(), 1);
            }
        }
        assert_eq!(seen, 2700);
        assert_eq!(db.select::<Parcel>().chunks(5).count(), 0);
        // What is wrong is said once.
        let mut wrong = db.select::<Parcel>().limit(5).chunks(5);
        assert!(wrong.next().unwrap().is_err());
        assert!(wrong.next().is_none());
        let mut wrong = db.select::<Parcel>().columns(count()).chunks(5);
        assert!(wrong.next().unwrap().is_err());
        assert!(wrong.next().is_none());
    });
}

/// A table of as many columns as the platform has.
#[derive(Debug, PartialEq)]
struct Wide(Vec<i64>);

impl Wide {
    const ID: Column<Wide, i64> = Column::new("c0");
    const LAST: Column<Wide, i64> = Column::new("c99");
}

impl Table for Wide {
    const NAME: &'static str = "wide";
    const SCHEMA: &'static TableSchema = &schema("wide", &WIDE);
}

const WIDE: [ColumnSchema; 100] = {
    const TENS: [[&str; 10]; 10] = [
        ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"],
        [
            "c10", "c11", "c12", "c13", "c14", "c15", "c16", "c17", "c18", "c19",
        ],
        [
            "c20", "c21", "c22", "c23", "c24", "c25", "c26", "c27", "c28", "c29",
        ],
        [
            "c30", "c31", "c32", "c33", "c34", "c35", "c36", "c37", "c38", "c39",
        ],
        [
            "c40", "c41", "c42", "c43", "c44", "c45", "c46", "c47", "c48", "c49",
        ],
        [
            "c50", "c51", "c52", "c53", "c54", "c55", "c56", "c57", "c58", "c59",
        ],
        [
            "c60", "c61", "c62", "c63", "c64", "c65", "c66", "c67", "c68", "c69",
        ],
        [
            "c70", "c71", "c72", "c73", "c74", "c75", "c76", "c77", "c78", "c79",
        ],
        [
            "c80", "c81", "c82", "c83", "c84", "c85", "c86", "c87", "c88", "c89",
        ],
        [
            "c90", "c91", "c92", "c93", "c94", "c95", "c96", "c97", "c98", "c99",
        ],
    ];
    let mut columns = [ID; 100];
    let mut i = 0;
    while i < 100 {
        columns[i] = column(TENS[i / 10][i % 10], SqlType::Integer);
        columns[i].primary_key = i == 0;
        i += 1;
    }
    columns
};

impl FromRow for Wide {
    const WIDTH: usize = 100;

    fn from_row(row: &mut RowReader<'_>) -> Result<Self> {
        (0..100)
            .map(|_| row.take("c"))
            .collect::<Result<_>>()
            .map(Self)
    }
}

impl Insertable for Wide {
    type Table = Wide;
    const COLUMNS: &'static [&'static str] = &{
        let mut names = [""; 100];
        let mut i = 0;
        while i < 100 {
            names[i] = WIDE[i].name;
            i += 1;
        }
        names
    };

    fn into_values(self) -> Result<Vec<Value>> {
        Ok(self.0.into_iter().map(Value::Integer).collect())
    }
}

#[test]
fn a_table_of_a_hundred_columns_has_pages() {
    on_tables(&[Wide::SCHEMA], |db, _| {
        let row = |n: i64| Wide((0..100).map(|c| if c == 0 { n } else { n % 3 }).collect());
        db.insert_many((0..7).map(row)).exec().unwrap();
        let ids = |rows: Vec<Wide>| rows.iter().map(|row| row.0[0]).collect::<Vec<_>>();
        let by_last = pages(|cursor| {
            db.select::<Wide>()
                .order_by(Wide::LAST.asc())
                .page(cursor, 2)
        });
        assert_eq!(ids(by_last), [0, 3, 6, 1, 4, 2, 5]);
        // What it is sorted by is one column more than there may be.
        let computed = pages(|cursor| {
            let order = (Wide::LAST * 10 - Wide::ID).desc();
            db.select::<Wide>().order_by(order).page(cursor, 2)
        });
        assert_eq!(ids(computed), [2, 5, 1, 4, 0, 3, 6]);
    });
}

table! {
    Counter "counters" {
        id: i64 = ID,
        hits: i64 = ColumnSchema { default: Some(Default::Integer(3)), ..column("hits", SqlType::Integer) },
    }
    new NewCounter { }
}

table! {
    Setting "settings" {
        name: String = ColumnSchema {
            primary_key: true,
            default: Some(Default::Text("it's")),
            ..column("name", SqlType::Text)
        },
        raw: Bytes = ColumnSchema { default: Some(Default::Blob(&[0, 255])), ..column("raw", SqlType::Blob) },
    }
    new NewSetting { }
}

#[test]
fn a_row_that_the_database_fills_alone_is_inserted_in_every_way() {
    on_tables(&[Counter::SCHEMA, Setting::SCHEMA], |db, _| {
        let new = || NewCounter(Vec::new());
        assert_eq!(
            db.insert(new()).returning().unwrap(),
            Counter { id: 1, hits: 3 }
        );
        let inserted = db
            .insert(new())
            .on_conflict(Counter::id)
            .do_nothing()
            .returning();
        assert_eq!(inserted.unwrap(), [Counter { id: 2, hits: 3 }]);
        let many = db.insert_many([new(), new()]).returning().unwrap();
        assert_eq!(many.iter().map(|row| row.id).collect::<Vec<_>>(), [3, 4]);

        let new = || NewSetting(Vec::new());
        let first = db.insert(new()).returning().unwrap();
        assert_eq!((first.name.as_str(), &*first.raw), ("it's", &[0, 255][..]));
        let again = db
            .insert(new())
            .on_conflict(Setting::name)
            .do_nothing()
            .exec();
        assert_eq!(again.unwrap(), 0);
        let raw = Bytes::from(b"1");
        let updated = db
            .insert(new())
            .on_conflict(Setting::name)
            .set(Setting::raw, &raw)
            .returning();
        assert_eq!(updated.unwrap().raw, raw);
        assert_eq!(db.insert(new()).exec().unwrap_err().code(), Code::Conflict);
        let many = db
            .insert_many([new(), new()])
            .on_conflict(Setting::name)
            .do_nothing()
            .exec();
        assert_eq!(many.unwrap(), 0);
    });
}

table! {
    Article "articles" {
        id: i64 = ID,
        heading: String = ColumnSchema { unique: true, ..column("heading", SqlType::Text) },
        words: Option<i64> = ColumnSchema { nullable: true, ..column("words", SqlType::Integer) },
    }
    new NewArticle { heading }
}

table! {
    Part "parts" {
        article: i64 = ColumnSchema { primary_key: true, ..column("article", SqlType::Integer) },
        name: String = ColumnSchema { primary_key: true, ..column("name", SqlType::Text) },
        digest: Bytes = column("digest", SqlType::Blob),
    }
    new NewPart { article, name, digest }
}

fn article(heading: &str) -> NewArticle {
    NewArticle(vec![Value::Text(heading.to_owned())])
}

#[test]
fn returning_gives_rows_as_triggers_leave_them() {
    on_tables(&[Article::SCHEMA, Part::SCHEMA], |db, _| {
        let run = |sql: &str| db.raw().run(sql, &[]).unwrap();
        for event in ["INSERT", "UPDATE OF heading"] {
            run(&format!(
                "CREATE TRIGGER \"after {event}\" AFTER {event} ON articles BEGIN
                    UPDATE articles SET words = length(NEW.heading) WHERE id = NEW.id; END"
            ));
        }
        let words = |rows: &[Article]| rows.iter().map(|row| row.words).collect::<Vec<_>>();
        let one = db.insert(article("abc")).returning().unwrap();
        assert_eq!((one.id, one.words), (1, Some(3)));
        let many = db
            .insert_many(["d", "ef"].map(article))
            .returning()
            .unwrap();
        assert_eq!(words(&many), [Some(1), Some(2)]);
        let update = |heading: &str| {
            let update = db.update::<Article>().set(Article::heading, heading);
            update.filter(Article::id.eq(1)).returning().unwrap()
        };
        assert_eq!(words(&update("abcdef")), [Some(6)]);
        let upsert = db
            .insert_many(["ef", "new", "ef"].map(article))
            .on_conflict(Article::heading)
            .set(Article::heading, "longer than that")
            .returning();
        // The third is what the first has left free.
        let upserted = upsert.unwrap();
        assert_eq!(words(&upserted), [Some(16), Some(3), Some(2)]);
        assert_eq!(upserted[0].id, 3);
        let kept = db
            .insert(article("new"))
            .on_conflict(Article::heading)
            .do_nothing()
            .returning();
        assert_eq!(words(&kept.unwrap()), []);
        // What is deleted is returned as it was.
        let gone = db
            .delete::<Article>()
            .filter(Article::id.eq(1))
            .returning()
            .unwrap();
        assert_eq!(words(&gone), [Some(6)]);

        // A key of several columns, and a trigger that takes a row away.
        run(
            "CREATE TRIGGER part AFTER INSERT ON parts WHEN NEW.digest <> x'' BEGIN
                UPDATE parts SET digest = x'01ff' WHERE article = NEW.article AND name = NEW.name;
                DELETE FROM parts WHERE name = 'gone'; END",
        );
        let part = |name: &str| {
            NewPart(vec![
                Value::Integer(7),
                Value::Text(name.to_owned()),
                Value::Blob(vec![1]),
            ])
        };
        let parts = db
            .insert_many(["a\0", "gone", "b"].map(part))
            .returning()
            .unwrap();
        let parts: Vec<_> = parts
            .iter()
            .map(|part| (part.name.as_str(), &part.digest[..]))
            .collect();
        assert_eq!(parts, [("a\0", &b"\x01\xff"[..]), ("b", &b"\x01\xff"[..])]);
        let gone = db.insert(part("gone")).returning().unwrap_err();
        assert!(gone.message().contains("no longer there"), "{gone}");
    });
}

#[test]
fn a_conflict_over_an_expression_names_the_index() {
    on_tables(&[Article::SCHEMA], |db, _| {
        let run = |sql: &str| db.raw().run(sql, &[]).unwrap();
        run("CREATE UNIQUE INDEX articles_lower ON articles (lower(heading))");
        db.insert(article("abc")).exec().unwrap();
        let error = db.insert(article("ABC")).exec().unwrap_err();
        assert_eq!(error.code(), Code::Conflict);
        assert_eq!(error.data().unwrap()["index"], "articles_lower", "{error}");
    });
}
