//! Conditions as text that hold whatever a row has: a column compared with itself, alone or joined with others.

use edgepod_sql::{Token, TokenKind};

/// How many parentheses are looked into, one within the other.
const DEEPEST: u32 = 32;

/// Whether a condition holds for every row, or for every one with a value, by what is written alone: `id = id`, and what AND and
/// OR make of it. What this does not understand may well be up to the row.
pub(super) fn holds(condition: &[Token<'_>]) -> bool {
    at(condition, DEEPEST)
}

fn at(tokens: &[Token<'_>], depth: u32) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    // An AND within these joins no conditions.
    if tokens
        .iter()
        .any(|token| token.is_any(&["BETWEEN", "CASE", "SELECT"]))
    {
        return false;
    }
    if let Some(inner) = within(tokens) {
        return at(inner, depth);
    }
    if let Some(parts) = split(tokens, "OR") {
        return parts.into_iter().any(|part| at(part, depth));
    }
    if let Some(parts) = split(tokens, "AND") {
        return parts.into_iter().all(|part| at(part, depth));
    }
    is_itself(tokens)
}

/// What stands in the parentheses that hold everything.
fn within<'a, 'b>(tokens: &'a [Token<'b>]) -> Option<&'a [Token<'b>]> {
    let [first, inner @ .., last] = tokens else {
        return None;
    };
    if !first.is_symbol('(') || !last.is_symbol(')') {
        return None;
    }
    let mut open = 0_u32;
    for token in inner {
        if token.is_symbol('(') {
            open += 1;
        } else if token.is_symbol(')') {
            open = open.checked_sub(1)?;
        }
    }
    Some(inner)
}

/// What a word outside of parentheses separates; `None` where it is not there.
fn split<'a, 'b>(tokens: &'a [Token<'b>], word: &str) -> Option<Vec<&'a [Token<'b>]>> {
    let (mut parts, mut open, mut start) = (Vec::new(), 0_u32, 0);
    for (i, token) in tokens.iter().enumerate() {
        if token.is_symbol('(') {
            open += 1;
        } else if token.is_symbol(')') {
            open = open.saturating_sub(1);
        } else if open == 0 && token.is(word) {
            parts.push(&tokens[start..i]);
            start = i + 1;
        }
    }
    if parts.is_empty() {
        return None;
    }
    parts.push(&tokens[start..]);
    Some(parts)
}

/// `a = a`, `t.a IS t.a`, `a <= a`.
fn is_itself(tokens: &[Token<'_>]) -> bool {
    let is_name = |token: &Token<'_>| {
        matches!(token.kind, TokenKind::Word | TokenKind::Name) || token.is_symbol('.')
    };
    let is_operator = |token: &Token<'_>| {
        token.is("IS")
            || ['=', '<', '>']
                .iter()
                .any(|symbol| token.is_symbol(*symbol))
    };
    let Some(start) = tokens.iter().position(is_operator) else {
        return false;
    };
    let end = start
        + tokens[start..]
            .iter()
            .take_while(|token| is_operator(token))
            .count();
    let (left, right) = (&tokens[..start], &tokens[end..]);
    let operator: String = tokens[start..end].iter().map(|token| token.text).collect();
    let reflexive = ["=", "==", "IS", "<=", ">="]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(&operator));
    let same = |(a, b): (&Token<'_>, &Token<'_>)| match (a.unquoted(), b.unquoted()) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(&b),
        _ => a.text == b.text,
    };
    reflexive
        && !left.is_empty()
        && left.len() == right.len()
        && left.iter().all(is_name)
        && left.iter().zip(right).all(same)
}

#[cfg(test)]
mod tests {
    use edgepod_sql::tokens;

    #[test]
    fn a_column_compared_with_itself_holds_and_what_it_is_joined_with_may_not() {
        let holds = |condition: &str| super::holds(&tokens(condition).collect::<Vec<_>>());
        for condition in [
            "id = id",
            "\"id\" = ID",
            "(\"t\".\"id\") == (1) OR t.id IS \"t\".id",
            "((id <= id) AND (name = name))",
            "id = id /* or */ OR name = 'x'",
        ] {
            assert!(holds(condition), "{condition}");
        }
        for condition in [
            "id = name",
            "id <> id",
            "id < id",
            "t.id = id",
            "id = id AND name = 'x'",
            "NOT id = id",
            "id = id + 1",
            "lower(id) = id",
            "id BETWEEN id AND id OR id = 1",
            "id IN (SELECT id FROM u WHERE id = id)",
            "id IS NOT id",
            "",
        ] {
            assert!(!holds(condition), "{condition}");
        }
        assert!(!holds(&"(".repeat(100_000)));
    }
}
