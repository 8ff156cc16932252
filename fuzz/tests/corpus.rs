//! The kept corpora, as ordinary tests: what a fuzzer once found stays found.

use std::{fs, path::Path};

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let mut inputs = 0;
    for entry in fs::read_dir(&folder).expect("a corpus") {
        let path = entry.expect("an entry").path();
        let input = fs::read(&path).expect("an input");
        println!("{}", path.display());
        run(&input);
        inputs += 1;
    }
    assert!(inputs >= 20, "{inputs} inputs in {}", folder.display());
}

#[test]
fn tokens() {
    replay("token", edgepod_fuzz::token);
}

#[test]
fn requests() {
    replay("request", edgepod_fuzz::request);
}
