//! Conditions that a client builds: those that are taken find just the rows for which they hold.

use serde_json::{Value as Json, json};

use crate::{
    app::{Comparison, Filter, ITEMS},
    bytes::Bytes,
    served::Served,
};

/// Numbers at the ends of ranges, and those that rows have.
const NUMBERS: &[i64] = &[0, 1, 2, -1, 7, 9, (1 << 53) - 1, 1 - (1 << 53)];

const WEIGHTS: &[f64] = &[0.0, -0.0, 1.0, 0.5, -1.5, 1e300, -1e-300, f64::MAX, 2.5];

const PIECES: &[&str] = &[
    "", "a", "A", "b", "B", "%", "_", "\\", "é", "É", "'", "\"", "\n", "\0", "ab", "aaaaaaaa",
];

/// The most conditions that are made of one input, and how deep.
const NODES: usize = 3000;
const DEPTH: usize = 200;

/// Makes a condition, of which the input says everything.
struct Maker<'a> {
    bytes: Bytes<'a>,
    left: usize,
}

impl Maker<'_> {
    fn filter(&mut self, depth: usize) -> Filter {
        self.left = self.left.saturating_sub(1);
        let kind = match depth < DEPTH && self.left > 0 {
            true => self.bytes.below(22),
            false => 5 + self.bytes.below(15),
        };
        match kind {
            0 | 20 => Filter::All(self.filters(depth)),
            1 | 21 => Filter::Any(self.filters(depth)),
            2 => Filter::And(self.filters(depth)),
            3 => Filter::Or(self.filters(depth)),
            4 => Filter::Not(Box::new(self.filter(depth + 1))),
            5 => Filter::Id(self.comparison(), self.number()),
            6 => {
                let how = self.comparison();
                Filter::Figure(how, self.optional().then(|| self.number()))
            }
            7 => Filter::Text(self.comparison(), self.text()),
            8 => {
                let how = self.comparison();
                Filter::Label(how, self.optional().then(|| self.text()))
            }
            9 => Filter::Weight(self.comparison(), self.bytes.of(WEIGHTS)),
            10 => Filter::IdIn(self.numbers()),
            11 => Filter::IdNotIn(self.numbers()),
            12 => Filter::FigureIn(self.numbers()),
            13 => Filter::FigureNotIn(self.numbers()),
            14 => Filter::FigureBetween(self.number(), self.number()),
            15 => Filter::FigureIsNull,
            16 => Filter::LabelIsNotNull,
            17 => Filter::TextLike(self.text()),
            18 => Filter::TextStarts(self.text()),
            _ => Filter::LabelContains(self.text()),
        }
    }

    fn filters(&mut self, depth: usize) -> Vec<Filter> {
        let count = match self.bytes.byte() {
            // Lists as long as clients may send, now and then.
            255 => 1200,
            254 => 300,
            few => usize::from(few) % 6,
        };
        let count = count.min(self.left);
        (0..count).map(|_| self.filter(depth + 1)).collect()
    }

    fn comparison(&mut self) -> Comparison {
        use Comparison::{Eq, Ge, Gt, Le, Lt, Ne};
        self.bytes.of(&[Eq, Ne, Lt, Le, Gt, Ge])
    }

    fn optional(&mut self) -> bool {
        !self.bytes.byte().is_multiple_of(4)
    }

    fn number(&mut self) -> i64 {
        self.bytes.of(NUMBERS)
    }

    fn numbers(&mut self) -> Vec<i64> {
        let count = match self.bytes.byte() {
            255 => 2000,
            few => usize::from(few) % 5,
        };
        (0..count).map(|_| self.number()).collect()
    }

    fn text(&mut self) -> String {
        let count = self.bytes.below(5);
        (0..count).map(|_| self.bytes.of(PIECES)).collect()
    }
}

/// Whether a condition holds for the item of this number: what the documentation of the builder says, with no SQL.
fn holds(filter: &Filter, id: i64) -> bool {
    let (figure, text, label, weight) = &ITEMS[(id - 1) as usize];
    let all = |filters: &[Filter]| filters.iter().all(|filter| holds(filter, id));
    let any = |filters: &[Filter]| filters.iter().any(|filter| holds(filter, id));
    match filter {
        Filter::All(filters) | Filter::And(filters) => all(filters),
        Filter::Any(filters) | Filter::Or(filters) => any(filters),
        Filter::Not(filter) => !holds(filter, id),
        Filter::Id(how, value) => compare(*how, Some(&id), Some(value)),
        Filter::Figure(how, value) => compare(*how, figure.as_ref(), value.as_ref()),
        Filter::Text(how, value) => compare(*how, Some(*text), Some(&**value)),
        Filter::Label(how, value) => compare(*how, *label, value.as_deref()),
        Filter::Weight(how, value) => compare(*how, Some(weight), Some(value)),
        Filter::IdIn(values) => values.contains(&id),
        Filter::IdNotIn(values) => !values.contains(&id),
        Filter::FigureIn(values) => figure.is_some_and(|figure| values.contains(&figure)),
        Filter::FigureNotIn(values) => !figure.is_some_and(|figure| values.contains(&figure)),
        Filter::FigureBetween(low, high) => {
            figure.is_some_and(|figure| *low <= figure && figure <= *high)
        }
        Filter::FigureIsNull => figure.is_none(),
        Filter::LabelIsNotNull => label.is_some(),
        Filter::TextLike(pattern) => like(&folded(pattern), &folded(text)),
        Filter::TextStarts(prefix) => text
            .to_ascii_lowercase()
            .starts_with(&prefix.to_ascii_lowercase()),
        Filter::LabelContains(part) => label.is_some_and(|label| {
            let part = part.to_ascii_lowercase();
            label.to_ascii_lowercase().contains(&part)
        }),
    }
}

/// `None` is equal to itself, and neither smaller nor larger than anything.
fn compare<T: PartialOrd + ?Sized>(how: Comparison, left: Option<&T>, right: Option<&T>) -> bool {
    match (how, left, right) {
        (Comparison::Eq, _, _) => left == right,
        (Comparison::Ne, _, _) => left != right,
        (Comparison::Lt, Some(left), Some(right)) => left < right,
        (Comparison::Le, Some(left), Some(right)) => left <= right,
        (Comparison::Gt, Some(left), Some(right)) => left > right,
        (Comparison::Ge, Some(left), Some(right)) => left >= right,
        _ => false,
    }
}

fn folded(text: &str) -> Vec<char> {
    text.to_ascii_lowercase().chars().collect()
}

fn like(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], _) => text.is_empty(),
        (['%', rest @ ..], _) => (0..=text.len()).any(|skipped| like(rest, &text[skipped..])),
        (['_', rest @ ..], [_, text @ ..]) => like(rest, text),
        // What follows stands for itself.
        (['\\', escaped, rest @ ..], [next, text @ ..]) => escaped == next && like(rest, text),
        (['\\', ..], _) => false,
        ([first, rest @ ..], [next, text @ ..]) => first == next && like(rest, text),
        _ => false,
    }
}

/// What a condition is made of: conditions, and the longest way down.
fn size(filter: &Filter) -> (usize, usize) {
    let inner: &[Filter] = match filter {
        Filter::All(inner) | Filter::Any(inner) | Filter::And(inner) | Filter::Or(inner) => inner,
        Filter::Not(inner) => std::slice::from_ref(inner),
        Filter::IdIn(values)
        | Filter::IdNotIn(values)
        | Filter::FigureIn(values)
        | Filter::FigureNotIn(values) => return (1 + values.len() / 50, 1),
        _ => &[],
    };
    inner
        .iter()
        .map(size)
        .fold((1, 1), |(count, depth), (of, below)| {
            (count + of, depth.max(below + 1))
        })
}

/// Searches by a condition that the input spells.
///
/// # Panics
/// When the rows that come are not those for which it holds, or a condition of an ordinary size is refused.
pub fn predicate(input: &[u8]) {
    let mut maker = Maker {
        bytes: Bytes(input),
        left: NODES,
    };
    let filter = maker.filter(0);
    let served = Served::get();
    let json = serde_json::to_value(&filter).expect("a condition is JSON");
    let (status, reply) = served.call("searchItems", &json!({ "filter": json }));
    match status {
        200 => {
            let expected: Vec<i64> = (1..=ITEMS.len() as i64)
                .filter(|id| holds(&filter, *id))
                .collect();
            assert_eq!(reply["data"], json!(expected), "{json}");
        }
        400 => {
            let (count, depth) = size(&filter);
            let message = reply["error"]["message"].as_str().unwrap_or_default();
            assert!(
                count > 30 || depth > 15 || refuses_text(&json, message),
                "{reply}: {json}"
            );
        }
        _ => panic!("{status}: {reply}: {json}"),
    }
}

/// Whether it may be a text that is refused: a pattern that is too long, or one with a NUL character.
fn refuses_text(json: &Json, message: &str) -> bool {
    let json = json.to_string();
    message.contains("pattern") && (json.contains("\\u0000") || json.len() > 50)
}
