//! The part of a request that the gateway looks at.

/// The head of a request: the host fills in what it finds, `None` for absent headers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Head<'a> {
    /// The method in capitals.
    pub method: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// What follows the `?`, percent-encoded, or an empty text.
    pub query: &'a str,
    /// `X-EdgePod-Key`.
    pub key: Option<&'a str>,
    /// `Authorization`.
    pub authorization: Option<&'a str>,
    /// `X-EdgePod-Session-Id`.
    pub session: Option<&'a str>,
    /// `X-EdgePod-Reactive`.
    pub reactive: Option<&'a str>,
    /// `Upgrade`.
    pub upgrade: Option<&'a str>,
    /// `Access-Control-Request-Headers`.
    pub request_headers: Option<&'a str>,
    /// `Content-Length` in bytes.
    pub content_length: Option<&'a str>,
    /// `X-EdgePod-Pod`.
    pub pod: Option<&'a str>,
    /// All headers as JSON, where the app has pods.
    pub headers: Option<&'a str>,
    /// The body of a batch, once it is there: where the app has pods, it is asked for again then.
    pub body: Option<&'a str>,
}

impl Head<'_> {
    /// The decoded value of a parameter of the query: the first of that name.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The decoded values of a parameter that may be given several times.
    pub(super) fn parameters(&self, name: &str) -> Vec<String> {
        form_urlencoded::parse(self.query.as_bytes())
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .collect()
    }
}
