//! A collector of OpenTelemetry, as far as the tests need one: it takes spans by OTLP and keeps them.

use std::{
    sync::{
        Condvar, LazyLock, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use edgepod_tests::PATIENCE;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::{Span, status::StatusCode},
};
use prost::Message as _;

use super::other::{Came, serve};

/// The collector that the server under test is told of.
pub(crate) static ALL: LazyLock<Collector> = LazyLock::new(Collector::start);

/// A collector.
pub(crate) struct Collector {
    pub(crate) url: String,
    kept: &'static Kept,
}

#[derive(Default)]
struct Kept {
    all: Mutex<Vec<Seen>>,
    more: Condvar,
    /// Whether it keeps whoever sends waiting, for as long as that has patience.
    stalls: AtomicBool,
    /// Whether it takes nothing.
    refuses: AtomicBool,
}

/// A span that came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) span: Span,
    resource: Vec<KeyValue>,
    pub(crate) tenant: String,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let kept: &'static Kept = Box::leak(Box::default());
        Self {
            url: serve(move |came| kept.take(&came)),
            kept,
        }
    }

    /// Keeps whoever sends waiting.
    pub(crate) fn stall(&self, stalls: bool) {
        self.kept.stalls.store(stalls, Ordering::Release);
        drop(self.kept.all.lock().unwrap());
        self.kept.more.notify_all();
    }

    /// Takes nothing.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.kept.refuses.store(refuses, Ordering::Release);
    }

    /// How many spans have come.
    pub(crate) fn count(&self) -> usize {
        self.kept.all.lock().unwrap().len()
    }

    /// Waits until spans like this have come; all there are.
    #[track_caller]
    pub(crate) fn wait(&self, count: usize, is_one: impl Fn(&Seen) -> bool) -> Vec<Seen> {
        let all = self.kept.all.lock().unwrap();
        let some = |all: &Vec<Seen>| {
            let some = all.iter().filter(|seen| is_one(seen));
            some.cloned().collect::<Vec<_>>()
        };
        let (all, _) = self
            .kept
            .more
            .wait_timeout_while(all, PATIENCE, |all| some(all).len() < count)
            .unwrap();
        let found = some(&all);
        assert!(found.len() >= count, "{found:#?} of {all:#?}");
        found
    }

    /// The one span like this, once it has come.
    #[track_caller]
    pub(crate) fn one(&self, is_one: impl Fn(&Seen) -> bool) -> Seen {
        let found = self.wait(1, is_one);
        assert_eq!(found.len(), 1, "{found:#?}");
        found[0].clone()
    }

    /// The span of the call that EdgePod names so.
    #[track_caller]
    pub(crate) fn call(&self, trace_id: &str) -> Seen {
        self.one(|seen| seen.text("edgepod.trace_id").as_deref() == Some(trace_id))
    }

    /// The spans that are parts of this one.
    #[track_caller]
    pub(crate) fn within(&self, count: usize, seen: &Seen) -> Vec<Seen> {
        let mut found = self.wait(count, |other| {
            other.span.parent_span_id == seen.span.span_id
        });
        found.sort_by_key(|seen| seen.span.start_time_unix_nano);
        assert_eq!(found.len(), count, "{found:#?}");
        for other in &found {
            assert_eq!(other.span.trace_id, seen.span.trace_id);
            assert!(other.span.start_time_unix_nano >= seen.span.start_time_unix_nano);
            assert!(other.span.end_time_unix_nano <= seen.span.end_time_unix_nano);
        }
        found
    }
}

impl Kept {
    fn take(&self, came: &Came) -> u16 {
        let mut all = self.all.lock().unwrap();
        while self.stalls.load(Ordering::Acquire) {
            all = self.more.wait(all).unwrap();
        }
        if self.refuses.load(Ordering::Acquire) {
            return 400;
        }
        assert_eq!(came.path, "/v1/traces");
        let tenant = came.all("x-tenant").concat();
        let request = ExportTraceServiceRequest::decode(&*came.body).expect("a request of OTLP");
        for spans in request.resource_spans {
            let resource = spans.resource.unwrap_or_default().attributes;
            let spans = spans.scope_spans.into_iter().flat_map(|of| of.spans);
            all.extend(spans.map(|span| Seen {
                span,
                resource: resource.clone(),
                tenant: tenant.clone(),
            }));
        }
        drop(all);
        self.more.notify_all();
        // Whoever sends is not to outrun whoever looks.
        thread::yield_now();
        200
    }
}

fn value<'a>(of: &'a [KeyValue], name: &str) -> Option<&'a Value> {
    let found = of.iter().find(|pair| pair.key == name)?;
    let AnyValue { value } = found.value.as_ref()?;
    value.as_ref()
}

impl Seen {
    /// An attribute that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match value(&self.span.attributes, name)? {
            Value::StringValue(text) => Some(text.clone()),
            other => panic!("{name} is {other:?}"),
        }
    }

    /// An attribute that is a number.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        match value(&self.span.attributes, name)? {
            Value::IntValue(number) => Some(*number),
            other => panic!("{name} is {other:?}"),
        }
    }

    /// Whether it has an attribute.
    pub(crate) fn has(&self, name: &str) -> bool {
        value(&self.span.attributes, name).is_some()
    }

    /// What is said of the program that sends it.
    pub(crate) fn resource(&self, name: &str) -> Option<String> {
        match value(&self.resource, name)? {
            Value::StringValue(text) => Some(text.clone()),
            other => panic!("{name} is {other:?}"),
        }
    }

    /// Whether it failed.
    pub(crate) fn is_failed(&self) -> bool {
        let status = self.span.status.as_ref();
        status.is_some_and(|status| status.code() == StatusCode::Error)
    }

    /// Its trace, in digits.
    pub(crate) fn trace(&self) -> String {
        hex(&self.span.trace_id)
    }

    /// Its own name in that, in digits.
    pub(crate) fn id(&self) -> String {
        hex(&self.span.span_id)
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
