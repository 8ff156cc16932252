//! What a Worker for use weighs: the platform counts its modules compressed.

use std::{fs::File, io, path::Path};

use edgepod_cli::{
    app::App,
    build::{Profile, Worker},
};
use flate2::{Compression, write::GzEncoder};
use walkdir::WalkDir;

/// The budget of `examples/users`: DESIGN.md section 8.
const BUDGET: u64 = 350_000;

#[test]
fn the_worker_of_the_users_example_keeps_its_budget() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/users");
    let app = App::find(&example).unwrap();
    let worker = Worker::build(&app, Profile::Release).unwrap();
    let mut total = 0;
    for entry in WalkDir::new(&worker.folder) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let bytes = gzipped(entry.path());
            println!("{:>8}  {}", bytes, entry.file_name().display());
            total += bytes;
        }
    }
    println!("{total:>8}  of {BUDGET}");
    assert!(
        total <= BUDGET,
        "the Worker of examples/users is {total} bytes compressed, and its budget is {BUDGET}"
    );
    // A Worker without its core would be small, too.
    assert!(total > 50_000, "{total}");
}

/// The size of a file, compressed.
fn gzipped(path: &Path) -> u64 {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    io::copy(&mut File::open(path).unwrap(), &mut encoder).unwrap();
    encoder.finish().unwrap().len() as u64
}
