use edgepod::prelude::*;

#[edgepod::pod]
async fn pod(request: &PodRequest<'_>) -> Result<PodName> {
    PodName::new("acme")
}

fn main() {}
