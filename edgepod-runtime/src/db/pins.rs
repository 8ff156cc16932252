//! What the conditions of a SELECT hold fixed: of which values of which columns its rows are.
//!
//! A read depends on a table at some values where every row that could ever be part of its answer has one of them. Where that is
//! not certain it depends on the table.

use super::{
    Operand, Value,
    clause::{Clause, ColumnOf, Joint, Operator, Term},
    core::Core,
    source::Named,
};
use crate::{
    planted,
    schema::{ColumnSchema, SqlType, TableSchema},
    tracking::{ColumnId, Extent, Footprint, MAX_VALUES, Plan, TopicKey},
};

/// The most values of a column that a read depends on one by one; of more it depends on the table.
pub(super) const VALUES: usize = 16;

/// A table of a FROM, and what its rows are held to.
#[derive(Clone, Debug)]
pub(super) struct Pinned {
    pub(super) table: &'static str,
    pub(super) pin: Option<(ColumnId, Vec<Value>)>,
}

/// What a statement is held to.
#[derive(Clone, Debug, Default)]
pub(super) enum Pins {
    /// Nothing is known of it.
    #[default]
    Unknown,
    /// It reads these tables, each once for each time that it is here, and no other.
    Known(Vec<Pinned>),
}

impl Pins {
    /// The topics that a run of a statement depends on.
    pub(super) fn footprint(&self, plan: &Plan, key: Option<&TopicKey>) -> Footprint {
        let mut footprint = Footprint::default();
        let known: &[Pinned] = match self {
            Pins::Unknown => &[],
            Pins::Known(known) => known,
        };
        // A view reads what it likes, beside the tables that are named.
        let named = known.iter().all(|pinned| plan.reads.contains(pinned.table));
        for table in plan.reads.iter() {
            let of = known.iter().filter(|pinned| pinned.table == table.as_str());
            let values = match key {
                Some(key) if named && !plan.is_odd => extent(of, key),
                _ => None,
            };
            *footprint.entry(table) = values.unwrap_or_else(Extent::whole);
        }
        footprint
    }
}

/// The values of a table that a statement names, where it names them each time that it reads the table.
fn extent<'a>(of: impl Iterator<Item = &'a Pinned>, key: &TopicKey) -> Option<Extent> {
    let mut extent = Extent::default();
    for pinned in of {
        let (column, values) = pinned.pin.as_ref()?;
        let only = planted::is("a read of a list depends on its first value");
        for value in values.iter().take(if only { 1 } else { usize::MAX }) {
            extent.add(*column, key.digest(pinned.table, *column, value)?);
        }
    }
    (extent.values() > 0).then_some(extent)
}

/// That rows have one of some values.
struct Fact {
    column: ColumnOf,
    values: Vec<Value>,
    /// Whether NULL is one, too.
    null: bool,
    /// Whether it is of the rows that a LEFT JOIN finds, where it finds one.
    of_found: bool,
}

/// That rows of a join have the same value in two columns: what `from` is held to holds `to`.
struct Equality {
    from: ColumnOf,
    to: ColumnOf,
    of_found: bool,
}

/// What is read of the conditions.
#[derive(Default)]
struct Facts {
    facts: Vec<Fact>,
    equalities: Vec<Equality>,
}

/// What a SELECT holds its tables to.
pub(super) fn of_select(core: &Core<'_>) -> Pins {
    let mut facts = Facts::default();
    let is_optional = |table: Named| {
        core.joins
            .iter()
            .any(|join| join.optional && join.table == table)
    };
    for clause in &core.conditions {
        facts.read(clause, &is_optional, None);
    }
    for join in &core.joins {
        // The ON of a LEFT JOIN says nothing of the tables to its left: their rows stay without it.
        facts.read(&join.on, &is_optional, join.optional.then_some(join.table));
    }
    facts.follow();
    let pinned = core.tables().map(|named| Pinned {
        table: named.table.name,
        pin: facts.narrowest(named),
    });
    Pins::Known(pinned.collect())
}

impl Facts {
    /// Reads a condition that must hold; `only` is the table of a LEFT JOIN, whose rows alone it restricts.
    fn read(&mut self, clause: &Clause, is_optional: &dyn Fn(Named) -> bool, only: Option<Named>) {
        // The rows of a full-text index are not told apart by values: a read of it depends on all of it.
        let restricts = |column: &ColumnOf| {
            !column.table.table.full_text && only.is_none_or(|table| table == column.table)
        };
        match clause {
            Clause::Among {
                term: Term::Column(column),
                values,
                null,
            } if restricts(column) => {
                // A row that a LEFT JOIN has not found has NULL everywhere, and so every row is asked for.
                if *null && only.is_none() && is_optional(column.table) {
                    return;
                }
                self.facts.push(Fact {
                    column: *column,
                    values: values.clone(),
                    null: *null,
                    of_found: only.is_some(),
                });
            }
            Clause::Comparison {
                left: Term::Column(left),
                operator: Operator::Equal,
                right: Operand::Term(Term::Column(right)),
            } if !left.table.table.full_text && !right.table.table.full_text => {
                for (from, to) in [(left, right), (right, left)] {
                    if restricts(to) {
                        self.equalities.push(Equality {
                            from: *from,
                            to: *to,
                            of_found: only.is_some(),
                        });
                    }
                }
            }
            Clause::Group(group) if group.joint == Joint::All => {
                for clause in &group.clauses {
                    self.read(clause, is_optional, only);
                }
            }
            _ => {}
        }
    }

    /// Adds what equal columns say of each other, as far as it goes.
    fn follow(&mut self) {
        let mut from = 0;
        while from < self.facts.len() {
            let mut more = Vec::new();
            for fact in &self.facts[from..] {
                // Where a LEFT JOIN finds no row its columns are NULL, and equal to others that are.
                if fact.null || fact.of_found {
                    continue;
                }
                for Equality { from, to, of_found } in &self.equalities {
                    let mut known = self.facts.iter().chain(&more);
                    if fact.column == *from && !known.any(|fact| fact.column == *to) {
                        more.push(Fact {
                            column: *to,
                            values: fact.values.clone(),
                            null: false,
                            of_found: *of_found,
                        });
                    }
                }
            }
            from = self.facts.len();
            self.facts.append(&mut more);
        }
    }

    /// The fact that leaves the fewest rows of a table.
    fn narrowest(&self, named: Named) -> Option<(ColumnId, Vec<Value>)> {
        let of = self.facts.iter().filter(|fact| named == fact.column.table);
        let candidates = of.filter_map(|fact| {
            let columns = named.table.columns;
            let place = columns.iter().position(|c| c.name == fact.column.name)?;
            let is_one = fact.values.len() + usize::from(fact.null) <= VALUES;
            // Of other types equal values may be stored in different ways.
            let is_exact = matches!(columns[place].sql_type, SqlType::Integer | SqlType::Text);
            (is_one && is_exact).then_some((rank(columns, place), fact, ColumnId(place as u16)))
        });
        let (_, fact, column) =
            candidates.min_by_key(|(rank, fact, _)| (*rank, fact.values.len()))?;
        let mut values = fact.values.clone();
        if fact.null {
            values.push(Value::Null);
        }
        Some((column, values))
    }
}

/// How many rows a value of a column leaves, from few to many.
pub(super) fn rank(columns: &[ColumnSchema], place: usize) -> u8 {
    let column = &columns[place];
    let keys = columns.iter().filter(|column| column.primary_key).count();
    match column {
        c if c.primary_key && keys == 1 => 0,
        c if c.unique => 1,
        c if c.reference.is_some() => 2,
        c if c.index || c.primary_key => 3,
        _ => 4,
    }
}

/// What conditions on the rows of one table hold them to, by column.
pub(super) fn of_rows(
    table: &'static TableSchema,
    conditions: &[Clause],
) -> Vec<(ColumnId, Vec<Value>)> {
    let mut facts = Facts::default();
    for clause in conditions {
        facts.read(clause, &|_| false, None);
    }
    let known = facts.facts.into_iter().filter_map(|fact| {
        let mut columns = table.columns.iter();
        let place = columns.position(|column| column.name == fact.column.name)?;
        let mut values = fact.values;
        if fact.null {
            values.push(Value::Null);
        }
        Some((ColumnId(place as u16), values))
    });
    known
        .filter(|(_, values)| values.len() <= MAX_VALUES)
        .collect()
}
