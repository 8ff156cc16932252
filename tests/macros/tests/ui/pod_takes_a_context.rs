use edgepod::prelude::*;

#[edgepod::pod]
fn pod(ctx: &QueryCtx) -> Result<PodName> {
    PodName::new("acme")
}

#[edgepod::pod]
fn other_pod(request: &PodRequest) -> Result<String> {
    Ok("acme".to_owned())
}

#[edgepod::pod(default = "acme")]
fn third_pod(request: &PodRequest, name: String) -> Result<PodName> {
    PodName::new(name)
}

fn main() {}
