//! The builder on a real SQLite, with rows as values and as JSON text.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use sea_query::{Expr, ExprTrait, Query};

use super::*;
use crate::{
    Code, Result,
    schema::{ColumnSchema, SqlType, TableSchema, create_statements},
    testing::memory_database,
    tracking::{Footprint, Tracker},
};

pub(super) struct Host {
    pub(super) database: Arc<dyn Database>,
    pub(super) format: RowFormat,
}

impl Database for Host {
    fn row_format(&self) -> RowFormat {
        self.format
    }

    fn run(&self, sql: &str, params: &[Value]) -> std::result::Result<Output, SqlError> {
        self.database.run(sql, params)
    }

    fn run_json(&self, sql: &str, params: &[Value]) -> std::result::Result<JsonOutput, SqlError> {
        self.database.run_json(sql, params)
    }
}

#[derive(Default)]
pub(super) struct Warnings(pub(super) RefCell<Vec<String>>);

impl Observer for Warnings {
    fn read(&self, _: &Footprint) {}
    fn wrote(&self, _: &Footprint) {}
    fn warn(&self, warning: String) {
        self.0.borrow_mut().push(warning);
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Item {
    id: i64,
    name: String,
    note: Option<String>,
    price: f64,
    stock: i64,
}

#[allow(non_upper_case_globals)]
impl Item {
    const id: Column<Item, i64> = Column::new("id");
    const name: Column<Item, String> = Column::new("name");
    const note: Column<Item, Option<String>> = Column::new("note");
    const price: Column<Item, f64> = Column::new("price");
    const stock: Column<Item, i64> = Column::new("stock");
}

const fn column(name: &'static str, sql_type: SqlType) -> ColumnSchema {
    ColumnSchema::plain(name, sql_type)
}

impl Table for Item {
    const NAME: &'static str = "items";
    const SCHEMA: &'static TableSchema = &TableSchema {
        indexes: &[],
        full_text: false,
        renamed_from: None,
        name: "items",
        rust_name: "Item",
        location: ("tests.rs", 1),
        columns: &[
            ColumnSchema {
                primary_key: true,
                ..column("id", SqlType::Integer)
            },
            ColumnSchema {
                unique: true,
                ..column("name", SqlType::Text)
            },
            ColumnSchema {
                nullable: true,
                ..column("note", SqlType::Text)
            },
            column("price", SqlType::Real),
            column("stock", SqlType::Integer),
        ],
    };
}

impl FromRow for Item {
    const WIDTH: usize = 5;

    fn from_row(row: &mut RowReader<'_>) -> Result<Self> {
        Ok(Self {
            id: row.take("id")?,
            name: row.take("name")?,
            note: row.take("note")?,
            price: row.take("price")?,
            stock: row.take("stock")?,
        })
    }
}

impl Insertable for Item {
    type Table = Item;
    const COLUMNS: &'static [&'static str] = &["id", "name", "note", "price", "stock"];

    fn into_values(self) -> Result<Vec<Value>> {
        Ok(vec![
            self.id.into_value()?,
            self.name.into_value()?,
            self.note.into_value()?,
            self.price.into_value()?,
            self.stock.into_value()?,
        ])
    }
}

fn item(id: i64) -> Item {
    Item {
        id,
        name: format!("item {id}"),
        note: (id % 2 == 0).then(|| format!("note {id}")),
        price: id as f64,
        stock: id * 10,
    }
}

/// Runs the test on an empty database in both formats.
fn on_both(test: impl Fn(&Db, &Warnings)) {
    on_tables(&[Item::SCHEMA], test);
}

/// Runs the test on a database with these tables, in both formats.
pub(super) fn on_tables(tables: &[&'static TableSchema], test: impl Fn(&Db, &Warnings)) {
    for format in [RowFormat::Values, RowFormat::Json] {
        let database = memory_database();
        for sql in tables
            .iter()
            .flat_map(|table| create_statements(&crate::schema::Table::from(*table)))
        {
            database.run(&sql, &[]).unwrap();
        }
        let observer = Rc::new(Warnings::default());
        let db = Db::new(Connection::new(
            Arc::new(Host { database, format }),
            Arc::new(Tracker::default()),
            observer.clone(),
            Access::Write,
        ));
        test(&db, &observer);
    }
}

fn ids(items: &[Item]) -> Vec<i64> {
    items.iter().map(|item| item.id).collect()
}

#[test]
fn a_thousand_rows_go_in_at_once_and_a_thousand_values_in_a_list() {
    on_both(|db, warnings| {
        let items: Vec<_> = (1..=1000).map(item).collect();
        assert_eq!(db.insert_many(items.clone()).returning().unwrap(), items);
        let found = db
            .select::<Item>()
            .filter(Item::id.is_in(1..=1000))
            .all()
            .unwrap();
        assert_eq!(found, items);
        assert_eq!(warnings.0.borrow().len(), 1);
        assert_eq!(
            db.select::<Item>()
                .filter(Item::id.not_in(2..=1000))
                .all()
                .unwrap(),
            [item(1)]
        );
        assert!(
            db.select::<Item>()
                .filter(Item::id.is_in([0_i64; 0]))
                .all()
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn more_than_a_thousand_rows_are_refused_before_any_is_inserted() {
    on_both(|db, _| {
        let error = db.insert_many((1..=1001).map(item)).exec().unwrap_err();
        assert_eq!(error.code(), Code::BadRequest);
        assert_eq!(db.select::<Item>().count().unwrap(), 0);
        assert_eq!(db.insert_many(Vec::<Item>::new()).exec().unwrap(), 0);
    });
}

#[test]
fn odd_values_of_many_rows_come_back_as_they_went_in() {
    on_both(|db, _| {
        let odd = [
            ("", 0.0, i64::MIN),
            ("a\0b", -0.5, i64::MAX),
            ("\u{1F980} \"quoted\" '", 1e308, (1 << 53) + 1),
            ("[1]", 0.1, 0),
            ("null", 3.0, 1),
        ];
        let items: Vec<_> = (1..)
            .zip(odd)
            .map(|(id, (name, price, stock))| Item {
                id,
                name: name.into(),
                note: None,
                price,
                stock,
            })
            .collect();
        db.insert_many(items.clone()).exec().unwrap();
        assert_eq!(
            db.select::<Item>().order_by(Item::id.asc()).all().unwrap(),
            items
        );
        let names: Vec<_> = items.iter().map(|item| item.name.clone()).collect();
        let found = db
            .select::<Item>()
            .filter(Item::name.is_in(&names))
            .order_by(Item::id.asc());
        assert_eq!(found.all().unwrap(), items);
    });
}

#[test]
fn a_list_of_borrowed_texts_is_a_list_of_texts() {
    on_both(|db, _| {
        db.insert_many((1..=3).map(item)).exec().unwrap();
        let names = db.select::<Item>().columns(Item::name).all().unwrap();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let found = db.select::<Item>().filter(Item::name.is_in(&names[..2]));
        assert_eq!(found.count().unwrap(), 2);
        #[expect(
            clippy::needless_borrows_for_generic_args,
            reason = "a borrowed list is what many write"
        )]
        let noted = Item::note.is_in(&["note 2", "none"]);
        assert_eq!(db.select::<Item>().filter(noted).count().unwrap(), 1);
        let note = Some("note 2".to_owned());
        let noted = Item::note.eq(&note);
        assert_eq!(db.select::<Item>().filter(noted).count().unwrap(), 1);
    });
}

#[test]
fn filters_and_orders() {
    on_both(|db, _| {
        db.insert_many((1..=6).map(item)).exec().unwrap();
        let all = |filter| {
            ids(&db
                .select::<Item>()
                .filter(filter)
                .order_by(Item::id.asc())
                .all()
                .unwrap())
        };
        assert_eq!(all(Item::id.between(2, 4)), [2, 3, 4]);
        assert_eq!(all(Item::note.is_null()), [1, 3, 5]);
        assert_eq!(all(!Item::note.is_null().or(Item::id.eq(2))), [4, 6]);
        assert_eq!(all(Item::name.like("%M 3")), [3]);
        assert_eq!(all(Item::name.contains("m 4")), [4]);
        assert_eq!(all(Item::name.contains("%")), [0_i64; 0]);
        assert_eq!(all(Item::name.starts_with("item")), [1, 2, 3, 4, 5, 6]);
        assert_eq!(all(Item::stock.gt(Item::id * 10)), [0_i64; 0]);
        assert_eq!(all(Item::stock.eq(Item::id * 9 + 2)), [2]);
        let by_note = db
            .select::<Item>()
            .order_by(Item::note.desc().nulls_first())
            .order_by(Item::id.desc());
        assert_eq!(ids(&by_note.all().unwrap()), [5, 3, 1, 6, 4, 2]);
        let long = db
            .select::<Item>()
            .filter(Item::name.like(&"x".repeat(51)))
            .all();
        assert_eq!(long.unwrap_err().code(), Code::BadRequest);
    });
}

#[test]
fn an_update_counts_on_and_an_overflow_changes_nothing() {
    on_both(|db, _| {
        db.insert(item(1)).exec().unwrap();
        let add = |n: i64| {
            db.update::<Item>()
                .set(Item::stock, Item::stock + n)
                .filter(Item::id.eq(1))
                .returning()
        };
        assert_eq!(add(5).unwrap()[0].stock, 15);
        assert!(add(i64::MAX).is_err());
        assert_eq!(db.select::<Item>().one().unwrap().stock, 15);
    });
}

#[test]
fn an_upsert_updates_or_leaves_the_row_that_is_there() {
    on_both(|db, _| {
        db.insert(item(1)).exec().unwrap();
        let other = Item {
            price: 99.0,
            ..item(1)
        };
        let kept = db
            .insert(other.clone())
            .on_conflict(Item::name)
            .do_nothing()
            .returning()
            .unwrap();
        // The primary key collides too, and SQLite takes the first that it finds.
        assert!(kept.is_empty());
        let updated = db
            .insert(other)
            .on_conflict(Item::id)
            .update(Item::price)
            .set(Item::stock, Item::stock + 1)
            .returning()
            .unwrap();
        assert_eq!((updated.price, updated.stock), (99.0, 11));
        let many = db
            .insert_many((1..=3).map(item))
            .on_conflict(Item::id)
            .do_nothing();
        assert_eq!(many.exec().unwrap(), 2);
        let nothing = db.insert(item(1)).on_conflict(Item::id).exec();
        assert!(nothing.unwrap_err().message().contains(".do_nothing()"));
        let no_number = db
            .insert(item(1))
            .on_conflict(Item::id)
            .set(Item::price, f64::NAN);
        assert_eq!(
            no_number.exec().unwrap_err().code(),
            crate::Code::BadRequest
        );
    });
}

/// A value as sea-query has it.
fn parameter(value: Value) -> Expr {
    Expr::Value(match value {
        Value::Null => sea_query::Value::String(None),
        Value::Integer(n) => n.into(),
        Value::Real(x) => x.into(),
        Value::Text(text) => text.into(),
        Value::Blob(bytes) => bytes.into(),
    })
}

#[test]
fn statements_of_sea_query_run_under_the_same_guards() {
    on_both(|db, warnings| {
        db.insert_many((1..=1000).map(item)).exec().unwrap();
        let mut insert = Query::insert()
            .into_table("items")
            .columns(Item::COLUMNS.iter().copied())
            .to_owned();
        for id in 1001..=1100 {
            insert.values_panic(item(id).into_values().unwrap().into_iter().map(parameter));
        }
        // 500 parameters: five times what the platform binds.
        assert_eq!(db.execute(insert).unwrap(), 100);
        assert_eq!(
            db.select::<Item>().filter(Item::id.eq(1099)).one().unwrap(),
            item(1099)
        );
        let select = Query::select()
            .columns(["id", "note"])
            .from("items")
            .order_by("id", sea_query::Order::Desc)
            .to_owned();
        let rows = db.query::<(i64, Option<String>)>(&select).unwrap();
        assert_eq!(rows.len(), 1000);
        assert_eq!(rows[0], (1100, Some("note 1100".into())));
        assert_eq!(warnings.0.borrow().len(), 1);

        let all = Query::delete().from_table("items").to_owned();
        assert!(
            db.execute(all.clone())
                .unwrap_err()
                .message()
                .contains("without_where")
        );
        assert_eq!(db.select::<Item>().count().unwrap(), 1100);
        let some = all.clone().and_where(Expr::col("id").gt(100)).to_owned();
        assert_eq!(db.execute(some).unwrap(), 1000);
        assert_eq!(db.execute(without_where(all)).unwrap(), 100);
    });
}

#[test]
fn what_the_platform_would_refuse_is_refused_before_it_runs() {
    on_both(|db, _| {
        let huge = Item {
            name: "x".repeat(2_000_001),
            ..item(1)
        };
        assert_eq!(
            db.insert(huge.clone()).exec().unwrap_err().code(),
            Code::BadRequest
        );
        assert_eq!(
            db.insert_many([huge]).exec().unwrap_err().code(),
            Code::BadRequest
        );
        let long = Query::select()
            .expr(Expr::cust(format!("'{}'", "x".repeat(100_000))))
            .to_owned();
        assert!(
            db.query::<(String,)>(&long)
                .unwrap_err()
                .message()
                .contains("100000")
        );
        let nan = Item {
            price: f64::NAN,
            ..item(1)
        };
        assert_eq!(db.insert(nan).exec().unwrap_err().code(), Code::BadRequest);
        assert_eq!(db.select::<Item>().count().unwrap(), 0);
    });
}
