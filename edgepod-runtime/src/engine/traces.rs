//! W3C Trace Context: which trace of the world around it a call is a part of. A request says so by the headers `traceparent` and
//! `tracestate`, and what a call asks of others is sent with the same.
//!
//! Natively somebody may record what calls do: then each call has a place of its own in its trace. Where nobody does, and on
//! Workers, what came is passed on as it came.

use super::Headers;

/// The header that names a trace, and a place in it.
pub(super) const TRACEPARENT: &str = "traceparent";

/// What others on the way have to say of it.
pub(super) const TRACESTATE: &str = "tracestate";

/// The trace id in a `traceparent`: 32 digits. `None` where it is not as the specification has it: then it is as if it had not come.
fn trace_id(traceparent: &str) -> Option<&str> {
    let (head, rest) = traceparent.split_at_checked(55)?;
    let fits = |(at, byte): (usize, u8)| match at {
        2 | 35 | 52 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    let is_something = |part: &str| part.bytes().any(|byte| byte != b'0');
    // A version to come may add to its end, after a dash.
    let may_end = rest.is_empty() || rest.starts_with('-') && !head.starts_with("00");
    let is_sound = head.bytes().enumerate().all(fits) && may_end && !head.starts_with("ff");
    let (trace, parent) = (head.get(3..35)?, head.get(36..52)?);
    (is_sound && is_something(trace) && is_something(parent)).then_some(trace)
}

impl Headers {
    /// The trace that the request is a part of: its `traceparent`, where that is one, the trace's id, and its `tracestate`. That says
    /// nothing of the answer, so it is no reading of a header.
    pub(super) fn trace(&self) -> Option<Came<'_>> {
        if !self.may_have(TRACEPARENT) {
            return None;
        }
        let parent = self.peek(TRACEPARENT)?;
        Some(Came {
            parent,
            id: trace_id(parent)?,
            state: self.peek(TRACESTATE),
        })
    }
}

/// The trace that a request is a part of.
pub(super) struct Came<'a> {
    /// Its `traceparent`.
    pub(super) parent: &'a str,
    /// The trace's id in it.
    pub(super) id: &'a str,
    /// Its `tracestate`.
    pub(super) state: Option<&'a str>,
}

impl Came<'_> {
    /// The headers that pass it on as it came.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let mut headers = vec![(TRACEPARENT.to_owned(), self.parent.to_owned())];
        if let Some(state) = self.state {
            headers.push((TRACESTATE.to_owned(), state.to_owned()));
        }
        headers
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub use places::{Place, TraceContext};
#[cfg(not(target_arch = "wasm32"))]
pub(super) use places::{Placing, passed_on};

#[cfg(not(target_arch = "wasm32"))]
mod places {
    use std::sync::{Arc, OnceLock};

    use super::{Came, TRACEPARENT, TRACESTATE};
    use crate::engine::Headers;

    /// Something that is recorded, as others are told of it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct TraceContext {
        /// The trace.
        pub trace_id: u128,
        /// What is recorded: a span.
        pub span_id: u64,
        /// Whether it is recorded, and what else a `traceparent` has room for.
        pub flags: u8,
        /// The `tracestate` that came with the request.
        pub state: Option<Arc<str>>,
    }

    impl TraceContext {
        /// The flag of what is recorded.
        pub const SAMPLED: u8 = 1;

        /// The place that a request says it comes from, if it does.
        pub(in crate::engine) fn of(headers: &Headers) -> Option<Self> {
            let Came { parent, id, state } = headers.trace()?;
            Some(Self {
                trace_id: u128::from_str_radix(id, 16).ok()?,
                span_id: u64::from_str_radix(parent.get(36..52)?, 16).ok()?,
                flags: u8::from_str_radix(parent.get(53..55)?, 16).ok()?,
                state: state.map(Arc::from),
            })
        }

        /// Whether it is recorded.
        pub fn is_sampled(&self) -> bool {
            self.flags & Self::SAMPLED != 0
        }

        /// As the header `traceparent` says it.
        ///
        /// ```
        /// use edgepod_runtime::engine::TraceContext;
        /// let place = TraceContext { trace_id: 0xa, span_id: 0xb, flags: 1, state: None };
        /// assert_eq!(place.traceparent(), "00-0000000000000000000000000000000a-000000000000000b-01");
        /// ```
        pub fn traceparent(&self) -> String {
            format!(
                "00-{:032x}-{:016x}-{:02x}",
                self.trace_id, self.span_id, self.flags
            )
        }

        pub(in crate::engine) fn headers(&self) -> Vec<(String, String)> {
            let mut headers = vec![(TRACEPARENT.to_owned(), self.traceparent())];
            if let Some(state) = &self.state {
                headers.push((TRACESTATE.to_owned(), (**state).to_owned()));
            }
            headers
        }
    }

    /// The place of a call, or of a request that it sends, in a trace.
    #[derive(Clone, Debug)]
    pub struct Place {
        /// Its own.
        pub context: TraceContext,
        /// The span that it is a part of.
        pub parent: Option<u64>,
    }

    type Giver = dyn Fn(Option<&TraceContext>) -> TraceContext + Send + Sync;

    /// Who gives what begins its place, where somebody records it: as a part of something, or of a trace of its own.
    #[derive(Default)]
    pub(in crate::engine) struct Placing(OnceLock<Box<Giver>>);

    impl Placing {
        pub(in crate::engine) fn set(&self, giver: Box<Giver>) {
            // The first stays.
            let _ = self.0.set(giver);
        }

        /// The place of what begins, as a part of this.
        pub(in crate::engine) fn within(&self, parent: Option<&TraceContext>) -> Option<Place> {
            let giver = self.0.get()?;
            Some(Place {
                context: giver(parent),
                parent: parent.map(|parent| parent.span_id),
            })
        }

        /// The place of a call with these headers.
        pub(in crate::engine) fn of_call(&self, headers: &Headers) -> Option<Place> {
            self.0.get()?;
            self.within(TraceContext::of(headers).as_ref())
        }
    }

    /// The headers by which a call hands on its trace, as JSON: its own place, or what came.
    pub(in crate::engine) fn passed_on(place: Option<&Place>, headers: &Headers) -> String {
        let headers = match place {
            Some(place) => place.context.headers(),
            None => headers.trace().map_or_else(Vec::new, |came| came.headers()),
        };
        let headers: std::collections::BTreeMap<_, _> = headers.into_iter().collect();
        serde_json::to_string(&headers).expect("texts are JSON")
    }
}

#[cfg(all(test, feature = "native"))]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    #[test]
    fn a_traceparent_is_taken_as_the_specification_says() {
        let right = [
            format!("00-{TRACE}-b7ad6b7169203331-01"),
            format!("00-{TRACE}-b7ad6b7169203331-00"),
            // Of versions to come.
            format!("01-{TRACE}-b7ad6b7169203331-09"),
            format!("cc-{TRACE}-b7ad6b7169203331-01-what-the-future-brings"),
        ];
        for text in right {
            assert_eq!(trace_id(&text), Some(TRACE), "{text}");
        }
        let zero = "0".repeat(32);
        let wrong = [
            String::new(),
            "-".to_owned(),
            "00".to_owned(),
            format!("ff-{TRACE}-b7ad6b7169203331-01"),
            format!("00-{TRACE}-b7ad6b7169203331-01-more"),
            format!("00-{TRACE}-b7ad6b7169203331-01-"),
            format!("01-{TRACE}-b7ad6b7169203331-01more"),
            format!("00-{zero}-b7ad6b7169203331-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-b7ad6b7169203331-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-b7ad6b716920333-01"),
            format!("00-{TRACE}-b7ad6b7169203331-1"),
            format!("0-{TRACE}-b7ad6b7169203331-01"),
            format!("00-{TRACE}-b7ad6b7169203331"),
            format!("00-{}x-b7ad6b7169203331-01", &TRACE[1..]),
            format!("00-{}é-b7ad6b7169203331-01", &TRACE[2..]),
            // It came twice.
            format!("00-{TRACE}-b7ad6b7169203331-01, 00-{TRACE}-b7ad6b7169203331-01"),
        ];
        for text in wrong {
            assert_eq!(trace_id(&text), None, "{text}");
        }
    }

    #[test]
    fn what_came_is_a_place_and_is_no_reading_of_a_header() {
        let headers = Headers::from_json(format!(
            r#"{{"traceparent":"00-{TRACE}-b7ad6b7169203331-03","tracestate":"a=1,b=2"}}"#
        ));
        let place = TraceContext::of(&headers).unwrap();
        assert_eq!(
            place.traceparent(),
            format!("00-{TRACE}-b7ad6b7169203331-03")
        );
        assert_eq!(place.state.as_deref(), Some("a=1,b=2"));
        assert!(place.is_sampled() && !headers.asked.get());
        let passed = passed_on(None, &headers);
        assert_eq!(passed, headers.to_json());
        let lost = Headers::from_json(r#"{"traceparent":"00-what","tracestate":"a=1"}"#);
        assert_eq!(passed_on(None, &lost), "{}");
    }
}
