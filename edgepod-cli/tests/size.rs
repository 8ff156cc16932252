//! What a Worker for use weighs: the platform counts its modules compressed.

use std::path::Path;

use edgepod_cli::{
    app::App,
    build::{Profile, Size, Worker},
};

#[test]
fn the_worker_of_the_users_example_keeps_its_budget() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/users");
    let app = App::find(&example).unwrap();
    let size = Worker::build(&app, Profile::Release)
        .unwrap()
        .size()
        .unwrap();
    println!("{size:?} of {}", Size::BUDGET);
    assert!(
        !size.is_over_budget(),
        "the Worker of examples/users is {} bytes compressed, and its budget is {}",
        size.gzipped,
        Size::BUDGET
    );
    // A Worker without its core would be small, too.
    assert!(size.gzipped > 50_000, "{}", size.gzipped);
}
