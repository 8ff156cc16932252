//! Why a call of a test failed.

use std::fmt;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::engine::Outcome;

/// The error of a call, as its client gets it; of an internal one also what the log says, which no client is told.
#[derive(Clone, Debug, PartialEq)]
pub struct CallError {
    code: String,
    status: u16,
    message: String,
    data: Option<Value>,
    cause: Option<String>,
}

impl CallError {
    /// That of a reply, with what the log says of it where it is an internal one.
    pub(super) fn of(outcome: &Outcome, log: &[String]) -> Self {
        #[derive(Deserialize)]
        struct Body {
            error: Details,
        }
        #[derive(Deserialize)]
        struct Details {
            code: String,
            message: String,
            data: Option<Value>,
            trace_id: String,
        }
        match serde_json::from_str::<Body>(&outcome.body) {
            Ok(Body { error }) => Self {
                code: error.code,
                status: outcome.status,
                message: error.message,
                data: error.data,
                cause: (outcome.status == 500)
                    .then(|| {
                        log.iter()
                            .find(|line| line.contains(&error.trace_id))
                            .cloned()
                    })
                    .flatten(),
            },
            Err(error) => Self::local(format!("the reply is no JSON of an error: {error}")),
        }
    }

    /// What went wrong on the test's own side.
    pub(super) fn local(message: String) -> Self {
        Self {
            code: "INTERNAL".to_owned(),
            status: 500,
            message,
            data: None,
            cause: None,
        }
    }

    /// The code, such as `NOT_FOUND`, or one of the app's own.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The HTTP status that goes with it.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// What the client is told.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The data of an error of the app's own, or `None` where there is none or it is no `T`.
    pub fn data<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(self.data.as_ref()?).ok()
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        match &self.cause {
            Some(cause) => write!(f, " (in the log: {cause})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for CallError {}
