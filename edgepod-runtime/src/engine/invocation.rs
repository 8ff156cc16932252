//! A call that is to be made: of which function, and with which arguments. What `get_user::call(7)` gives.

use std::marker::PhantomData;

use serde::Serialize;

use super::{Context, FunctionDef};
use crate::{Error, Result, db::Bytes, thin::push_json};

/// A function of the app as a type. Implemented by `#[edgepod::query]`, `#[edgepod::function]` and `#[edgepod::action]`, for a
/// type of the function's name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no function of the app",
    label = "not a function",
    note = "a function has `#[edgepod::query]`, `#[edgepod::function]` or `#[edgepod::action]`"
)]
pub trait Callable: 'static {
    /// The context that it takes, and so its kind.
    type Ctx: Context;

    /// What it returns: a `Result`.
    type Returned;

    /// What the attribute registered.
    #[doc(hidden)]
    const DEFINITION: &'static FunctionDef;
}

/// A call of the function `F` that has not been made yet. The compiler has checked the arguments.
///
/// ```ignore
/// use edgepod::prelude::*;
///
/// #[edgepod::query]
/// pub async fn greet(ctx: &QueryCtx, name: String, times: Option<u8>) -> Result<String> {
///     Ok(format!("Hello {name}").repeat(times.unwrap_or(1).into()))
/// }
///
/// let greeting = greet::call("Ada", None);
/// assert_eq!(greeting.name(), "greet");
/// assert_eq!(greeting.args()?, r#"{"name":"Ada","times":null}"#);
/// ```
#[must_use = "it is not called yet"]
pub struct Invocation<F> {
    args: Result<String>,
    function: PhantomData<fn() -> F>,
}

impl<F> Clone for Invocation<F> {
    fn clone(&self) -> Self {
        Self {
            args: self.args.clone(),
            function: PhantomData,
        }
    }
}

impl<F> Invocation<F> {
    /// A call without arguments yet. Only for what the attributes generate: nothing checks that all are given.
    #[doc(hidden)]
    pub fn begin() -> Self {
        Self {
            args: Ok(String::from("{")),
            function: PhantomData,
        }
    }

    /// Adds an argument.
    #[doc(hidden)]
    pub fn with<T>(mut self, name: &str, value: impl Gives<T>) -> Self {
        self.args = self.args.and_then(|mut args| {
            let value = value.to_json().map_err(|error| {
                Error::internal(format!("the argument `{name}` has no JSON: {error}"))
            })?;
            if args.len() > 1 {
                args.push(',');
            }
            push_json(&mut args, name);
            args.push(':');
            args.push_str(&value);
            Ok(args)
        });
        self
    }

    /// All arguments are given.
    #[doc(hidden)]
    pub fn end(mut self) -> Self {
        if let Ok(args) = &mut self.args {
            args.push('}');
        }
        self
    }

    /// The arguments as the JSON object that a client would send.
    ///
    /// # Errors
    /// `INTERNAL`: an argument that JSON cannot hold, such as a map whose keys are no texts.
    pub fn args(&self) -> Result<&str> {
        self.args.as_deref().map_err(Clone::clone)
    }
}

impl<F: Callable> Invocation<F> {
    /// The function's public name.
    pub fn name(&self) -> &'static str {
        F::DEFINITION.name
    }

    /// The function.
    pub fn definition(&self) -> &'static FunctionDef {
        F::DEFINITION
    }
}

/// A value that may be given for an argument of type `T`: a `T`, what borrows one, and for what may be left out the value alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not fit an argument of type `{T}`",
    label = "expected a `{T}`",
    note = "an argument is given as a value of its type, which has serde's `Serialize`, or borrowed"
)]
pub trait Gives<T> {
    #[doc(hidden)]
    fn to_json(&self) -> serde_json::Result<String>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Gives<T> for T {
    fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Gives<T> for &T {
    fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Gives<Option<T>> for T {
    fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

macro_rules! borrowed {
    ($($borrowed:ty => $owned:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl Gives<$owned> for &$borrowed {
            fn to_json(&self) -> serde_json::Result<String> {
                json::<$owned>((*self).to_owned().into())
            }
        }

        #[diagnostic::do_not_recommend]
        impl Gives<Option<$owned>> for &$borrowed {
            fn to_json(&self) -> serde_json::Result<String> {
                json::<$owned>((*self).to_owned().into())
            }
        }
    )*};
}

borrowed!(str => String, [u8] => Bytes);

fn json<T: Serialize>(value: T) -> serde_json::Result<String> {
    serde_json::to_string(&value)
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Gives<Vec<T>> for &[T] {
    fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize, const N: usize> Gives<Vec<T>> for [T; N] {
    fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self.as_slice())
    }
}
