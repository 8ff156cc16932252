//! The declaration map: how an editor comes from a function's declaration in TypeScript to the function in Rust.
//!
//! It is a source map ([ECMA-426](https://tc39.es/ecma426/)), as TypeScript writes them beside its own declarations. TypeScript's
//! language service looks a place up by the *next* segment at or behind it, so the name of each function has a segment that leads
//! to Rust and one right before it that leads nowhere: what is no function's name stays in the declarations.

use std::path::Path;

use serde::Serialize;

use crate::{folder::slashed, typescript::Place};

/// The declarations that it is the map of, and itself; relative to the client's folder.
pub(crate) const DECLARATIONS: &str = "functions.d.ts";
pub(crate) const MAP: &str = "functions.d.ts.map";

/// What the declarations end with.
pub(crate) const REFERENCE: &str = "//# sourceMappingURL=functions.d.ts.map\n";

/// What a map begins with, whichever version generated it: JSON has no comments.
pub(crate) const GENERATED_MARK: &str = "{\"x_generated_by\":\"EdgePod ";

#[derive(Serialize)]
struct SourceMap<'a> {
    x_generated_by: String,
    version: u8,
    file: &'a str,
    sources: Vec<String>,
    names: [&'a str; 0],
    mappings: String,
}

/// The map for declarations in `folder`, of functions in files relative to `root`; both absolute.
pub(crate) fn text(places: &[Place], root: &Path, folder: &Path) -> String {
    let mut mappings = Mappings::default();
    let mut sources: Vec<String> = Vec::new();
    for place in places {
        let Some(source) = &place.source else {
            continue;
        };
        let file = root.join(&source.file);
        let file = pathdiff::diff_paths(&file, folder).unwrap_or(file);
        let file = slashed(&file);
        let index = sources.iter().position(|known| *known == file);
        let index = index.unwrap_or_else(|| {
            sources.push(file);
            sources.len() - 1
        });
        // Lines are counted from 0 here.
        let line = source.line.saturating_sub(1);
        mappings.nowhere(place.line, place.name.start - 1);
        mappings.to(place.line, place.name.start, index, line);
        mappings.nowhere(place.line, place.name.end);
    }
    let map = SourceMap {
        x_generated_by: format!("EdgePod {}", env!("CARGO_PKG_VERSION")),
        version: 3,
        file: DECLARATIONS,
        sources,
        names: [],
        mappings: mappings.text(),
    };
    serde_json::to_string(&map).expect("texts and numbers are JSON") + "\n"
}

/// The segments, each number of which is the difference to the one before.
#[derive(Default)]
struct Mappings {
    text: Vec<u8>,
    line: usize,
    column: i64,
    source: i64,
    source_line: i64,
}

impl Mappings {
    fn nowhere(&mut self, line: usize, column: usize) {
        self.begin(line, column);
    }

    /// To the beginning of a line.
    fn to(&mut self, line: usize, column: usize, source: usize, source_line: u32) {
        self.begin(line, column);
        let (source, source_line) = (source as i64, i64::from(source_line));
        for number in [source - self.source, source_line - self.source_line, 0] {
            self.push(number);
        }
        (self.source, self.source_line) = (source, source_line);
    }

    /// Begins a segment, of which the columns start anew on each line.
    fn begin(&mut self, line: usize, column: usize) {
        if line > self.line {
            self.text.resize(self.text.len() + line - self.line, b';');
            (self.line, self.column) = (line, 0);
        } else if !self.text.is_empty() {
            self.text.push(b',');
        }
        let column = column as i64;
        self.push(column - self.column);
        self.column = column;
    }

    fn push(&mut self, number: i64) {
        vlq::encode(number, &mut self.text).expect("writing to memory does not fail");
    }

    fn text(self) -> String {
        String::from_utf8(self.text).expect("Base64 is ASCII")
    }
}
