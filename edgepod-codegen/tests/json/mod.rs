//! Types of every shape, with values of each: their JSON is to be of the type that TypeScript has for them.

use std::collections::{BTreeMap, HashMap};

use edgepod::prelude::*;

/// A remark, and what was answered to it.
#[edgepod::data]
#[derive(Default)]
pub struct Remark {
    /// Of crontab: `0 */6 * * *`, see [`Remark`] and [the answers](Remark::answers).
    pub text: String,
    pub answers: Vec<Remark>,
    pub boxed: Option<Box<Remark>>,
    pub by_name: HashMap<String, Remark>,
}

#[doc = " In one piece: **/*.rs\n and more of it."]
#[edgepod::data]
pub enum Expression {
    Number(f64),
    Not(Box<Expression>),
    Sum {
        of: Vec<Expression>,
        named: BTreeMap<String, Statement>,
    },
}

#[edgepod::data]
#[serde(tag = "ki\"nd")]
pub enum Statement {
    #[serde(rename = "ev\"al")]
    Evaluate { what: Expression },
    Repeat {
        body: Vec<Statement>,
        flag: Option<Flag>,
    },
}

#[edgepod::data]
pub struct Tree<T> {
    pub value: T,
    pub children: Vec<Tree<T>>,
}

#[edgepod::data]
#[derive(Copy)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    VeryRed,
    #[serde(rename = "it's \"blue\"", alias = "blue")]
    Blue,
}

#[edgepod::data]
#[serde(tag = "type", content = "con\"tent")]
pub enum Adjacent {
    Unit,
    One(i32),
    Two(i32, String),
    Named { x: Option<bool> },
}

#[edgepod::data]
#[serde(untagged)]
pub enum Untagged {
    Number(i32),
    Text(String),
    Named { x: bool },
}

/// One of them is an object of which nothing is told.
#[edgepod::data]
#[serde(untagged)]
pub enum Secretive {
    Told(i32),
    Untold {
        #[serde(skip)]
        secret: i32,
    },
}

/// Of one of them the JSON is that of another.
#[edgepod::data]
#[serde(untagged)]
pub enum Again {
    Itself(Option<Box<Again>>),
    Other(OnceMore),
    Once(i32),
}

/// By way of another type.
#[edgepod::data]
pub struct OnceMore(pub Box<Again>);

#[edgepod::data]
pub struct Part {
    pub inner: i32,
    #[serde(rename(serialize = "written", deserialize = "read"))]
    pub other: bool,
}

#[edgepod::data]
pub struct Fields {
    #[serde(rename = "with \"quotes\" and \\")]
    pub quoted: i32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub missing: Option<i32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub empty: Vec<String>,
    #[serde(skip_serializing, default)]
    pub secret: String,
    #[serde(skip_deserializing)]
    pub computed: i32,
    #[serde(default)]
    pub defaulted: bool,
    #[serde(alias = "older")]
    pub newer: u8,
    #[serde(skip)]
    pub not_at_all: u8,
    #[serde(flatten)]
    pub part: Part,
    pub by_bool: HashMap<bool, i32>,
    pub by_number: BTreeMap<i32, String>,
    pub by_flag: HashMap<Flag2, i32>,
    pub r#type: (i32, Option<String>),
    pub pair: [bool; 2],
    pub anything: serde_json::Value,
}

#[edgepod::data]
#[derive(Copy, PartialEq, Eq, Hash)]
pub enum Flag2 {
    A,
    B,
}

#[edgepod::data]
#[serde(transparent)]
pub struct Transparent {
    pub only: Vec<i32>,
    #[serde(skip)]
    pub not_at_all: u8,
}

/// On the wire a number.
#[edgepod::data]
#[derive(Copy)]
#[serde(into = "f64", from = "f64")]
pub struct Degrees {
    pub tenths: i32,
}

impl From<f64> for Degrees {
    fn from(degrees: f64) -> Self {
        Self {
            tenths: (degrees * 10.0) as i32,
        }
    }
}

impl From<Degrees> for f64 {
    fn from(degrees: Degrees) -> Self {
        Self::from(degrees.tenths) / 10.0
    }
}

/// Only JSON, of no members.
#[edgepod::data]
#[derive(Default)]
pub struct Nothing {}

/// A name of TypeScript's.
#[edgepod::data]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub nothing_at_all: Nothing,
    pub degrees: Degrees,
    pub transparent: Transparent,
    #[serde(serialize_with = "as_text", skip_deserializing)]
    #[ts(type = "string")]
    pub told: i32,
}

fn as_text<S: edgepod::__private::serde::Serializer>(
    number: &i32,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

#[edgepod::data]
#[serde(rename_all = "camelCase", rename_all_fields = "SCREAMING-KEBAB-CASE")]
#[allow(non_camel_case_types)]
pub enum Named {
    Some_Case8,
    HTTPCode {
        some_field: i32,
    },
    #[serde(rename_all(serialize = "PascalCase", deserialize = "PascalCase"))]
    Other {
        some_field: i32,
    },
}

/// One of everything, so that all are described.
#[edgepod::query]
pub async fn everything(
    _ctx: &QueryCtx,
    remark: Remark,
    statement: Statement,
    tree: Tree<Flag>,
    words: Tree<String>,
    tagging: (Adjacent, Untagged, Secretive, Again),
    named: (Record, Named),
) -> Result<Fields> {
    let _ = (remark, statement, tree, words, tagging, named);
    Err(Error::not_found("nothing"))
}

/// What is of which type: the text of a TypeScript type and a value's JSON.
pub fn values() -> Vec<(&'static str, serde_json::Value)> {
    let json = |value: serde_json::Result<serde_json::Value>| value.expect("it is JSON");
    let mut values = Vec::new();
    let mut add = |name, value| values.push((name, json(value)));
    let remark = |depth: usize| {
        (0..depth).fold(Remark::default(), |inner, level| Remark {
            text: format!("level {level}"),
            boxed: Some(Box::new(Remark::default())),
            by_name: HashMap::from([("a".to_owned(), Remark::default())]),
            answers: vec![inner, Remark::default()],
        })
    };
    for depth in 0..4 {
        add("Remark", serde_json::to_value(remark(depth)));
    }
    let sum = || Expression::Sum {
        of: vec![
            Expression::Number(1.5),
            Expression::Not(Box::new(Expression::Number(2.0))),
        ],
        named: BTreeMap::from([(
            "x".to_owned(),
            Statement::Repeat {
                body: vec![],
                flag: Some(Flag::Blue),
            },
        )]),
    };
    add("Expression", serde_json::to_value(sum()));
    for flag in [None, Some(Flag::VeryRed), Some(Flag::Blue)] {
        let body = vec![
            Statement::Evaluate { what: sum() },
            Statement::Repeat {
                body: vec![],
                flag: None,
            },
        ];
        add(
            "Statement",
            serde_json::to_value(Statement::Repeat { body, flag }),
        );
    }
    let leaf = Tree {
        value: Flag::Blue,
        children: vec![],
    };
    add(
        "Tree<Flag>",
        serde_json::to_value(Tree {
            value: Flag::VeryRed,
            children: vec![leaf],
        }),
    );
    add(
        "Tree<string>",
        serde_json::to_value(Tree {
            value: "a".to_owned(),
            children: vec![],
        }),
    );
    for value in [
        Adjacent::Unit,
        Adjacent::One(1),
        Adjacent::Two(1, "b".into()),
        Adjacent::Named { x: None },
    ] {
        add("Adjacent", serde_json::to_value(value));
    }
    for value in [
        Untagged::Number(1),
        Untagged::Text("a".into()),
        Untagged::Named { x: true },
    ] {
        add("Untagged", serde_json::to_value(value));
    }
    for value in [
        Again::Itself(None),
        Again::Itself(Some(Box::new(Again::Once(1)))),
        Again::Other(OnceMore(Box::new(Again::Once(2)))),
    ] {
        add("Again", serde_json::to_value(value));
    }
    for value in [Secretive::Told(1), Secretive::Untold { secret: 2 }] {
        add("Secretive", serde_json::to_value(value));
    }
    add(
        "Record",
        serde_json::to_value(Record {
            nothing_at_all: Nothing {},
            degrees: 1.5.into(),
            transparent: Transparent {
                only: vec![1],
                not_at_all: 0,
            },
            told: 5,
        }),
    );
    for value in [
        Named::Some_Case8,
        Named::HTTPCode { some_field: 1 },
        Named::Other { some_field: 1 },
    ] {
        add("Named", serde_json::to_value(value));
    }
    for bits in 0..8 {
        let is = |bit: i32| bits & bit != 0;
        add(
            "Fields",
            serde_json::to_value(Fields {
                quoted: bits,
                missing: is(1).then_some(7),
                empty: if is(2) { vec!["x".to_owned()] } else { vec![] },
                secret: "s".to_owned(),
                computed: 1,
                defaulted: is(4),
                newer: 1,
                not_at_all: 0,
                part: Part {
                    inner: 1,
                    other: is(1),
                },
                by_bool: [true, false]
                    .into_iter()
                    .take(bits as usize % 3)
                    .map(|key| (key, 1))
                    .collect(),
                by_number: BTreeMap::from([(-1, "minus".to_owned())]),
                by_flag: if is(2) {
                    HashMap::from([(Flag2::A, 1)])
                } else {
                    HashMap::from([(Flag2::B, 2)])
                },
                r#type: (1, is(4).then(|| "t".to_owned())),
                pair: [true, false],
                anything: serde_json::json!({ "a": [1, null, { "b": is(1) }] }),
            }),
        );
    }
    values
}
