//! What does not compile, and what the compiler then says: a file in `ui/` for each mistake, named after it.
//!
//! `TRYBUILD=overwrite cargo test -p edgepod-macros-tests --test ui` writes the expected messages anew. Read them before you commit
//! them: each says in one sentence what to do.

#[test]
#[rustversion::attr(
    not(stable(1.95)),
    ignore = "the expected messages are those of Rust 1.95"
)]
fn mistakes_have_messages() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
