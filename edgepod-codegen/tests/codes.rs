//! The client's list of codes is the one that the runtime gives and the attributes reserve.
//!
//! `EDGEPOD_WRITE=1 cargo test -p edgepod-codegen --test codes` writes the file anew.

use std::{fmt::Write, fs, path::Path};

use edgepod_manifest::{CLIENT_CODES, Code};

/// `client/src/core/codes.ts`.
fn text() -> String {
    let mut text = String::from(
        "// Written from edgepod-manifest by a test of edgepod-codegen, `codes`.\n\n\
         /** The codes that EdgePod gives, whatever the function: those of the server, and those of this client. */\n\
         export type SystemCode =",
    );
    for code in Code::SYSTEM {
        write!(text, "\n  | \"{code}\"").unwrap();
    }
    for (code, docs) in CLIENT_CODES {
        write!(text, "\n  /** {docs} */\n  | \"{code}\"").unwrap();
    }
    text + ";\n"
}

#[test]
fn the_clients_codes_are_those_of_the_manifest() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("client/src/core/codes.ts");
    if std::env::var_os("EDGEPOD_WRITE").is_some() {
        fs::write(&file, text()).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap().replace("\r\n", "\n");
    assert_eq!(
        written,
        text(),
        "the list of codes has changed: write it anew with EDGEPOD_WRITE=1"
    );
}
