//! Conditions, however they are joined, negated and lengthened. That they mean what a model in Rust says is asked on each host:
//! `tests/faults/conditions.rs`.

use sea_query::{Cond, Condition, Expr, ExprTrait, Query};

use super::{tests::on_tables, *};
use crate::{
    Code, Result,
    schema::{ColumnSchema, SqlType, TableSchema},
};

/// A row with two columns that may be NULL, one that may not, and text.
#[derive(Clone, Debug, PartialEq)]
struct Cell {
    id: i64,
    a: Option<i64>,
    b: Option<i64>,
    c: i64,
    t: Option<String>,
}

#[allow(non_upper_case_globals)]
impl Cell {
    const id: Column<Cell, i64> = Column::new("id");
    const a: Column<Cell, Option<i64>> = Column::new("a");
    const b: Column<Cell, Option<i64>> = Column::new("b");
    const c: Column<Cell, i64> = Column::new("c");
    const t: Column<Cell, Option<String>> = Column::new("t");
}

const fn column(name: &'static str, sql_type: SqlType, nullable: bool) -> ColumnSchema {
    ColumnSchema {
        nullable,
        ..ColumnSchema::plain(name, sql_type)
    }
}

impl Table for Cell {
    const NAME: &'static str = "cells";
    const SCHEMA: &'static TableSchema = &TableSchema {
        indexes: &[],
        full_text: false,
        renamed_from: None,
        name: "cells",
        rust_name: "Cell",
        location: ("clause_tests.rs", 1),
        columns: &[
            ColumnSchema {
                primary_key: true,
                ..column("id", SqlType::Integer, false)
            },
            ColumnSchema {
                index: true,
                ..column("a", SqlType::Integer, true)
            },
            column("b", SqlType::Integer, true),
            ColumnSchema {
                index: true,
                ..column("c", SqlType::Integer, false)
            },
            column("t", SqlType::Text, true),
        ],
    };
}

impl FromRow for Cell {
    const WIDTH: usize = 5;

    fn from_row(row: &mut RowReader<'_>) -> Result<Self> {
        Ok(Self {
            id: row.take("id")?,
            a: row.take("a")?,
            b: row.take("b")?,
            c: row.take("c")?,
            t: row.take("t")?,
        })
    }
}

impl Insertable for Cell {
    type Table = Cell;
    const COLUMNS: &'static [&'static str] = &["id", "a", "b", "c", "t"];

    fn into_values(self) -> Result<Vec<Value>> {
        Ok(vec![
            self.id.into_value()?,
            self.a.into_value()?,
            self.b.into_value()?,
            self.c.into_value()?,
            self.t.into_value()?,
        ])
    }
}

/// Rows with NULL, 0 and 1 in every combination, and texts with what a pattern or a text of C may take for something else.
fn cells() -> Vec<Cell> {
    let numbers = [None, Some(0), Some(1)];
    let texts = [
        None,
        Some(""),
        Some("ab"),
        Some("xAb"),
        Some("a\0b"),
        Some("\0"),
        Some("a%_\\b"),
    ];
    (0..18)
        .map(|id: usize| Cell {
            id: id as i64,
            a: numbers[id / 6],
            b: numbers[id / 2 % 3],
            c: id as i64 % 2,
            t: texts[id % texts.len()].map(str::to_owned),
        })
        .collect()
}

fn on_cells(test: impl Fn(&Db, &[Cell])) {
    on_tables(&[Cell::SCHEMA], |db, _| {
        let cells = cells();
        db.insert_many(cells.clone()).exec().unwrap();
        test(db, &cells);
    });
}

#[test]
fn a_list_of_conditions_may_be_long_and_is_one_parameter_where_it_is_about_one_column() {
    on_cells(|db, cells| {
        let count = |predicate| db.select::<Cell>().filter(predicate).count();
        let all_of_them = cells.len() as u64;
        for n in [99_i64, 1000, 20_000] {
            assert_eq!(
                count(any((0..n).map(|id| Cell::id.eq(id)))).unwrap(),
                all_of_them
            );
            assert_eq!(count(all((0..n).map(|id| Cell::id.ne(id)))).unwrap(), 0);
            assert_eq!(count(!any((1..n).map(|id| Cell::id.eq(id)))).unwrap(), 1);
            let chain = (1..n).fold(Cell::id.eq(0), |chain, id| chain.or(Cell::id.eq(id)));
            assert_eq!(count(chain).unwrap(), all_of_them);
            let chain = (1..n).fold(Cell::id.eq(0), |chain, id| Cell::id.eq(id).or(chain));
            assert_eq!(count(chain).unwrap(), all_of_them);
            let chain = (1..n).fold(Cell::id.ne(0), |chain, id| chain.and(Cell::id.ne(id)));
            assert_eq!(count(chain).unwrap(), 0);
            let filters = (0..std::cmp::min(n, 1000)).fold(db.select::<Cell>(), |select, id| {
                select.filter(Cell::id.lt(100 + id))
            });
            assert_eq!(filters.count().unwrap(), all_of_them);
        }
        // Of several columns, a thousand.
        let pairs = |n: i64| (0..n).map(|id| Cell::id.eq(id).and(Cell::c.ge(0)));
        assert_eq!(count(any(pairs(1000))).unwrap(), all_of_them);
        assert_eq!(count(!any(pairs(1000))).unwrap(), 0);
        for error in [
            count(any(pairs(1001))).unwrap_err(),
            count(any(pairs(100_000))).unwrap_err(),
            db.delete::<Cell>()
                .filter(any(pairs(100_000)))
                .exec()
                .unwrap_err(),
        ] {
            assert_eq!(error.code(), Code::BadRequest);
            assert!(error.message().contains("1000 conditions"), "{error}");
        }
        let too_long = count(any(
            (0..1000).map(|n| Cell::t.contains(&format!("{n:0>99}\0")))
        ))
        .unwrap_err();
        assert_eq!(too_long.code(), Code::BadRequest, "{too_long}");
    });
}

#[test]
fn what_nests_too_deep_is_refused_before_it_is_written() {
    on_cells(|db, cells| {
        let nested = |levels: i64| {
            (0..levels).fold(Cell::id.ge(0), |inner, level| match level % 2 {
                0 => inner.and(Cell::c.ge(-level)),
                _ => inner.or(Cell::c.lt(-level)),
            })
        };
        let count = |predicate| db.select::<Cell>().filter(predicate).count();
        let refused = |result: Result<u64>| {
            let error = result.unwrap_err();
            assert_eq!(error.code(), Code::BadRequest, "{error}");
            assert!(error.message().contains("100 levels"), "{error}");
        };
        // As deep as is allowed is not too deep for SQLite.
        let deepest = (1..)
            .find(|levels| nested(*levels).clause.is_err())
            .unwrap()
            - 1;
        assert!(deepest > 70, "{deepest}");
        assert_eq!(count(nested(deepest)).unwrap(), cells.len() as u64);
        assert_eq!(count(!nested(deepest)).unwrap(), 0);
        let update = db.update::<Cell>().set(Cell::c, 1).filter(nested(deepest));
        assert_eq!(update.exec().unwrap(), cells.len() as u64);
        refused(count(nested(deepest + 1)));
        refused(count(nested(100_000)));
        refused(db.delete::<Cell>().filter(!nested(5000)).exec());

        let sum = |n: i64| (1..n).fold(Cell::c + 0, |sum, _| sum + 0);
        assert_eq!(count((sum(80)).ge(0)).unwrap(), cells.len() as u64);
        refused(count(sum(100_000).ge(0)));
        refused(db.select::<Cell>().order_by(sum(5000).asc()).count());
        let set = db.update::<Cell>().set(Cell::c, sum(5000));
        refused(set.filter(Cell::id.eq(1)).exec());
        refused(
            db.select::<Cell>()
                .columns(sum(5000))
                .all()
                .map(|rows| rows.len() as u64),
        );
    });
}

#[test]
fn conditions_of_sea_query_are_flat_too_and_refused_where_they_nest_too_deep() {
    on_cells(|db, cells| {
        let query = |condition: Condition| {
            let select = Query::select()
                .column("id")
                .from("cells")
                .cond_where(condition)
                .take();
            db.query::<(i64,)>(&select).map(|rows| rows.len())
        };
        let eq = |id: i64| Expr::col("id").eq(id);
        let everything = cells.len();
        for n in [99, 1000] {
            let any = (0..n).fold(Cond::any(), |any, id| any.add(eq(id)));
            assert_eq!(query(any.clone()).unwrap(), everything);
            assert_eq!(query(Cond::all().add(any.clone()).add(eq(1))).unwrap(), 1);
            assert_eq!(query(any.not()).unwrap(), 0);
        }
        let or = (1..300).fold(eq(0), |or, id| or.or(eq(id)));
        assert_eq!(query(or.into()).unwrap(), everything);
        let or = (1..300).fold(eq(0), |or, id| eq(id).or(or));
        assert_eq!(query(or.into()).unwrap(), everything);
        let between = Expr::col("id").between(1, 3).and(eq(2).or(eq(3)));
        assert_eq!(query(between.into()).unwrap(), 2);

        let refused = |result: Result<usize>, words: &str| {
            let error = result.unwrap_err();
            assert_eq!(error.code(), Code::BadRequest, "{error}");
            assert!(error.message().contains(words), "{error}");
        };
        let flat = |n: i64| (0..n).fold(Cond::any(), |any, id| any.add(eq(id)));
        refused(query(flat(1001)), "1000 conditions");
        refused(query(flat(100_000)), "1000 conditions");
        refused(
            query(Cond::all().add(flat(100_000)).add(eq(1))),
            "1000 conditions",
        );
        refused(
            query((1..3000).fold(eq(0), |or, id| or.or(eq(id))).into()),
            "100 levels",
        );
        let mut sorted = Query::select().column("id").from("cells").take();
        sorted.order_by_expr(
            (1..1000).fold(Expr::col("id"), |sum, _| sum.add(1)),
            sea_query::Order::Asc,
        );
        refused(
            db.query::<(i64,)>(&sorted).map(|rows| rows.len()),
            "100 levels",
        );
        let nested = |n: i64| (1..n).fold(eq(0), |inner, id| inner.or(eq(id)).and(eq(-id)));
        refused(query(nested(500).into()), "100 levels");
        let sum = (1..1000).fold(Expr::col("id"), |sum, _| sum.add(1));
        refused(query(sum.gt(0).into()), "100 levels");
        let delete = Query::delete()
            .from_table("cells")
            .cond_where(nested(500))
            .take();
        refused(db.execute(delete).map(|rows| rows as usize), "100 levels");
        let selects = (0..120).fold(Query::select().expr(Expr::val(1)).take(), |inner, level| {
            Query::select()
                .expr(Expr::cust("*"))
                .from_subquery(inner, format!("t{level}"))
                .take()
        });
        refused(
            db.query::<(i64,)>(&selects).map(|rows| rows.len()),
            "100 levels",
        );
        assert_eq!(db.select::<Cell>().count().unwrap(), everything as u64);
    });
}

#[test]
fn a_mark_without_a_value_is_refused() {
    on_cells(|db, _| {
        for expr in [
            Expr::cust("id = ?"),
            Expr::cust_with_values("id = ? OR id = ?", [1]),
            Expr::cust_with_values("id = 1", [1]),
        ] {
            let delete = Query::delete()
                .from_table("cells")
                .and_where(expr)
                .to_owned();
            let error = db.execute(delete).unwrap_err();
            assert!(error.to_string().contains("cust_with_values"), "{error}");
        }
        let quoted = Query::select()
            .expr(Expr::cust_with_values("'?' || ? || \"t\"", ["?"]))
            .from("cells")
            .and_where(Expr::cust("t = 'ab' OR t = '?'"))
            .to_owned();
        assert_eq!(db.query::<(String,)>(&quoted).unwrap()[0].0, "??ab");
    });
}

#[test]
fn a_nul_means_itself() {
    on_cells(|db, cells| {
        let with = |part: &str| {
            let has = |cell: &&Cell| cell.t.as_ref().is_some_and(|text| text.contains(part));
            cells.iter().filter(has).count() as u64
        };
        let deleted = db.delete::<Cell>().filter(Cell::t.contains("\0zz")).exec();
        assert_eq!(deleted.unwrap(), 0);
        let count = |predicate| db.select::<Cell>().filter(predicate).count().unwrap();
        assert_eq!(count(Cell::t.contains("\0")), with("\0"));
        assert_eq!(count(Cell::t.contains("A\0B")), with("a\0b"));
        assert_eq!(count(Cell::t.eq("a\0b")), with("a\0b"));
        assert_eq!(count(Cell::t.eq("a")), 0);
        assert_eq!(count(Cell::t.like("a")), 0);
        assert_eq!(
            count(any([Cell::t.eq("a\0b"), Cell::t.eq("zz")])),
            with("a\0b")
        );
        // Longer than a pattern of LIKE may be.
        assert_eq!(count(Cell::t.contains(&"x".repeat(5000))), 0);
        for pattern in ["\0zz", "%\0", "\0"] {
            let error = db
                .delete::<Cell>()
                .filter(Cell::t.like(pattern))
                .exec()
                .unwrap_err();
            assert_eq!(error.code(), Code::BadRequest);
            assert!(error.message().contains("NUL"), "{error}");
            for condition in [
                Expr::col("t").like(pattern),
                Expr::col("t").not_like(pattern),
                Expr::cust_with_values("t glob ?", [pattern]),
            ] {
                let delete = Query::delete()
                    .from_table("cells")
                    .and_where(condition)
                    .to_owned();
                let error = db.execute(delete).unwrap_err();
                assert!(error.message().contains("NUL"), "{error}");
            }
        }
        assert_eq!(count(Cell::id.ge(0)), cells.len() as u64);
    });
}

/// How SQLite finds the rows of a condition.
fn plan(db: &Db, predicate: Predicate<Cell>) -> String {
    let mut sql = writer::Writer::new();
    sql.push("EXPLAIN QUERY PLAN SELECT * FROM cells");
    clause::push_all(&mut sql, " WHERE ", &[predicate.clause.unwrap()]);
    let sql = sql.finish().unwrap();
    let rows = db.raw().run(&sql.text, &sql.params).unwrap();
    let details = rows.iter().map(|row| match &row[3] {
        Value::Text(detail) => detail.clone(),
        _ => String::new(),
    });
    details.collect::<Vec<_>>().join("; ")
}

#[test]
fn an_index_serves_what_it_can_serve() {
    on_cells(|db, _| {
        for predicate in [
            Cell::c.eq(1),
            Cell::a.eq(1),
            Cell::a.eq(Some(1)),
            Cell::a.eq(None),
            Cell::a.is_null(),
            Cell::a.is_in([1, 2]),
            Cell::a.is_in([Some(1), None]),
            Cell::a.is_in([Some(1), Some(2), None]),
            Cell::a.gt(1),
            Cell::a.between(1, 2),
            !Cell::a.ne(1),
            !Cell::a.not_in([1, 2]),
            !Cell::a.is_not_null(),
            any([Cell::a.eq(1), Cell::a.eq(2)]),
            any([Cell::a.eq(1), Cell::c.eq(2)]),
            any([Cell::a.eq(1), Cell::id.eq(2)]),
            all([Cell::a.eq(1), Cell::b.ne(2)]),
            !any([Cell::a.ne(1), Cell::b.eq(2)]),
            Cell::id.eq(1),
            Cell::id.is_in([1, 2]),
        ] {
            let words = plan(db, predicate);
            assert!(
                words.contains("SEARCH cells") && !words.contains("SCAN cells"),
                "{words}"
            );
        }
    });
}
