//! Spans on their way to a collector of OpenTelemetry: which are sent, in which batches, and what the log hears of it.
//!
//! Nothing that is served waits for it. Spans wait in a queue of a limited length for a thread of their own; what finds no room there
//! is counted, and lost.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use opentelemetry::{TraceId, trace::SpanKind};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter as Otlp, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, Sampler, SamplingDecision, ShouldSample as _,
        SpanData, SpanExporter, SpanProcessor as _,
    },
};
use ureq::Agent;

use super::{
    connections::Complaint,
    otel_spans::Spans,
    traces::{ENDPOINTS, TracesError, set},
};
use crate::engine::{Engine, Level, Record, TraceContext};

/// How long a collector has for a batch, where nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How many spans may wait, where nothing else is said: what the specification says.
const QUEUE: usize = 2048;

/// How many are sent at once, where nothing else is said.
const BATCH: usize = 512;

/// How long the program's end waits for the last of them.
const LAST: Duration = Duration::from_secs(5);

/// The largest answer of a collector that is read.
const ANSWER: u64 = 64 * 1024;

/// Sends spans to a collector.
pub(super) struct Exporter {
    batches: BatchSpanProcessor,
    state: Arc<State>,
    sampling: Sampling,
}

/// What the queue's two ends know.
#[derive(Debug, Default)]
struct State {
    /// Spans that wait, or are on their way.
    waiting: AtomicUsize,
    /// The most that may.
    room: usize,
    /// Spans that found no room.
    dropped: AtomicUsize,
    /// Spans that the collector did not take.
    lost: AtomicUsize,
    /// Whether the collector took none the last time.
    is_down: AtomicBool,
    /// Why, in the client's words.
    why: Mutex<String>,
    full: Complaint,
}

impl Exporter {
    /// Starts the thread that sends.
    ///
    /// # Errors
    /// See [`TracesError`].
    pub(super) fn start(vars: &HashMap<String, String>) -> Result<Arc<Self>, TracesError> {
        for name in [
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
            "OTEL_EXPORTER_OTLP_PROTOCOL",
        ] {
            if let Some(text) = set(vars, name).filter(|text| *text != "http/protobuf") {
                return Err(TracesError::Value {
                    name,
                    text: text.to_owned(),
                    may: "`http/protobuf`, the one protocol that is spoken; a collector takes it at port 4318",
                });
            }
        }
        let sampling = Sampling::from_vars(vars)?;
        let queue = count(vars, "OTEL_BSP_MAX_QUEUE_SIZE", QUEUE)?;
        let batch = count(vars, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", BATCH)?.min(queue);
        let state = Arc::new(State {
            room: queue,
            ..State::default()
        });
        let timeout = [
            "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
            "OTEL_EXPORTER_OTLP_TIMEOUT",
        ]
        .into_iter()
        .find_map(|name| set(vars, name)?.parse().ok())
        .map_or(TIMEOUT, Duration::from_millis);
        let otlp = Otlp::builder()
            .with_http()
            .with_endpoint(endpoint(vars)?)
            .with_http_client(Client::new(timeout, state.clone()))
            .build()
            .map_err(|error| TracesError::Collector(error.to_string()))?;
        let watched = Watched {
            otlp,
            state: state.clone(),
        };
        // Spans that are about to be sent have left the queue, and count all the same.
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(queue)
            .with_max_export_batch_size(batch)
            .build();
        let mut batches = BatchSpanProcessor::new(watched, config);
        batches.set_resource(&Resource::builder().build());
        Ok(Arc::new(Self {
            batches,
            state,
            sampling,
        }))
    }

    /// Sends what an engine does from now on.
    pub(super) fn watch(self: &Arc<Self>, engine: &Engine) {
        let exporter = self.clone();
        engine.place(move |within| exporter.sampling.place(within));
        let (exporter, spans) = (self.clone(), Spans::of(engine.pod()));
        engine.watch(move |event| {
            if let Some(span) = spans.of_event(event) {
                exporter.send(span);
            }
        });
    }

    fn send(&self, span: SpanData) {
        let State {
            waiting,
            room,
            dropped,
            full,
            ..
        } = &*self.state;
        if waiting.fetch_add(1, Ordering::AcqRel) < *room {
            return self.batches.on_end(span);
        }
        waiting.fetch_sub(1, Ordering::AcqRel);
        let dropped = dropped.fetch_add(1, Ordering::Relaxed) + 1;
        if full.is_due() {
            say(
                Level::Warn,
                &format!(
                    "{room} spans wait to be sent, the most that may (OTEL_BSP_MAX_QUEUE_SIZE): others are dropped, {dropped} so far."
                ),
            );
        }
    }

    /// Sends what is left, and no more after that.
    pub(super) fn end(&self) {
        // What it could not send is told below, or was.
        let _ = self.batches.shutdown_with_timeout(LAST);
        let State {
            waiting,
            dropped,
            lost,
            ..
        } = &*self.state;
        let left = waiting.swap(0, Ordering::AcqRel);
        let all = left + dropped.swap(0, Ordering::AcqRel) + lost.swap(0, Ordering::AcqRel);
        if all > 0 {
            say(
                Level::Warn,
                &format!("{all} spans were not sent to the collector of traces."),
            );
        }
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.end();
    }
}

fn say(level: Level, message: &str) {
    Record::new(level, message).write();
}

/// The address that takes spans.
fn endpoint(vars: &HashMap<String, String>) -> Result<String, TracesError> {
    let [traces, all] = ENDPOINTS;
    let (name, text) = match set(vars, traces) {
        Some(text) => (traces, text),
        None => (all, set(vars, all).unwrap_or_default()),
    };
    let uri = text
        .parse::<http::Uri>()
        .ok()
        .filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some());
    if uri.is_none() {
        return Err(TracesError::Value {
            name,
            text: text.to_owned(),
            may: "an address, such as http://127.0.0.1:4318",
        });
    }
    Ok(match name == traces {
        true => text.to_owned(),
        false => format!("{}/v1/traces", text.trim_end_matches('/')),
    })
}

fn count(
    vars: &HashMap<String, String>,
    name: &'static str,
    usual: usize,
) -> Result<usize, TracesError> {
    let Some(text) = set(vars, name) else {
        return Ok(usual);
    };
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| TracesError::Value {
        name,
        text: text.to_owned(),
        may: "a number from 1",
    })
}

/// Which traces are recorded.
struct Sampling {
    root: Sampler,
    /// Whether whoever began a trace has said it.
    is_parents: bool,
}

impl Sampling {
    fn from_vars(vars: &HashMap<String, String>) -> Result<Self, TracesError> {
        let name = "OTEL_TRACES_SAMPLER";
        let text = set(vars, name).unwrap_or("parentbased_always_on");
        let (is_parents, root) = match text.strip_prefix("parentbased_") {
            Some(root) => (true, root),
            None => (false, text),
        };
        let root = match root {
            "always_on" => Sampler::AlwaysOn,
            "always_off" => Sampler::AlwaysOff,
            "traceidratio" => Sampler::TraceIdRatioBased(ratio(vars)?),
            _ => {
                return Err(TracesError::Value {
                    name,
                    text: text.to_owned(),
                    may: "`always_on`, `always_off` or `traceidratio`, or one of them after `parentbased_`",
                });
            }
        };
        Ok(Self { root, is_parents })
    }

    /// The place of what begins within this, or of a trace of its own.
    fn place(&self, within: Option<&TraceContext>) -> TraceContext {
        let trace_id = within.map_or_else(|| fastrand::u128(1..), |within| within.trace_id);
        let is_sampled = match within {
            Some(within) if self.is_parents => within.is_sampled(),
            _ => {
                let id = TraceId::from_bytes(trace_id.to_be_bytes());
                let result = self
                    .root
                    .should_sample(None, id, "", &SpanKind::Server, &[], &[]);
                result.decision == SamplingDecision::RecordAndSample
            }
        };
        let others = within.map_or(0, |within| within.flags) & RANDOM;
        TraceContext {
            trace_id,
            span_id: fastrand::u64(1..),
            flags: others | if is_sampled { TraceContext::SAMPLED } else { 0 },
            state: within.and_then(|within| within.state.clone()),
        }
    }
}

/// The flag that says of a trace's id that it is random: whoever began the trace has said it.
const RANDOM: u8 = 2;

fn ratio(vars: &HashMap<String, String>) -> Result<f64, TracesError> {
    let name = "OTEL_TRACES_SAMPLER_ARG";
    let text = set(vars, name).unwrap_or("1");
    let ratio = text.parse().ok();
    let ratio = ratio.filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| TracesError::Value {
        name,
        text: text.to_owned(),
        may: "a number from 0 to 1",
    })
}

/// Speaks to the collector.
struct Client {
    agent: Agent,
    state: Arc<State>,
}

impl Client {
    fn new(timeout: Duration, state: Arc<State>) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(timeout))
            .build();
        Self {
            agent: agent.into(),
            state,
        }
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts, body.to_vec());
        let mut response = self.agent.run(request)?;
        let body = response.body_mut().with_config().limit(ANSWER);
        let body = body.read_to_vec()?;
        if !response.status().is_success() {
            self.note(format!("it answered with the status {}", response.status()));
        }
        Ok(response.map(|_| body.into()))
    }

    fn note(&self, why: String) {
        let mut last = self
            .state
            .why
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *last = why;
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

#[async_trait]
impl HttpClient for Client {
    /// On the thread of the batches, which may wait.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.send(request).map_err(|error| {
            self.note(error.to_string());
            error.into()
        })
    }
}

/// What sends batches, and tells the log of it.
#[derive(Debug)]
struct Watched {
    otlp: Otlp,
    state: Arc<State>,
}

impl SpanExporter for Watched {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let sent = self.otlp.export(batch).await;
        let State {
            waiting,
            lost,
            is_down,
            why,
            ..
        } = &*self.state;
        // The end has counted them already, where it did not wait for them.
        let _ = waiting.fetch_update(Ordering::AcqRel, Ordering::Acquire, |waiting| {
            waiting.checked_sub(count)
        });
        match &sent {
            Ok(()) if is_down.swap(false, Ordering::AcqRel) => {
                let lost = lost.load(Ordering::Relaxed);
                say(
                    Level::Warn,
                    &format!("The collector of traces takes spans again; {lost} were lost."),
                );
            }
            Ok(()) => {}
            Err(error) => {
                lost.fetch_add(count, Ordering::Relaxed);
                if !is_down.swap(true, Ordering::AcqRel) {
                    let why = why.lock().unwrap_or_else(PoisonError::into_inner);
                    let why = if why.is_empty() {
                        error.to_string()
                    } else {
                        why.clone()
                    };
                    say(
                        Level::Warn,
                        &format!(
                            "The collector of traces takes no spans: {why}. They are lost until it does; calls go on as ever."
                        ),
                    );
                }
            }
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.otlp.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.otlp.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampling(vars: &[(&str, &str)]) -> Result<Sampling, TracesError> {
        let vars = vars.iter();
        let vars = vars.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Sampling::from_vars(&vars.collect())
    }

    fn came(flags: u8) -> TraceContext {
        TraceContext {
            trace_id: 7,
            span_id: 8,
            flags,
            state: Some("a=1".into()),
        }
    }

    #[test]
    fn what_comes_with_a_request_is_joined_as_its_sampler_says() {
        let parents = sampling(&[]).unwrap();
        let place = parents.place(Some(&came(3)));
        assert_eq!((place.trace_id, place.flags), (7, 3));
        assert_ne!(place.span_id, 8);
        assert_eq!(place.state.as_deref(), Some("a=1"));
        assert!(!parents.place(Some(&came(0))).is_sampled());
        assert!(parents.place(None).is_sampled());
        let never = sampling(&[("OTEL_TRACES_SAMPLER", "always_off")]).unwrap();
        assert!(!never.place(Some(&came(1))).is_sampled());
        let always = sampling(&[("OTEL_TRACES_SAMPLER", "always_on")]).unwrap();
        assert!(always.place(Some(&came(0))).is_sampled());
    }

    #[test]
    fn a_share_of_the_traces_is_taken_whole() {
        let half = sampling(&[
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.5"),
        ])
        .unwrap();
        let taken = (0..1000)
            .map(|_| half.place(None))
            .inspect(|place| {
                let inner = half.place(Some(place));
                assert_eq!(inner.is_sampled(), place.is_sampled());
            })
            .filter(TraceContext::is_sampled)
            .count();
        assert!((400..600).contains(&taken), "{taken}");
    }

    #[test]
    fn spans_go_to_an_address() {
        let endpoint = |name: &str, text: &str| {
            let vars = HashMap::from([(name.to_owned(), text.to_owned())]);
            endpoint(&vars).map_err(|error| error.to_string())
        };
        let [traces, all] = ENDPOINTS;
        let full = "http://127.0.0.1:4318/v1/traces";
        assert_eq!(endpoint(all, "http://127.0.0.1:4318").as_deref(), Ok(full));
        assert_eq!(endpoint(all, "http://127.0.0.1:4318/").as_deref(), Ok(full));
        assert_eq!(
            endpoint(traces, "https://a.b/c").as_deref(),
            Ok("https://a.b/c")
        );
        for wrong in ["127.0.0.1:4318", "grpc://127.0.0.1:4317", "localhost"] {
            let message = endpoint(all, wrong).unwrap_err();
            assert!(message.contains("it is an address, such as"), "{message}");
        }
    }

    #[test]
    fn a_sampler_that_is_none_is_said() {
        let wrong = sampling(&[("OTEL_TRACES_SAMPLER", "sometimes")]);
        let message = wrong.err().unwrap().to_string();
        assert!(message.starts_with("OTEL_TRACES_SAMPLER is `sometimes`; it is `always_on`"));
        let wrong = sampling(&[
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "50"),
        ]);
        assert_eq!(
            wrong.err().unwrap().to_string(),
            "OTEL_TRACES_SAMPLER_ARG is `50`; it is a number from 0 to 1."
        );
    }
}
