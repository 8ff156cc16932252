//! The examples in the attributes' docs are run by the crate `edgepod`, which has a list of them.

use std::{fs, path::Path};

#[test]
fn the_examples_of_every_attribute_are_run() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let facade = fs::read_to_string(workspace.join("src/lib.rs")).unwrap();
    let (_, list) = facade.split_once("examples! {").expect("the list");
    let (list, _) = list.split_once('}').expect("its end");
    let mut listed: Vec<&str> = list.split_whitespace().collect();
    listed.sort_unstable();
    let docs = fs::read_dir(workspace.join("edgepod-macros/src/docs")).unwrap();
    let mut written: Vec<String> = docs
        .map(|file| file.unwrap().path())
        .map(|file| file.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    written.sort_unstable();
    assert_eq!(listed, written);
}
