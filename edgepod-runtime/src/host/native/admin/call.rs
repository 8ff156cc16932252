//! A call of a function by whoever runs the app, an internal one as well.

use std::mem::take;

use super::{
    super::calls::{Caller, What},
    Asked,
    data::id,
};
use crate::{
    Error,
    engine::{Headers, Origin, Outcome, no_function},
    gateway,
};

/// Calls a function of a pod. It is done once for its `id`.
pub(super) async fn call(asked: &mut Asked<'_>) -> Result<Outcome, Error> {
    let pod = asked.pod()?;
    let id = id(asked)
        .map_err(|_| Error::bad_request("`id` has 32 hexadecimal digits, others for each call."))?;
    let name = asked.parameter("function").unwrap_or_default();
    let function = asked.shared.registry().any(&name);
    let function = function.ok_or_else(|| no_function(&name))?;
    let (bytes, held) = take(&mut asked.body);
    let args = String::from_utf8(bytes).map_err(|_| gateway::not_utf8())?;
    let caller = Caller {
        session: None,
        user: None,
        headers: Headers::from_json("{}"),
        trace_id: asked.trace_id.to_owned(),
        origin: Some(Origin::admin(id)),
        held,
    };
    let pod = asked.shared.pods.get(Some(&pod)).await?;
    Ok(pod.run(What::Call(function.callee()), args, caller).await)
}
