//! What conditions mean, in Rust.

use edgepod::db::{Predicate, all, any};

use crate::conditions::Cell;

const NUMBERS: [Option<i64>; 3] = [None, Some(0), Some(1)];
const TEXTS: [Option<&str>; 7] = [
    None,
    Some(""),
    Some("ab"),
    Some("xAb"),
    Some("a\0b"),
    Some("\0"),
    Some("a%_\\b"),
];

/// Every combination of NULL, 0 and 1, with some text.
pub(crate) fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for a in NUMBERS {
        for b in NUMBERS {
            for c in [0, 1] {
                let id = cells.len() as i64;
                let t = TEXTS[cells.len() % TEXTS.len()].map(str::to_owned);
                cells.push(Cell { id, a, b, c, t });
            }
        }
    }
    cells
}

/// What a condition says of a row, in Rust.
pub(crate) type Model = Box<dyn Fn(&Cell) -> bool>;

/// `left operator right` as the docs have it: `None` equals `None`, and is neither smaller nor larger than anything.
fn compare(operator: usize, left: Option<i64>, right: Option<i64>) -> bool {
    match (operator, left, right) {
        (0, left, right) => left == right,
        (1, left, right) => left != right,
        (_, Some(left), Some(right)) => match operator {
            2 => left < right,
            3 => left <= right,
            4 => left > right,
            _ => left >= right,
        },
        _ => false,
    }
}

/// Numbers that come from a seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }
}

/// A comparison, with its words and its meaning. `choose` decides what of each kind.
fn leaf(choose: &mut dyn FnMut(usize) -> usize) -> Meaning {
    macro_rules! operators {
        ($operator:expr, $left:expr, $right:expr) => {
            match $operator {
                0 => $left.eq($right),
                1 => $left.ne($right),
                2 => $left.lt($right),
                3 => $left.le($right),
                4 => $left.gt($right),
                _ => $left.ge($right),
            }
        };
    }
    const SIGNS: [&str; 6] = ["eq", "ne", "lt", "le", "gt", "ge"];
    match choose(11) {
        0 => {
            let (operator, value) = (choose(6), NUMBERS[choose(3)]);
            (
                format!("a.{}({value:?})", SIGNS[operator]),
                operators!(operator, Cell::a, value),
                Box::new(move |cell| compare(operator, cell.a, value)),
            )
        }
        1 => {
            let operator = choose(6);
            (
                format!("a.{}(b)", SIGNS[operator]),
                operators!(operator, Cell::a, Cell::b),
                Box::new(move |cell| compare(operator, cell.a, cell.b)),
            )
        }
        2 => {
            let operator = choose(6);
            (
                format!("a.{}(c)", SIGNS[operator]),
                operators!(operator, Cell::a, Cell::c),
                Box::new(move |cell| compare(operator, cell.a, Some(cell.c))),
            )
        }
        3 => {
            let (operator, value) = (choose(6), choose(3) as i64);
            (
                format!("(id * 0 + c).{}({value})", SIGNS[operator]),
                operators!(operator, (Cell::id * 0 + Cell::c), value),
                Box::new(move |cell| compare(operator, Some(cell.c), Some(value))),
            )
        }
        9 => {
            let (operator, value) = (choose(6), NUMBERS[choose(3)]);
            (
                format!("(a * 2 + b - 1).{}({value:?})", SIGNS[operator]),
                operators!(operator, (Cell::a * 2 + Cell::b - 1), value),
                Box::new(move |cell| {
                    let computed = cell.a.zip(cell.b).map(|(a, b)| a * 2 + b - 1);
                    compare(operator, computed, value)
                }),
            )
        }
        10 => {
            let operator = choose(6);
            (
                format!("(c + a).{}(b + 0)", SIGNS[operator]),
                operators!(operator, (Cell::c + Cell::a), Cell::b + 0),
                Box::new(move |cell| compare(operator, cell.a.map(|a| cell.c + a), cell.b)),
            )
        }
        4 => {
            let list: Vec<Option<i64>> = (0..choose(4)).map(|_| NUMBERS[choose(3)]).collect();
            let not = choose(2) == 1;
            let words = format!("a.{}({list:?})", if not { "not_in" } else { "is_in" });
            let predicate = match not {
                true => Cell::a.not_in(list.clone()),
                false => Cell::a.is_in(list.clone()),
            };
            (
                words,
                predicate,
                Box::new(move |cell| list.contains(&cell.a) != not),
            )
        }
        5 => {
            let not = choose(2) == 1;
            (
                format!("b.is_{}null()", if not { "not_" } else { "" }),
                match not {
                    true => Cell::b.is_not_null(),
                    false => Cell::b.is_null(),
                },
                Box::new(move |cell| cell.b.is_none() != not),
            )
        }
        6 => {
            let (low, high) = (NUMBERS[choose(3)], NUMBERS[choose(3)]);
            (
                format!("a.between({low:?}, {high:?})"),
                Cell::a.between(low, high),
                Box::new(move |cell| compare(5, cell.a, low) && compare(3, cell.a, high)),
            )
        }
        7 => {
            let part = ["", "a", "AB", "\0", "a\0", "\0zz", "%", "_\\", "b"][choose(9)];
            let start = choose(2) == 1;
            let words = format!(
                "t.{}({part:?})",
                if start { "starts_with" } else { "contains" }
            );
            let predicate = match start {
                true => Cell::t.starts_with(part),
                false => Cell::t.contains(part),
            };
            let part = part.to_ascii_lowercase();
            (
                words,
                predicate,
                Box::new(move |cell| {
                    cell.t.as_ref().is_some_and(|text| {
                        let text = text.to_ascii_lowercase();
                        match start {
                            true => text.starts_with(&part),
                            false => text.contains(&part),
                        }
                    })
                }),
            )
        }
        _ => {
            // Patterns with what they match of the texts above: none with a NUL.
            let (pattern, matched): (&'static str, &[&str]) = [
                ("%", &["", "ab", "xAb", "a%_\\b"] as &[&str]),
                ("A%", &["ab", "a%_\\b"]),
                ("_b", &["ab"]),
                ("a\\%%", &["a%_\\b"]),
                ("", &[""]),
            ][choose(5)];
            (
                format!("t.like({pattern:?})"),
                Cell::t.like(pattern),
                Box::new(move |cell| {
                    cell.t
                        .as_ref()
                        .is_some_and(|text| matched.contains(&text.as_str()))
                }),
            )
        }
    }
}

/// A condition of up to `depth` levels.
pub(crate) fn tree(depth: usize, random: &mut Random) -> Meaning {
    let kind = if depth == 0 { 0 } else { random.below(5) };
    match kind {
        0 => leaf(&mut |n| random.below(n)),
        1 => {
            let (words, predicate, model) = tree(depth - 1, random);
            (
                format!("!({words})"),
                !predicate,
                Box::new(move |cell| !model(cell)),
            )
        }
        _ => {
            let count = random.below(4);
            let (mut words, mut predicates, mut models) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..count {
                let (word, predicate, model) = tree(depth - 1, random);
                words.push(word);
                predicates.push(predicate);
                models.push(model);
            }
            let words = words.join(", ");
            if kind < 3 {
                (
                    format!("all({words})"),
                    all(predicates),
                    Box::new(move |cell| models.iter().all(|model| model(cell))),
                )
            } else {
                (
                    format!("any({words})"),
                    any(predicates),
                    Box::new(move |cell| models.iter().any(|model| model(cell))),
                )
            }
        }
    }
}

/// A condition, its words, and what it says of a row.
pub(crate) type Meaning = (String, Predicate<Cell>, Model);

/// Every comparison, and its negation.
pub(crate) fn every_leaf(mut see: impl FnMut(Meaning)) {
    let mut choices: Vec<(usize, usize)> = Vec::new();
    loop {
        for negated in [false, true] {
            let mut at = 0;
            let (words, predicate, model) = leaf(&mut |n| {
                if at == choices.len() {
                    choices.push((0, n));
                }
                at += 1;
                choices[at - 1].0
            });
            see(match negated {
                false => (words, predicate, model),
                true => (
                    format!("!{words}"),
                    !predicate,
                    Box::new(move |cell| !model(cell)),
                ),
            });
        }
        while let Some((choice, n)) = choices.pop() {
            if choice + 1 < n {
                choices.push((choice + 1, n));
                break;
            }
        }
        if choices.is_empty() {
            return;
        }
    }
}
