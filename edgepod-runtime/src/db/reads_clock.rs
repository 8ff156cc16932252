//! Whether a statement asks SQLite for the time, as far as its text says so: for warnings in development. A view, a parameter or a
//! row may do so, too, and only what is not warned of depends on it.

use edgepod_sql::{Token, tokens};

/// Functions of dates, and the place of the time among their arguments: where it is missing, it is now.
const DATES: [(&str, usize); 6] = [
    ("date", 0),
    ("time", 0),
    ("datetime", 0),
    ("julianday", 0),
    ("unixepoch", 0),
    ("strftime", 1),
];

/// Whether its text reads the clock.
pub(crate) fn reads_clock(sql: &str) -> bool {
    let mut rest = tokens(sql);
    while let Some(token) = rest.next() {
        if token.is_any(&["current_date", "current_time", "current_timestamp"]) {
            return true;
        }
        let Some(arguments) = arguments(rest.clone()) else {
            continue;
        };
        let is_now = |argument: &Option<Token<'_>>| {
            let text = argument.and_then(|token| token.unquoted());
            text.is_some_and(|text| text.eq_ignore_ascii_case("now"))
        };
        if token.is("timediff") && arguments.iter().any(is_now) {
            return true;
        }
        let place = DATES.iter().find(|(name, _)| token.is(name));
        let Some((_, place)) = place else { continue };
        // `unixepoch('subsec')` is now, too.
        let is_subsec = |argument: &Option<Token<'_>>| {
            let text = argument.and_then(|token| token.unquoted());
            text.is_some_and(|text| text.to_ascii_lowercase().starts_with("subsec"))
        };
        match arguments.get(*place) {
            None => return true,
            Some(time) if is_now(time) || is_subsec(time) => return true,
            Some(_) => {}
        }
    }
    false
}

/// The arguments of a call, of which this is the rest behind the function's name: those of one token, and `None` for longer ones.
/// Nothing where no parenthesis follows.
fn arguments<'a>(mut rest: impl Iterator<Item = Token<'a>>) -> Option<Vec<Option<Token<'a>>>> {
    if !rest.next()?.is_symbol('(') {
        return None;
    }
    let mut arguments = Vec::new();
    let (mut depth, mut length, mut first) = (0_usize, 0, None);
    for token in rest {
        let ends = depth == 0 && (token.is_symbol(')') || token.is_symbol(','));
        if ends {
            if length > 0 {
                arguments.push(first.take().filter(|_| length == 1));
            }
            if token.is_symbol(')') {
                return Some(arguments);
            }
            length = 0;
            continue;
        }
        if token.is_symbol('(') {
            depth += 1;
        } else if token.is_symbol(')') {
            depth -= 1;
        }
        first.get_or_insert(token);
        length += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_now_is_told_from_what_stands_in_a_row() {
        for now in [
            "SELECT CURRENT_TIMESTAMP",
            "SELECT * FROM t WHERE day < current_date",
            "SELECT date()",
            "SELECT unixepoch ( )",
            "SELECT unixepoch('subsec')",
            "SELECT strftime('%s')",
            "SELECT strftime('%s', 'NOW', '-1 day')",
            "SELECT max(a, datetime('now', '-1 day')) FROM t",
            "SELECT timediff(a, 'now') FROM t",
            "SELECT julianday(date('now')) FROM t",
        ] {
            assert!(reads_clock(now), "{now}");
        }
        for not in [
            "SELECT date(created_at) FROM t",
            "SELECT date(at / 1000000 - (at % 1000000 < 0), 'unixepoch') FROM t",
            "SELECT 'current_date', \"current_time\", date FROM t",
            "SELECT strftime('now', at) FROM t -- date()",
            "SELECT datetime(?1, 'unixepoch'), coalesce('now')",
            "SELECT unixepoch((SELECT max(at) FROM t))",
            "SELECT timediff(a, b) FROM t",
            "SELECT date(",
        ] {
            assert!(!reads_clock(not), "{not}");
        }
    }
}
