//! Where spans go, if anywhere: a collector of OpenTelemetry, where the environment names one and the program is built to speak to it.

use std::{collections::HashMap, fmt};

#[cfg(feature = "otel")]
use super::otel::Exporter;
use crate::engine::Engine;
#[cfg(not(feature = "otel"))]
use crate::engine::{Level, Record};

/// The variables that name a collector: that of spans, and that of everything.
pub(super) const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];

/// Where spans go.
#[derive(Clone, Default)]
pub(super) struct Traces {
    #[cfg(feature = "otel")]
    exporter: Option<std::sync::Arc<Exporter>>,
}

/// The environment says what traces are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TracesError {
    /// A variable has a value that it may not have.
    Value {
        /// The variable.
        name: &'static str,
        /// What it is.
        text: String,
        /// What it may be.
        may: &'static str,
    },
    /// The collector's address, or how it is spoken to.
    Collector(String),
}

impl fmt::Display for TracesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { name, text, may } => write!(f, "{name} is `{text}`; it is {may}."),
            Self::Collector(why) => write!(
                f,
                "Traces cannot be sent as the variables `OTEL_…` say: {why}. OTEL_SDK_DISABLED=true sends none."
            ),
        }
    }
}

impl std::error::Error for TracesError {}

/// The value of a variable, where it has one.
pub(super) fn set<'a>(vars: &'a HashMap<String, String>, name: &str) -> Option<&'a str> {
    let text = vars.get(name).map(|text| text.trim());
    text.filter(|text| !text.is_empty())
}

/// The variable that names a collector, where spans are to go to one.
fn wanted(vars: &HashMap<String, String>) -> Option<&'static str> {
    let is = |name: &str, value: &str| {
        set(vars, name).is_some_and(|text| text.eq_ignore_ascii_case(value))
    };
    if is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none") {
        return None;
    }
    ENDPOINTS.into_iter().find(|name| set(vars, name).is_some())
}

impl Traces {
    /// Begins to send spans, where the environment says so.
    ///
    /// # Errors
    /// See [`TracesError`].
    pub(super) fn from_vars(vars: &HashMap<String, String>) -> Result<Self, TracesError> {
        let Some(name) = wanted(vars) else {
            return Ok(Self::default());
        };
        #[cfg(feature = "otel")]
        {
            let _ = name;
            Ok(Self {
                exporter: Some(Exporter::start(vars)?),
            })
        }
        #[cfg(not(feature = "otel"))]
        {
            let message = format!(
                "{name} is set, and no traces are sent: this program is built without them. Add the feature `otel` to `edgepod` in \
                 Cargo.toml."
            );
            Record::new(Level::Warn, &message).write();
            Ok(Self::default())
        }
    }

    /// Sends what an engine does from now on.
    #[cfg_attr(not(feature = "otel"), expect(unused_variables, clippy::unused_self))]
    pub(super) fn watch(&self, engine: &Engine) {
        #[cfg(feature = "otel")]
        if let Some(exporter) = &self.exporter {
            exporter.watch(engine);
        }
    }

    /// Sends what is left.
    #[cfg_attr(not(feature = "otel"), expect(clippy::unused_self))]
    pub(super) fn end(&self) {
        #[cfg(feature = "otel")]
        if let Some(exporter) = &self.exporter {
            exporter.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_switches_traces_on_and_off() {
        let wanted = |pairs: &[(&str, &str)]| {
            let vars = pairs.iter();
            let vars = vars.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            super::wanted(&vars.collect())
        };
        let url = "http://127.0.0.1:4318";
        let [traces, all] = ENDPOINTS;
        assert_eq!(wanted(&[]), None);
        assert_eq!(wanted(&[(all, " ")]), None);
        assert_eq!(wanted(&[(all, url)]), Some(all));
        assert_eq!(wanted(&[(all, url), (traces, url)]), Some(traces));
        assert_eq!(wanted(&[(all, url), ("OTEL_SDK_DISABLED", "TRUE")]), None);
        assert_eq!(
            wanted(&[(all, url), ("OTEL_SDK_DISABLED", "false")]),
            Some(all)
        );
        assert_eq!(
            wanted(&[(all, url), ("OTEL_TRACES_EXPORTER", "none")]),
            None
        );
    }
}
