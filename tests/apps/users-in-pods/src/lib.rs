//! The users example, with a database for each name that a client thinks of: for the protocol suite in a pod.
//!
//! Only the rule is here. The example is a module and no dependency, as what a dependency registers is not linked into a Worker of `dev`.

use edgepod::{pods::asked, prelude::*};

#[path = "../../../../examples/users/src/lib.rs"]
pub mod users;

/// The pod that the client names, as `app!(pod = asked)` has it.
#[edgepod::pod]
fn pod(request: &PodRequest) -> Result<PodName> {
    asked(request)
}
