//! The client's lists of codes and of kinds of functions are those that the runtime gives and the attributes reserve.
//!
//! `EDGEPOD_WRITE=1 cargo test -p edgepod-codegen --test codes` writes the file anew.

use std::{fmt::Write, fs, path::Path};

use edgepod_manifest::{CLIENT_CODES, Code, Kind};

const HEADER: &str = "// Written from edgepod-manifest by a test of edgepod-codegen, `codes`.\n\n";

/// `client/src/core/codes.ts`.
fn codes() -> String {
    let mut text = HEADER.to_owned();
    text.push_str(
        "/** The codes that EdgePod gives, whatever the function: those of the server, and those of this client. */\n\
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

/// `client/src/core/kinds.ts`.
fn kinds() -> String {
    let mut text = HEADER.to_owned();
    text.push_str("/** What a function may do. */\nexport type FunctionKind =");
    for kind in Kind::ALL {
        write!(
            text,
            "\n  /** {} */\n  | \"{}\"",
            kind.docs(),
            kind.as_str()
        )
        .unwrap();
    }
    text + ";\n"
}

fn is_of_the_manifest(name: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("client/src/core");
    let file = folder.join(name);
    if std::env::var_os("EDGEPOD_WRITE").is_some() {
        fs::write(&file, text).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap().replace("\r\n", "\n");
    assert_eq!(
        written, text,
        "{name} has changed: write it anew with EDGEPOD_WRITE=1"
    );
}

#[test]
fn the_clients_codes_are_those_of_the_manifest() {
    is_of_the_manifest("codes.ts", &codes());
}

#[test]
fn the_clients_kinds_of_functions_are_those_of_the_manifest() {
    is_of_the_manifest("kinds.ts", &kinds());
}
