//! Embeds the page of the studio, where it has been built: `studio/dist`, which a published crate brings along.
//!
//! In a checkout the folder itself is served, so a page that is built later needs no build of the command.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// All files of a folder, in whatever depth.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let page = root.join("studio").join("dist");
    let mut found = Vec::new();
    // Of a folder that is not there cargo would say that it has changed, each time.
    if page.join("index.html").is_file() {
        println!("cargo::rerun-if-changed={}", page.display());
        files(&page, &mut found);
    }
    found.sort();
    let mut text = String::from("&[\n");
    for file in &found {
        let name = file.strip_prefix(&page).expect("it is below");
        let name: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
        text += &format!("    ({:?}, include_bytes!({file:?})),\n", name.join("/"));
    }
    text.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("studio.rs"), text).expect("cargo's folder for it can be written");
}
