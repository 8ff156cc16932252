use edgepod::testing::TestApp;

#[edgepod::test]
async fn two(_app: TestApp, _other: TestApp) {}

#[edgepod::test]
#[tokio::test]
async fn twice(_app: TestApp) {}

fn main() {}
