//! Cursors of pages: whatever a client makes of one, it is refused or is one; and the pages that follow each other have all rows
//! once.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value as Json, json};

use crate::{
    app::{ITEMS, SortKey},
    bytes::Bytes,
    served::Served,
};

const KEYS: [SortKey; 6] = [
    SortKey::Figure,
    SortKey::FigureDown,
    SortKey::Label,
    SortKey::LabelDown,
    SortKey::Text,
    SortKey::WeightDown,
];

/// A page: its items, and the cursor of the next one. `None` where the cursor was refused.
fn page(
    order: &[SortKey],
    cursor: Option<&str>,
    size: usize,
) -> Option<(Vec<i64>, Option<String>)> {
    let args = json!({ "order": order, "cursor": cursor, "size": size });
    let (status, reply) = Served::get().call("pageItems", &args);
    match status {
        200 => {
            let items = serde_json::from_value(reply["data"]["items"].clone()).expect("numbers");
            Some((items, reply["data"]["next"].as_str().map(str::to_owned)))
        }
        400 => None,
        _ => panic!("{status}: {reply}: {args}"),
    }
}

/// Asks for pages by cursors that the input spells.
///
/// # Panics
/// When the reply is neither a page nor a refusal, or pages are not parts of the list.
pub fn cursor(input: &[u8]) {
    let mut bytes = Bytes(input);
    let keys = bytes.below(5);
    let order: Vec<SortKey> = (0..keys).map(|_| bytes.of(&KEYS)).collect();
    let (all, _) = page(&order, None, ITEMS.len()).expect("the first page");
    assert_eq!(all.len(), ITEMS.len());
    let size = 1 + bytes.below(ITEMS.len() - 1);
    let (first, genuine) = page(&order, None, size).expect("the first page");
    let genuine = genuine.expect("there are more");
    let forged = match bytes.below(4) {
        // The genuine ones, to the end.
        0 => {
            let mut walked = first;
            let mut next = Some(genuine);
            while let Some(cursor) = next {
                let (items, after) = page(&order, Some(&cursor), size).expect("a page");
                assert!(!items.is_empty());
                walked.extend(items);
                next = after;
            }
            assert_eq!(walked, all, "{order:?}");
            return;
        }
        1 => bytes.text(),
        // Some bytes of a genuine one are others.
        2 => {
            let mut json = Base64UrlUnpadded::decode_vec(&genuine).expect("base64url");
            let at = bytes.below(json.len());
            let removed = bytes.below(8).min(json.len() - at);
            json.splice(at..at + removed, bytes.0.iter().copied());
            Base64UrlUnpadded::encode_string(&json)
        }
        // The genuine one's beginning, and values of the client's own.
        _ => {
            let json = Base64UrlUnpadded::decode_vec(&genuine).expect("base64url");
            let genuine: Vec<Json> = serde_json::from_slice(&json).expect("JSON");
            let text = format!("[{},{},{}]", genuine[0], genuine[1], bytes.text());
            Base64UrlUnpadded::encode_string(text.as_bytes())
        }
    };
    if let Some((items, _)) = page(&order, Some(&forged), size) {
        // Wherever it begins, a page is a part of the list.
        assert!(
            items.is_empty() || all.windows(items.len()).any(|part| part == items),
            "{items:?} of {all:?}, sorted by {order:?}, after {forged}"
        );
    }
}
