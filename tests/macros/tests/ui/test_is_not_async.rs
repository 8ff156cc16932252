use edgepod::testing::TestApp;

#[edgepod::test]
fn waits(_app: TestApp) {}

fn main() {}
