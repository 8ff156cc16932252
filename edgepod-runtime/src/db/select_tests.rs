//! Joins, columns, aggregates and pages on a real SQLite, with rows as values and as JSON text.

use super::{
    tests::{Warnings, on_tables},
    *,
};
use crate::{
    Code, Result,
    schema::{ColumnSchema, SqlType, TableSchema},
};

macro_rules! table {
    ($row:ident, $table:literal, $($column:ident: $type:ty $({ $($key:ident: $value:expr),* })?),*) => {
        #[derive(Clone, Debug, PartialEq)]
        pub(super) struct $row {
            $(pub(super) $column: $type,)*
        }

        #[allow(non_upper_case_globals, dead_code)]
        impl $row {
            $(pub(super) const $column: Column<$row, $type> = Column::new(stringify!($column));)*
        }

        impl Table for $row {
            const NAME: &'static str = $table;
            const SCHEMA: &'static TableSchema = &TableSchema {
                indexes: &[],
                full_text: false,
                renamed_from: None,
                name: $table,
                rust_name: stringify!($row),
                location: ("select_tests.rs", 1),
                columns: &[$(ColumnSchema {
                    $($($key: $value,)*)?
                    ..plain(stringify!($column), <$type>::SQL_TYPE, <$type>::NULLABLE)
                }),*],
            };
        }

        impl FromRow for $row {
            const WIDTH: usize = [$(stringify!($column)),*].len();

            fn from_row(row: &mut RowReader<'_>) -> Result<Self> {
                Ok(Self { $($column: row.take(stringify!($column))?),* })
            }
        }

        impl Insertable for $row {
            type Table = $row;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),*];

            fn into_values(self) -> Result<Vec<Value>> {
                Ok(vec![$(self.$column.into_value()?),*])
            }
        }
    };
}

const fn plain(name: &'static str, sql_type: SqlType, nullable: bool) -> ColumnSchema {
    ColumnSchema {
        nullable,
        ..ColumnSchema::plain(name, sql_type)
    }
}

table!(User, "users", id: i64 { primary_key: true }, name: Option<String>, boss: Option<i64>);
table!(Post, "posts", id: i64 { primary_key: true }, author: i64, title: String, score: f64, votes: i64);
table!(Tag, "tags", name: String { primary_key: true }, post: i64);

fn user(id: i64, name: Option<&str>, boss: Option<i64>) -> User {
    User {
        id,
        name: name.map(Into::into),
        boss,
    }
}

fn post(id: i64, author: i64, title: &str, votes: i64) -> Post {
    Post {
        id,
        author,
        title: title.into(),
        score: id as f64 / 2.0,
        votes,
    }
}

fn tag(name: &str, post: i64) -> Tag {
    Tag {
        name: name.into(),
        post,
    }
}

/// Ada has two posts, Ben one, Cy none.
pub(super) fn on_both(test: impl Fn(&Db, &Warnings)) {
    on_tables(
        &[User::SCHEMA, Post::SCHEMA, Tag::SCHEMA],
        |db, warnings| {
            db.insert_many([
                user(1, Some("Ada"), None),
                user(2, Some("Ben"), Some(1)),
                user(3, None, Some(1)),
            ])
            .exec()
            .unwrap();
            db.insert_many([
                post(10, 1, "one", 3),
                post(11, 1, "two", 4),
                post(12, 2, "three", 5),
            ])
            .exec()
            .unwrap();
            db.insert_many([tag("a", 10), tag("b", 10), tag("c", 12)])
                .exec()
                .unwrap();
            test(db, warnings);
        },
    );
}

#[test]
fn a_join_is_pairs_and_a_left_join_has_none_where_nothing_matches() {
    on_both(|db, _| {
        let rows: Vec<(User, Post)> = db
            .select::<User>()
            .join::<Post>(Post::author.eq(User::id))
            .filter(Post::votes.gt(3).and(User::name.is_not_null()))
            .order_by(Post::title.desc())
            .all()
            .unwrap();
        assert_eq!(
            rows,
            [
                (user(1, Some("Ada"), None), post(11, 1, "two", 4)),
                (user(2, Some("Ben"), Some(1)), post(12, 2, "three", 5)),
            ]
        );
        let rows: Vec<(User, Option<Post>)> = db
            .select::<User>()
            .left_join::<Post>(Post::author.eq(User::id).and(Post::votes.ge(5)))
            .order_by(User::id.asc())
            .all()
            .unwrap();
        assert_eq!(
            rows,
            [
                (user(1, Some("Ada"), None), None),
                (user(2, Some("Ben"), Some(1)), Some(post(12, 2, "three", 5))),
                (user(3, None, Some(1)), None),
            ]
        );
        let joined = || {
            db.select::<User>()
                .join::<Post>(Post::author.eq(User::id))
                .left_join::<Tag>(Tag::post.eq(Post::id))
        };
        assert_eq!(joined().count().unwrap(), 4);
        assert!(joined().filter(Tag::name.eq("c")).exists().unwrap());
        assert!(!joined().filter(Tag::name.eq("d")).exists().unwrap());
        let (who, what, none): (User, Post, Option<Tag>) =
            joined().filter(Tag::name.is_null()).one().unwrap();
        assert_eq!((who.id, what.id, none), (1, 11, None));
        let first = joined().order_by(Tag::name.desc()).first().unwrap();
        assert_eq!(first.unwrap().2, Some(tag("c", 12)));
        let error = joined().one().unwrap_err();
        assert!(
            error.to_string().contains("users and posts and tags"),
            "{error}"
        );
    });
}

#[test]
fn a_table_joins_itself_under_another_name() {
    type Boss = Alias<User, 'b'>;
    on_both(|db, _| {
        let rows: Vec<(User, Option<User>)> = db
            .select::<User>()
            .left_join::<Boss>(User::boss.eq(User::id.of::<Boss>()))
            .filter(User::name.of::<Boss>().eq("Ada"))
            .order_by(User::id.desc())
            .all()
            .unwrap();
        assert_eq!(
            rows,
            [
                (user(3, None, Some(1)), Some(user(1, Some("Ada"), None))),
                (
                    user(2, Some("Ben"), Some(1)),
                    Some(user(1, Some("Ada"), None))
                ),
            ]
        );
    });
}

#[test]
fn aliases_that_differ_in_case_alone_are_two() {
    type Small = Alias<User, 'b'>;
    type Large = Alias<User, 'B'>;
    on_both(|db, _| {
        let rows = db
            .select::<User>()
            .join::<Small>(User::boss.eq(User::id.of::<Small>()))
            .left_join::<Large>(User::boss.of::<Small>().eq(User::id.of::<Large>()))
            .order_by(User::id.asc())
            .all()
            .unwrap();
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(user, boss, none)| (user.id, boss.id, none))
            .collect();
        assert_eq!(rows, [(2, 1, None), (3, 1, None)]);
    });
}

#[test]
fn columns_and_expressions_are_tuples_by_position() {
    on_both(|db, _| {
        let rows: Vec<(Option<String>, i64, f64)> = db
            .select::<User>()
            .join::<Post>(Post::author.eq(User::id))
            .columns((User::name, Post::votes * 10 + Post::id, Post::score + 0.5))
            .order_by(Post::id.asc())
            .limit(2)
            .all()
            .unwrap();
        assert_eq!(
            rows,
            [(Some("Ada".into()), 40, 5.5), (Some("Ada".into()), 51, 6.0)]
        );
        // What a left join may leave out is an Option, and what is one stays one.
        let rows: Vec<(Option<String>, Option<String>, Option<Post>)> = db
            .select::<User>()
            .left_join::<Post>(Post::author.eq(User::id))
            .columns((User::name, Post::title, whole::<Post>()))
            .filter(User::id.eq(3))
            .all()
            .unwrap();
        assert_eq!(rows, [(None, None, None)]);
        let titles: Vec<String> = db
            .select::<Post>()
            .columns(Post::title)
            .order_by(Post::title.asc())
            .all()
            .unwrap();
        assert_eq!(titles, ["one", "three", "two"]);
        let authors = db.select::<Post>().columns(Post::author).distinct();
        assert_eq!(authors.order_by(Post::author.asc()).all().unwrap(), [1, 2]);
        let error = db
            .select::<Post>()
            .columns(Post::votes + i64::MAX)
            .all()
            .unwrap_err();
        assert!(error.to_string().contains("left 64 bits"), "{error}");
    });
}

#[test]
fn groups_have_aggregates_and_conditions() {
    on_both(|db, _| {
        type Group = (User, i64, Option<i64>, Option<f64>, Option<String>);
        let rows: Vec<Group> = db
            .select::<User>()
            .left_join::<Post>(Post::author.eq(User::id))
            .columns((
                whole::<User>(),
                count_of(Post::id),
                sum(Post::votes),
                avg(Post::score),
                max(Post::title),
            ))
            .group_by(User::id)
            .having(count_of(Post::id).ne(1))
            .order_by(count_of(Post::id).desc())
            .all()
            .unwrap();
        assert_eq!(
            rows,
            [
                (
                    user(1, Some("Ada"), None),
                    2,
                    Some(7),
                    Some(5.25),
                    Some("two".into())
                ),
                (user(3, None, Some(1)), 0, None, None, None),
            ]
        );
        let (rows, users, first) = db
            .select::<User>()
            .columns((count(), count_distinct(User::boss), min(User::name)))
            .one()
            .unwrap();
        assert_eq!((rows, users, first), (3, 1, Some("Ada".into())));
        let total = db
            .select::<Post>()
            .filter(Post::id.lt(0))
            .columns(sum(Post::votes));
        assert_eq!(total.one().unwrap(), None);
    });
}

#[test]
fn a_column_that_differs_within_a_group_is_refused_and_a_sum_beyond_64_bits_too() {
    on_both(|db, _| {
        let error = db
            .select::<Post>()
            .columns((Post::title, count()))
            .group_by(Post::author)
            .all()
            .unwrap_err();
        assert!(error.to_string().contains("\"posts\".\"title\""), "{error}");
        // Without any group_by it does not compile: tests/macros/tests/ui/group_by_is_forgotten.rs.

        // Nor in a condition on groups, or in their order.
        let by_author = || {
            db.select::<Post>()
                .columns((Post::author, count()))
                .group_by(Post::author)
        };
        for refused in [
            by_author().having(Post::votes.gt(1)).all(),
            by_author()
                .having(!(count().gt(1).or(Post::votes.gt(1))))
                .all(),
            by_author()
                .having(Post::author.gt(1).and((Post::votes + 1).gt(1)))
                .all(),
            by_author().order_by(Post::title.asc()).all(),
            by_author()
                .order_by(count().asc())
                .order_by((Post::votes * 2).desc())
                .all(),
        ] {
            let error = refused.unwrap_err().to_string();
            assert!(
                error.contains("\"posts\".\"votes\"") || error.contains("\"posts\".\"title\""),
                "{error}"
            );
            assert!(error.contains("group_by"), "{error}");
        }
        assert!(
            by_author()
                .order_by(Post::title.asc())
                .page(None, 5)
                .is_err()
        );
        // An aggregate in either makes groups of a select that names none.
        let titles = || db.select::<Post>().columns(Post::title);
        assert!(titles().having(count().gt(0)).all().is_err());
        assert!(titles().order_by(sum(Post::votes).asc()).all().is_err());
        // What the groups are by, what follows from a primary key, and what is in an aggregate may stand there.
        let groups = by_author()
            .having(Post::author.gt(0).and(sum(Post::votes).gt(0)))
            .order_by((Post::author + 1).desc())
            .order_by(max(Post::title).asc());
        assert_eq!(groups.all().unwrap().len(), 2);
        let users = db
            .select::<User>()
            .left_join::<Post>(Post::author.eq(User::id))
            .columns((User::name, count_of(Post::id)))
            .group_by(User::id)
            .having(User::name.is_not_null())
            .order_by(User::name.desc());
        assert_eq!(
            users.all().unwrap(),
            [(Some("Ben".into()), 1), (Some("Ada".into()), 2)]
        );

        // Rows that DISTINCT makes one have no order of their own.
        let distinct = || db.select::<Post>().columns(Post::author).distinct();
        assert!(distinct().order_by(Post::votes.asc()).all().is_err());
        assert!(
            distinct()
                .order_by(Post::votes.asc())
                .page(None, 5)
                .is_err()
        );
        assert_eq!(
            distinct().order_by(Post::author.desc()).all().unwrap(),
            [2, 1]
        );

        db.update::<Post>()
            .set(Post::votes, i64::MAX)
            .without_where()
            .exec()
            .unwrap();
        let error = db
            .select::<Post>()
            .columns(sum(Post::votes))
            .one()
            .unwrap_err();
        assert!(error.to_string().contains("leaves 64 bits"), "{error}");
    });
}

/// All pages, one after the other.
fn pages<T>(size: usize, page: impl Fn(Option<&str>) -> Result<Page<T>>) -> Vec<T> {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = page(cursor.as_deref()).unwrap();
        assert!(page.items.len() <= size);
        assert!(page.next.is_none() || page.items.len() == size);
        all.extend(page.items);
        match page.next {
            Some(next) => cursor = Some(next),
            None => return all,
        }
    }
}

#[test]
fn pages_of_any_order_show_every_row_once() {
    on_both(|db, warnings| {
        let many = (4..60).map(|id| {
            user(
                id,
                (id % 3 > 0).then_some(["x", "y"][(id % 2) as usize]),
                Some(id % 4),
            )
        });
        db.insert_many(many).exec().unwrap();
        type Order = fn() -> OrderBy<User>;
        let orders: [Order; 8] = [
            || User::name.asc(),
            || User::name.desc(),
            || User::name.asc().nulls_last(),
            || User::name.desc().nulls_first(),
            || User::boss.asc(),
            || User::boss.desc().nulls_first(),
            || User::id.desc(),
            || (User::id * -1).asc(),
        ];
        for first in orders {
            for second in orders {
                let select = || db.select::<User>().order_by(first()).order_by(second());
                let all = select().order_by(User::id.asc()).all().unwrap();
                assert_eq!(all.len(), 59);
                for size in [1, 7, 59, 60] {
                    let paged = pages(size, |cursor| select().page(cursor, size as u64));
                    assert_eq!(paged, all);
                }
            }
        }
        assert!(warnings.0.borrow().is_empty());
        // Without an order, by the primary key.
        let ids = |users: Vec<User>| users.into_iter().map(|user| user.id).collect::<Vec<_>>();
        let unsorted = pages(10, |cursor| db.select::<User>().page(cursor, 10));
        assert_eq!(ids(unsorted), (1..60).collect::<Vec<_>>());
    });
}

#[test]
fn pages_of_joins_columns_and_groups() {
    on_both(|db, _| {
        db.insert_many(
            (20..40).map(|id| post(id, id % 3 + 1, ["s", "t"][(id % 2) as usize], id % 5)),
        )
        .exec()
        .unwrap();
        let joined = || {
            db.select::<User>()
                .left_join::<Post>(Post::author.eq(User::id))
                .order_by(Post::votes.desc())
        };
        let all = joined()
            .order_by(User::id.asc())
            .order_by(Post::id.asc())
            .all()
            .unwrap();
        assert_eq!(pages(4, |cursor| joined().page(cursor, 4)), all);
        let columns = || joined().columns((User::name, Post::title));
        let all: Vec<_> = all
            .into_iter()
            .map(|(user, post)| (user.name, post.map(|post| post.title)))
            .collect();
        assert_eq!(pages(4, |cursor| columns().page(cursor, 4)), all);
        let groups = || {
            db.select::<Post>()
                .columns((Post::votes, count()))
                .group_by(Post::votes)
                .having(count().gt(1))
                .order_by(count().desc())
        };
        let all = groups().order_by(Post::votes.asc()).all().unwrap();
        assert!(all.len() > 3);
        assert_eq!(pages(2, |cursor| groups().page(cursor, 2)), all);
        let titles = || {
            db.select::<Post>()
                .columns(Post::title)
                .distinct()
                .order_by(Post::title.desc())
        };
        assert_eq!(
            pages(2, |cursor| titles().page(cursor, 2)),
            ["two", "three", "t", "s", "one"]
        );
    });
}

#[test]
fn a_cursor_survives_inserts_and_deletes_and_is_of_one_order() {
    on_both(|db, warnings| {
        let page = |cursor: Option<&str>| {
            db.select::<Post>()
                .order_by(Post::votes.asc())
                .page(cursor, 2)
        };
        let first = page(None).unwrap();
        let next = first.next.as_deref();
        // The row that the cursor stands on goes, one comes before it, and one after it.
        db.delete::<Post>().filter(Post::id.eq(11)).exec().unwrap();
        db.insert_many([post(1, 1, "before", 0), post(2, 1, "after", 9)])
            .exec()
            .unwrap();
        let second = page(next).unwrap();
        let titles: Vec<_> = second
            .items
            .iter()
            .map(|post| post.title.as_str())
            .collect();
        assert_eq!(titles, ["three", "after"]);
        assert_eq!(second.next, None);

        for error in [
            db.select::<Post>()
                .order_by(Post::votes.desc())
                .page(next, 2)
                .unwrap_err(),
            db.select::<Post>().page(next, 2).unwrap_err(),
            db.select::<User>().page(next, 2).unwrap_err(),
        ] {
            assert_eq!(error.code(), Code::BadRequest);
            assert!(error.to_string().contains("another list"), "{error}");
        }
        for cursor in ["", "x", "!", "WzFd", "bnVsbA"] {
            let error = page(Some(cursor)).unwrap_err();
            assert_eq!(error.code(), Code::BadRequest, "{cursor}");
        }
        assert_eq!(page(None).unwrap().items.len(), 2);
        assert!(db.select::<Post>().page(None, 0).is_err());
        assert!(db.select::<Post>().limit(3).page(None, 2).is_err());
        assert!(warnings.0.borrow().is_empty());
        assert_eq!(db.select::<Post>().page(None, 5000).unwrap().items.len(), 4);
        assert_eq!(warnings.0.borrow().len(), 1);
    });
}

#[test]
fn joins_are_held_to_a_thousand_rows_and_pages_too() {
    on_both(|db, warnings| {
        db.insert_many((100..140).map(|id| user(id, None, None)))
            .exec()
            .unwrap();
        db.insert_many((100..140).map(|id| post(id, 1, "", 0)))
            .exec()
            .unwrap();
        let cross = || db.select::<User>().join::<Post>(Post::id.ge(100));
        assert_eq!(cross().count().unwrap(), 43 * 40);
        assert_eq!(cross().all().unwrap().len(), 1000);
        assert_eq!(warnings.0.borrow().len(), 1);
        assert_eq!(cross().limit(1001).all().unwrap().len(), 1000);
        assert_eq!(warnings.0.borrow().len(), 3);
        let columns = cross().columns((User::id, Post::id));
        assert_eq!(columns.all().unwrap().len(), 1000);
        assert_eq!(warnings.0.borrow().len(), 4);
        let page = cross().page(None, 1000).unwrap();
        assert_eq!((page.items.len(), page.next.is_some()), (1000, true));
        let rest = cross().page(page.next.as_deref(), 1000).unwrap();
        assert_eq!((rest.items.len(), rest.next), (720, None));
        assert_eq!(warnings.0.borrow().len(), 4);
    });
}

#[test]
fn a_condition_that_holds_for_every_row_is_no_where() {
    on_both(|db, _| {
        let always: [fn() -> Predicate<User>; 13] = [
            || all([]),
            || !any([]),
            || User::id.not_in([0_i64; 0]),
            || User::id.eq(User::id),
            || User::name.contains(""),
            || User::id.eq(1).or(all([])),
            || all([all([]), User::name.starts_with("")]),
            || !User::id.is_in([0_i64; 0]),
            || User::id.is_not_null(),
            || !User::id.is_null(),
            || User::id.between(User::id, User::id),
            || !User::id.ne(User::id),
            || !(User::id.gt(User::id).and(User::name.is_null())),
        ];
        for condition in always {
            let error = db.delete::<User>().filter(condition()).exec().unwrap_err();
            assert!(error.to_string().contains("without_where"), "{error}");
            let update = db.update::<User>().set(User::boss, 1).filter(condition());
            assert!(update.exec().is_err());
        }
        for restricts in [
            all([]).and(User::id.eq(99)),
            User::id.is_null(),
            User::id.lt(User::id),
            User::id.is_not_null().and(User::id.eq(99)),
            User::name.is_not_null().and(User::id.eq(99)),
        ] {
            assert_eq!(db.delete::<User>().filter(restricts).exec().unwrap(), 0);
        }
        let both = db.delete::<User>().filter(all([])).filter(User::id.eq(99));
        assert_eq!(both.exec().unwrap(), 0);
        assert_eq!(db.select::<User>().filter(all([])).count().unwrap(), 3);
        assert_eq!(db.select::<User>().filter(any([])).count().unwrap(), 0);
        assert_eq!(db.delete::<User>().filter(any([])).exec().unwrap(), 0);
        let some = any([User::id.eq(2), User::name.is_null()]);
        assert_eq!(db.delete::<User>().filter(all([some])).exec().unwrap(), 2);
        // Every row on purpose, or one more filter.
        let update = db.update::<User>().set(User::boss, User::id + User::id);
        assert_eq!(update.filter(User::id.lt(9)).exec().unwrap(), 1);
        assert_eq!(db.select::<User>().one().unwrap().boss, Some(2));
    });
}

#[test]
fn an_upsert_may_be_by_several_columns_that_are_unique_together() {
    on_both(|db, _| {
        let raw = db.raw();
        raw.run(
            "CREATE UNIQUE INDEX tags_of_posts ON tags (post, name)",
            &[],
        )
        .unwrap();
        let upsert = || db.insert(tag("a", 10)).on_conflict((Tag::post, Tag::name));
        upsert().set(Tag::post, Tag::post + 1).exec().unwrap();
        let a = db.select::<Tag>().filter(Tag::name.eq("a")).one().unwrap();
        assert_eq!(a.post, 11);
        let nothing = db
            .insert(tag("a", 11))
            .on_conflict((Tag::post, Tag::name))
            .do_nothing();
        assert_eq!(nothing.exec().unwrap(), 0);
        // Columns of which no index is.
        for error in [
            db.insert(tag("b", 1))
                .on_conflict(Tag::post)
                .do_nothing()
                .exec()
                .unwrap_err(),
            db.insert(user(1, None, None))
                .on_conflict((User::id, User::name))
                .update(User::name)
                .exec()
                .unwrap_err(),
        ] {
            assert!(error.to_string().contains("unique index"), "{error}");
        }
    });
}
