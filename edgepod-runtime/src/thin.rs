//! What the standard library does in kilobytes of code, done in a few bytes where little is asked: a Worker is loaded whole, and
//! each call finds its code in cold memory.

/// Appends a number.
pub(crate) fn push_number(text: &mut String, n: u64) {
    text.push_str(itoa::Buffer::new().format(n));
}

/// Appends a text as JSON.
pub(crate) fn push_json(json: &mut String, text: &str) {
    let plain = |byte: &u8| !matches!(byte, 0..=0x1f | b'"' | b'\\');
    if text.as_bytes().iter().all(plain) {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        json.push_str(&serde_json::to_string(text).expect("a text is JSON"));
    }
}

/// The items in the order of their keys. For few: each takes its place among those before it.
pub(crate) fn sorted<T, K: Ord>(
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> K,
) -> Vec<T> {
    let mut sorted = Vec::new();
    for item in items {
        let place = sorted.partition_point(|other| key(other) <= key(&item));
        sorted.insert(place, item);
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_standard_library_does() {
        for n in [0, 7, 10, 99, 100, 12_345, u64::MAX - 1, u64::MAX] {
            let mut text = String::from("n");
            push_number(&mut text, n);
            assert_eq!(text, format!("n{n}"));
        }
    }

    #[test]
    fn texts_are_written_as_serde_json_does() {
        let bytes = (0..=255).map(char::from).map(String::from);
        for text in bytes.chain(["", "a\"b\\c\n", "ÄÖ 🦀", "\u{2028}"].map(str::to_owned)) {
            let mut json = String::new();
            push_json(&mut json, &text);
            assert_eq!(json, serde_json::to_string(&text).unwrap());
        }
    }

    #[test]
    fn equal_keys_keep_their_order() {
        let items = [(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd'), (0, 'e')];
        let mut expected = items;
        expected.sort_by_key(|item| item.0);
        assert_eq!(sorted(items, |item| item.0), expected);
    }
}
