//! This app for tests of its page: `cargo run --example test_server` prints where it is.

use std::process::ExitCode;

use users::insert_user;

fn main() -> ExitCode {
    edgepod::testing::serve(async |app| {
        app.call(insert_user::call("ada@example.org", "Ada"))
            .await?;
        Ok(())
    })
}
