//! The types of values in a statement.

use std::fmt;

/// How SQLite stores values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Integer,
    Real,
    Text,
    Blob,
}

impl Class {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Integer => "INTEGER",
            Self::Real => "REAL",
            Self::Text => "TEXT",
            Self::Blob => "BLOB",
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Real)
    }
}

/// A column of a table's struct.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OfStruct {
    pub(super) table: String,
    pub(super) column: String,
    /// How it is stored, where the sources say so.
    pub(super) class: Option<Class>,
    /// Whether the field is an `Option`.
    pub(super) optional: bool,
    /// The field's type, as it is written, without the `Option`.
    pub(super) rust: String,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Column(OfStruct),
    /// Of a table that no struct describes, or computed.
    Of(Class),
    Bool,
    Null,
    /// A parameter, by its number.
    Param(usize),
    /// Only SQLite knows.
    Unknown,
    /// What the developer said, in Rust.
    Said(String),
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ty {
    pub(super) kind: Kind,
    pub(super) nullable: bool,
    /// Whether it is written in the statement: `0`, `'open'`.
    pub(super) literal: bool,
}

impl Ty {
    pub(super) fn of(kind: Kind, nullable: bool) -> Self {
        Self {
            kind,
            nullable,
            literal: false,
        }
    }

    pub(super) fn unknown() -> Self {
        Self::of(Kind::Unknown, true)
    }

    pub(super) fn class(class: Class, nullable: bool) -> Self {
        Self::of(Kind::Of(class), nullable)
    }

    pub(super) fn integer(nullable: bool) -> Self {
        Self::class(Class::Integer, nullable)
    }

    pub(super) fn text(nullable: bool) -> Self {
        Self::class(Class::Text, nullable)
    }

    pub(super) fn real(nullable: bool) -> Self {
        Self::class(Class::Real, nullable)
    }

    pub(super) fn boolean(nullable: bool) -> Self {
        Self::of(Kind::Bool, nullable)
    }

    pub(super) fn or_null(mut self, nullable: bool) -> Self {
        self.nullable |= nullable;
        self
    }

    /// How it is stored, where that is known.
    pub(super) fn storage(&self) -> Option<Class> {
        match &self.kind {
            Kind::Column(column) => column.class,
            Kind::Of(class) => Some(*class),
            Kind::Bool => Some(Class::Integer),
            _ => None,
        }
    }

    /// Whether values of both can be equal.
    pub(super) fn is_comparable(&self, other: &Self) -> bool {
        match (self.storage(), other.storage()) {
            (Some(a), Some(b)) => a == b || a.is_number() && b.is_number(),
            _ => true,
        }
    }

    /// The type of what is one or the other: of CASE, coalesce and UNION.
    pub(super) fn join(&self, other: &Self) -> Self {
        let nullable = self.nullable || other.nullable;
        let kind = match (&self.kind, &other.kind) {
            (Kind::Null | Kind::Param(_), kind) | (kind, Kind::Null | Kind::Param(_)) => {
                kind.clone()
            }
            (Kind::Column(a), Kind::Column(b)) if a.rust == b.rust => match a.optional {
                true => Kind::Column(a.clone()),
                false => Kind::Column(b.clone()),
            },
            (Kind::Column(_), _) if other.literal && self.storage() == other.storage() => {
                self.kind.clone()
            }
            (_, Kind::Column(_)) if self.literal && self.storage() == other.storage() => {
                other.kind.clone()
            }
            (Kind::Bool, Kind::Bool) => Kind::Bool,
            (Kind::Said(a), Kind::Said(b)) if a == b => self.kind.clone(),
            _ => match (self.storage(), other.storage()) {
                (Some(a), Some(b)) if a == b => Kind::Of(a),
                (Some(a), Some(b)) if a.is_number() && b.is_number() => Kind::Of(Class::Real),
                _ => Kind::Unknown,
            },
        };
        Self {
            kind,
            nullable,
            literal: self.literal && other.literal,
        }
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Column(column) => {
                write!(f, "`{}.{}` ({})", column.table, column.column, column.rust)
            }
            Kind::Bool => f.write_str("a boolean"),
            Kind::Of(class) => write!(f, "a value of {}", class.name()),
            Kind::Said(rust) => write!(f, "a {rust}"),
            _ => f.write_str("a value of no known type"),
        }
    }
}

/// What is asked of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expected {
    /// A column's type; with NULL where it is assigned.
    Column {
        column: OfStruct,
        assigned: bool,
    },
    Class(Class),
    /// Any number.
    Number,
    Bool,
    /// The type that the developer said.
    Said(String),
}
