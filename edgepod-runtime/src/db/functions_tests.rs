//! Functions, CASE and full-text search on a real SQLite, with rows as values and as JSON text.

use std::time::Duration;

use super::{
    pins::{self, Pins},
    select_tests::{Post, User, on_both},
    value_tests::schema,
    *,
};
use crate::{
    Code, Result,
    schema::{ColumnSchema, SqlType, TableSchema},
};

fn all<S: Source, O, K: Runs>(select: Columns<'_, S, O, K>) -> Vec<O> {
    select.all().unwrap()
}

#[test]
fn text_changes_its_case_and_has_a_length() {
    on_both(|db, _| {
        let users = || db.select::<User>().order_by(User::id);
        assert_eq!(
            all(users().columns((lower(User::name), upper(User::name), length(User::name)))),
            [
                (Some("ada".into()), Some("ADA".into()), Some(3)),
                (Some("ben".into()), Some("BEN".into()), Some(3)),
                (None, None, None),
            ]
        );
        let titles = db.select::<Post>().order_by(Post::id);
        assert_eq!(
            all(titles.columns((upper(Post::title), length(Post::title) * 2))),
            [
                ("ONE".into(), 6),
                ("TWO".into(), 6),
                ("THREE".to_owned(), 10)
            ]
        );
        // A client's text is a parameter, whatever is in it.
        let hostile = "') OR 1 = 1 --";
        assert_eq!(
            users()
                .filter(lower(User::name).eq(hostile))
                .count()
                .unwrap(),
            0
        );
        assert_eq!(
            users()
                .filter(lower(User::name).eq(lower("ADA")))
                .count()
                .unwrap(),
            1
        );
        assert_eq!(
            all(db.select::<Post>().columns(upper(hostile)).limit(1)),
            [hostile]
        );
        // Groups may be by what is computed.
        let by_length: Vec<(i64, i64)> = all(db
            .select::<Post>()
            .columns((length(Post::title), count()))
            .group_by(length(Post::title))
            .order_by(length(Post::title)));
        assert_eq!(by_length, [(3, 2), (5, 1)]);
    });
}

#[test]
fn what_is_null_is_coalesced() {
    on_both(|db, _| {
        let users = || db.select::<User>().order_by(User::id);
        let names: Vec<String> = all(users().columns(coalesce(User::name, "nobody")));
        assert_eq!(names, ["Ada", "Ben", "nobody"]);
        let bosses: Vec<i64> = all(users().columns(coalesce(User::boss, User::id) + 100));
        assert_eq!(bosses, [101, 101, 101]);
        let found = users().filter(coalesce(User::boss, 7).eq(7)).count();
        assert_eq!(found.unwrap(), 1);
        // An aggregate of no row.
        let none = db.select::<Post>().filter(Post::id.lt(0));
        let sum_of_none: i64 = none.columns(coalesce(sum(Post::votes), 0)).one().unwrap();
        assert_eq!(sum_of_none, 0);
        // A row that a left join does not find: by what it is filled with, it is never NULL.
        let titles: Vec<(i64, String, Option<String>)> = all(users()
            .left_join::<Post>(Post::author.eq(User::id).and(Post::votes.eq(5)))
            .columns((
                User::id,
                coalesce(Post::title.nullable(), "none"),
                lower(Post::title),
            )));
        assert_eq!(
            titles,
            [
                (1, "none".to_owned(), None),
                (2, "three".into(), Some("three".into())),
                (3, "none".into(), None),
            ]
        );
        // It is written, too, and stays in its column's range.
        let set = db
            .update::<User>()
            .set(User::boss, coalesce(User::boss, User::id) + 1);
        assert_eq!(set.without_where().exec().unwrap(), 3);
        let bosses: Vec<Option<i64>> = all(users().columns(User::boss));
        assert_eq!(bosses, [Some(2), Some(2), Some(2)]);
    });
}

#[test]
fn the_first_case_that_holds_counts() {
    on_both(|db, _| {
        let heat = || {
            when(Post::votes.ge(5), "hot")
                .when(Post::votes.eq(4).and(Post::title.contains("W")), "warm")
                .otherwise("cold")
        };
        let posts = || db.select::<Post>().order_by(Post::id);
        assert_eq!(all(posts().columns(heat())), ["cold", "warm", "hot"]);
        assert_eq!(posts().filter(heat().ne("cold")).count().unwrap(), 2);
        let sorted = db.select::<Post>().order_by(heat()).columns(Post::id).all();
        assert_eq!(sorted.unwrap(), [10, 12, 11]);
        let or_null: Vec<Option<i64>> =
            all(posts().columns(when(Post::votes.gt(3), Post::id).or_null()));
        assert_eq!(or_null, [None, Some(11), Some(12)]);
        let counted: Vec<(String, i64)> = all(db
            .select::<Post>()
            .columns((heat(), count()))
            .group_by(heat()));
        assert_eq!(counted.len(), 3);
        // What is in its conditions may differ in a group.
        let stray = db
            .select::<Post>()
            .columns((heat(), count()))
            .group_by(Post::author);
        let error = stray.all().unwrap_err();
        assert!(error.to_string().contains(".group_by("), "{error}");
        // How many of a kind there are.
        let few: i64 = db
            .select::<Post>()
            .columns(count_of(when(Post::votes.lt(5), 1).or_null()))
            .one()
            .unwrap();
        assert_eq!(few, 2);
        // Over a join: conditions of several tables.
        let mine: Vec<(i64, i64)> = all(db
            .select::<User>()
            .join::<Post>(Post::author.eq(User::id))
            .order_by(Post::id)
            .columns((
                Post::id,
                when(User::name.eq("Ada").and(Post::votes.gt(3)), 1).otherwise(0),
            )));
        assert_eq!(mine, [(10, 0), (11, 1), (12, 0)]);
        // Pages follow what is computed.
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page = db
                .select::<Post>()
                .order_by(heat())
                .page(cursor.as_deref(), 1)
                .unwrap();
            seen.extend(page.items.into_iter().map(|post| post.id));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, [10, 12, 11]);
    });
}

#[test]
fn what_nests_too_deep_is_refused() {
    on_both(|db, _| {
        let mut deep = lower(User::name);
        for _ in 0..200 {
            deep = lower(deep);
        }
        let error = db.select::<User>().columns(deep).all().unwrap_err();
        assert_eq!(error.code(), Code::BadRequest, "{error}");
    });
}

/// A moment with a column of each kind of time.
#[derive(Debug)]
struct Moment;

#[allow(non_upper_case_globals)]
impl Moment {
    const id: Column<Moment, i64> = Column::new("id");
    const at: Column<Moment, Timestamp> = Column::new("at");
    const until: Column<Moment, Option<Timestamp>> = Column::new("until");
}

impl Table for Moment {
    const NAME: &'static str = "moments";
    const SCHEMA: &'static TableSchema = &schema(
        "moments",
        &[
            ColumnSchema {
                primary_key: true,
                ..ColumnSchema::plain("id", SqlType::Integer)
            },
            ColumnSchema::plain("at", SqlType::Integer),
            ColumnSchema {
                nullable: true,
                ..ColumnSchema::plain("until", SqlType::Integer)
            },
        ],
    );
}

impl FromRow for Moment {
    const WIDTH: usize = 3;

    fn from_row(_: &mut RowReader<'_>) -> Result<Self> {
        Ok(Self)
    }
}

#[test]
fn times_have_dates_and_durations_are_added_to_them() {
    super::tests::on_tables(&[Moment::SCHEMA], |db, _| {
        let last = "9999-12-31T23:59:59.999999Z";
        for (id, at) in [
            "2026-11-24T23:59:59.999999Z",
            "1969-12-31T23:59:59.999999Z",
            "1970-01-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
            last,
        ]
        .into_iter()
        .enumerate()
        {
            let at: Timestamp = at.parse().unwrap();
            let insert = sea_query::Query::insert()
                .into_table("moments")
                .columns(["id", "at"])
                .values_panic([(id as i64).into(), at.as_micros().into()])
                .to_owned();
            db.execute(insert).unwrap();
        }
        let moments = || db.select::<Moment>().order_by(Moment::id);
        assert_eq!(
            all(moments().columns((date(Moment::at), date(Moment::until)))),
            [
                "2026-11-24",
                "1969-12-31",
                "1970-01-01",
                "0000-01-01",
                "9999-12-31"
            ]
            .map(|day| (day.to_owned(), None))
        );
        let hour = Duration::from_secs(3600);
        let epoch = Timestamp::from_micros(0).unwrap();
        let later: Vec<(i64, Timestamp)> = all(moments()
            .filter((Moment::at + hour).gt(epoch))
            .filter(Moment::at.lt(epoch))
            .columns((Moment::id, Moment::at + hour)));
        assert_eq!(later, [(1, "1970-01-01T00:59:59.999999Z".parse().unwrap())]);
        let earlier: Vec<Option<Timestamp>> = all(moments().limit(1).columns(Moment::until - hour));
        assert_eq!(earlier, [None]);
        // Beyond the year 9999 nothing is stored that could not be read again.
        let error = db
            .update::<Moment>()
            .set(Moment::at, Moment::at + hour)
            .without_where()
            .exec()
            .unwrap_err();
        assert_eq!(error.code(), Code::BadRequest, "{error}");
        assert_eq!(
            db.select::<Moment>()
                .filter(Moment::at.eq(last.parse::<Timestamp>().unwrap()))
                .count()
                .unwrap(),
            1
        );
    });
}

/// A full-text index of posts.
#[derive(Debug, PartialEq)]
struct Words {
    rowid: i64,
    title: String,
}

#[allow(non_upper_case_globals)]
impl Words {
    const rowid: Column<Words, i64> = Column::new("rowid");
    const title: Column<Words, String> = Column::new("title");
    const any: Column<Words, AnyColumn> = Column::new("words");
    const rank: Column<Words, f64> = Column::new("rank");
}

impl Table for Words {
    const NAME: &'static str = "words";
    const SCHEMA: &'static TableSchema = &TableSchema {
        full_text: true,
        ..schema(
            "words",
            &[
                ColumnSchema {
                    primary_key: true,
                    ..ColumnSchema::plain("rowid", SqlType::Integer)
                },
                ColumnSchema::plain("title", SqlType::Text),
            ],
        )
    };
}

impl FullText for Words {}

impl FromRow for Words {
    const WIDTH: usize = 2;

    fn from_row(row: &mut RowReader<'_>) -> Result<Self> {
        Ok(Self {
            rowid: row.take("rowid")?,
            title: row.take("title")?,
        })
    }
}

fn on_words(test: impl Fn(&Db)) {
    on_both(|db, _| {
        for sql in [
            "CREATE VIRTUAL TABLE words USING fts5(title, content = 'posts', content_rowid = 'id')",
            "INSERT INTO posts (id, author, title, score, votes) VALUES (20, 1, 'The e-mail of \"Ada\", again and again', 0, 0), \
             (21, 1, 'again', 0, 0)",
            "INSERT INTO words (words) VALUES ('rebuild')",
        ] {
            db.connection.database().run(sql, &[]).unwrap();
        }
        test(db);
    });
}

#[test]
fn a_client_searches_for_words_whatever_characters_they_have() {
    on_words(|db| {
        let found = |text: &str| -> Vec<i64> {
            let rows = db.select::<Words>().filter(Words::any.matches(text));
            rows.order_by(Words::rowid)
                .all()
                .unwrap()
                .iter()
                .map(|row| row.rowid)
                .collect()
        };
        assert_eq!(found("AGAIN"), [20, 21]);
        assert_eq!(found("again  ada"), [20]);
        assert_eq!(found("e-mail"), [20]);
        assert_eq!(found("mail e"), [20]);
        assert_eq!(found("\"Ada\""), [20]);
        for nothing in [
            "",
            " ",
            "\0",
            "+",
            "\"",
            "'",
            "*",
            "NEAR(",
            "title:",
            "again OR two",
            "ag",
            "^again*",
        ] {
            // What it means to FTS5, it does not mean here.
            let expected: &[i64] = if nothing == "^again*" { &[20, 21] } else { &[] };
            assert_eq!(found(nothing), expected, "{nothing:?}");
        }
        assert_eq!(found("again +"), [20, 21]);
        assert_eq!(found("again\0ada"), [20]);
        let many = "x ".repeat(65);
        let error = db
            .select::<Words>()
            .filter(Words::title.matches(&many))
            .all()
            .unwrap_err();
        assert_eq!(error.code(), Code::BadRequest);
        let prefix = db
            .select::<Words>()
            .filter(Words::title.matches_prefix("again ad"));
        assert_eq!(prefix.all().unwrap().len(), 1);
        let query = db
            .select::<Words>()
            .filter(Words::any.matches_query("two OR three"));
        assert_eq!(query.count().unwrap(), 2);
    });
}

#[test]
fn what_is_found_is_ranked_and_shown_beside_its_row() {
    on_words(|db| {
        let found: Vec<(Post, String, f64)> = db
            .select::<Post>()
            .join::<Words>(Words::rowid.eq(Post::id))
            .filter(Words::any.matches("again"))
            .columns((
                whole::<Post>(),
                Words::title.snippet("[", "]", 3),
                Words::rank,
            ))
            .order_by(Words::rank)
            .limit(10)
            .all()
            .unwrap();
        let texts: Vec<&str> = found.iter().map(|(_, text, _)| text.as_str()).collect();
        assert_eq!(texts.len(), 2);
        assert!(texts.contains(&"[again]"), "{texts:?}");
        assert!(
            texts
                .iter()
                .any(|text| text.starts_with('…') && text.contains("[again] and [again]")),
            "{texts:?}"
        );
        assert!(found[0].2 <= found[1].2 && found[1].2 < 0.0, "{found:?}");
        let best = db
            .select::<Words>()
            .filter(Words::any.matches("again"))
            .order_by(Words::rank)
            .first();
        assert_eq!(best.unwrap().map(|row| row.rowid), Some(found[0].0.id));
    });
}

#[test]
fn a_search_depends_on_the_whole_index_and_a_function_of_a_column_on_the_whole_table() {
    on_words(|db| {
        let pins = |select: Select<'_, (Words, Post)>| match pins::of_select(&select.core) {
            Pins::Known(pinned) => pinned.iter().map(|it| it.pin.is_some()).collect::<Vec<_>>(),
            Pins::Unknown => panic!("nothing is known"),
        };
        let both = || db.select::<Words>().join::<Post>(Words::rowid.eq(Post::id));
        assert_eq!(pins(both().filter(Words::rowid.eq(20))), [false, false]);
        assert_eq!(pins(both().filter(Post::id.eq(20))), [false, true]);
        assert_eq!(
            pins(both().filter(coalesce(Post::id.nullable(), 7).eq(20))),
            [false, false]
        );
        assert_eq!(pins(both().filter(Words::any.matches("x"))), [false, false]);
    });
}
