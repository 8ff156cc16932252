//! Pods: which database a request is for. Each has an engine and a SQLite of its own, and a name.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use edgepod_manifest::LocationHint;

use serde_json::Value as Json;

use super::{Headers, registry::place};
use crate::{Code, Error, Result, auth::Claims};

/// The name of a pod: 1 to 128 visible ASCII characters. Names that differ, also by case alone, are of different pods.
///
/// ```
/// use edgepod_runtime::engine::PodName;
/// assert_eq!(PodName::new("acme")?, "acme");
/// assert!(PodName::new("two words").is_err());
/// # Ok::<(), edgepod_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct PodName {
    name: Arc<str>,
    /// The hint's code, and no [`LocationHint`]: only apps that give one carry the codes.
    hint: Option<&'static str>,
}

impl PodName {
    /// The name of the one pod of an app that says nothing of pods.
    pub const GLOBAL: &str = "global";

    /// The most bytes of a name.
    pub const LENGTH: usize = 128;

    /// A name.
    ///
    /// # Errors
    /// `BAD_REQUEST` for an empty name, one of more than 128 bytes, and one with a space, a control character, or anything
    /// beyond ASCII. The message does not repeat the name.
    pub fn new(name: impl AsRef<str>) -> Result<Self> {
        let name = name.as_ref();
        if name.is_empty() || name.len() > Self::LENGTH {
            return Err(Error::bad_request(format!(
                "A pod's name has 1 to {} bytes, and this one has {}.",
                Self::LENGTH,
                name.len()
            )));
        }
        if !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::bad_request(
                "A pod's name is visible ASCII characters, without spaces: take an id, such as `org_42`.",
            ));
        }
        Ok(Self::unplaced(name))
    }

    /// The one pod of an app that says nothing of pods.
    pub fn global() -> Self {
        Self::unplaced(Self::GLOBAL)
    }

    fn unplaced(name: &str) -> Self {
        Self {
            name: name.into(),
            hint: None,
        }
    }

    /// The same pod. Where it is not there yet, Cloudflare is asked to make it here: a wish that counts once, for whoever comes first.
    /// It is no part of the name, and means nothing natively and in an app with a jurisdiction.
    ///
    /// ```
    /// use edgepod_runtime::{Result, engine::{LocationHint, PodName, PodRequest, by_claim}};
    ///
    /// /// Organisations whose names begin so are made in Europe.
    /// fn pod(request: &PodRequest) -> Result<PodName> {
    ///     let pod = by_claim(request, "org")?;
    ///     if pod.as_str().starts_with("eu_") {
    ///         return Ok(pod.near(LocationHint::Weur));
    ///     }
    ///     Ok(pod)
    /// }
    /// ```
    #[must_use]
    pub fn near(mut self, hint: LocationHint) -> Self {
        self.hint = Some(hint.as_str());
        self
    }

    /// Cloudflare's code of the place that was given with it.
    pub fn hint(&self) -> Option<&'static str> {
        self.hint
    }

    /// Whether it is that one.
    pub fn is_global(&self) -> bool {
        &*self.name == Self::GLOBAL
    }

    /// The name as a text.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

// A pod is the same wherever it was asked for: the name alone counts.
impl PartialEq for PodName {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for PodName {}

impl PartialOrd for PodName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PodName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name)
    }
}

impl Hash for PodName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Display for PodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for PodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.name, f)
    }
}

impl AsRef<str> for PodName {
    fn as_ref(&self) -> &str {
        &self.name
    }
}

impl PartialEq<str> for PodName {
    fn eq(&self, other: &str) -> bool {
        &*self.name == other
    }
}

impl PartialEq<&str> for PodName {
    fn eq(&self, other: &&str) -> bool {
        &*self.name == *other
    }
}

/// What is known of a request when its pod is chosen.
///
/// ```
/// use edgepod_runtime::{Error, Result, engine::{PodName, PodRequest}};
///
/// /// Whoever has no organisation yet signs up in a pod that all share.
/// fn pod(request: &PodRequest) -> Result<PodName> {
///     match request.user().and_then(|user| user.get::<String>("org")) {
///         Some(org) if request.asked().is_none_or(|asked| asked == org) => PodName::new(org),
///         Some(_) => Err(Error::forbidden("This is another organisation's.")),
///         None => PodName::new("directory"),
///     }
/// }
/// ```
pub struct PodRequest<'a> {
    asked: Option<&'a str>,
    user: Option<&'a Claims>,
    headers: &'a Headers,
}

impl<'a> PodRequest<'a> {
    pub(crate) fn new(
        asked: Option<&'a str>,
        user: Option<&'a Claims>,
        headers: &'a Headers,
    ) -> Self {
        Self {
            asked,
            user,
            headers,
        }
    }

    /// What the client names: in the header `X-EdgePod-Pod`, in the address of a socket (`?pod=`), or in a batch. It is a wish;
    /// whoever knows the app's publishable key can have any.
    pub fn asked(&self) -> Option<&str> {
        self.asked
    }

    /// Who calls: the claims of the verified token, or `None` for an anonymous request.
    pub fn user(&self) -> Option<&Claims> {
        self.user
    }

    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// The name of the host that the request was sent to, in lower case and without its port. A client that is no browser
    /// chooses it as it likes.
    pub fn host(&self) -> Option<String> {
        let host = self.headers.get("host")?;
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        let host = match host.rsplit_once(':') {
            Some((name, port)) if is_port(port) => name,
            _ => host,
        };
        Some(host.to_ascii_lowercase())
    }
}

/// How the pod of a request is found.
pub type PodRule = fn(&PodRequest<'_>) -> Result<PodName>;

/// What `#[edgepod::pod]` and `edgepod::app!(pod = …)` register: once in a program, or not at all.
pub struct PodDef {
    /// The rule.
    pub rule: PodRule,
    /// File and line, for messages.
    pub location: (&'static str, u32),
}

inventory::collect!(PodDef);

impl PodDef {
    pub(super) fn place(&self) -> String {
        place(self.location)
    }

    /// The pod of a request. A panic of the app's rule is an internal error.
    pub(crate) fn choose(&self, request: &PodRequest<'_>) -> Result<PodName> {
        super::engine::caught(|| (self.rule)(request))
    }
}

/// The pod that a claim of the token names, a text or a number: the claim of this name, or what a path of names with dots
/// between them leads to.
///
/// # Errors
/// `UNAUTHORIZED` without a token, `FORBIDDEN` where the client names another pod, `BAD_REQUEST` where the token has no such claim.
pub fn by_claim(request: &PodRequest<'_>, claim: &str) -> Result<PodName> {
    let Some(user) = request.user() else {
        return Err(Error::unauthorized(
            "This app finds a caller's data by the token: send a bearer token.",
        ));
    };
    let name = match user.at(claim) {
        Some(Json::String(name)) => Some(name.clone()),
        Some(Json::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    own(
        request,
        name,
        "The token names no pod, and this app needs one.",
    )
}

/// The pod that a header of this name names, which a proxy sets.
///
/// # Errors
/// `FORBIDDEN` where the client names another pod, `BAD_REQUEST` without the header.
pub fn by_header(request: &PodRequest<'_>, header: &str) -> Result<PodName> {
    let name = request.header(header).map(str::to_owned);
    own(
        request,
        name,
        "The request has no header that names a pod, and this app needs one.",
    )
}

/// The pod that the address names: with a domain what stands before it (`acme` of `acme.example.com`), without one the host's
/// whole name.
///
/// # Errors
/// `FORBIDDEN` where the client names another pod, `BAD_REQUEST` where the host is not one of the domain's.
pub fn by_host(request: &PodRequest<'_>, domain: Option<&str>) -> Result<PodName> {
    let host = request.host();
    let name = match (&host, domain) {
        (Some(host), Some(domain)) => host
            .strip_suffix(&domain.to_ascii_lowercase())
            .and_then(|before| before.strip_suffix('.'))
            .map(str::to_owned),
        _ => host,
    };
    own(
        request,
        name,
        "The host of this address names no pod, and this app needs one.",
    )
}

/// The pod that the client names, whoever it is: for pods that are no secret, such as documents that are found by a link. Each
/// name that somebody thinks of is a pod.
///
/// # Errors
/// `BAD_REQUEST` where it names none.
pub fn asked(request: &PodRequest<'_>) -> Result<PodName> {
    let needed = "The request names no pod, and this app needs one: send X-EdgePod-Pod, or ?pod= for a socket.";
    let asked = request.asked().filter(|name| !name.is_empty());
    PodName::new(asked.ok_or_else(|| Error::bad_request(needed))?)
}

/// The pod of this name, unless the client wants another.
fn own(request: &PodRequest<'_>, name: Option<String>, missing: &str) -> Result<PodName> {
    match (name.filter(|name| !name.is_empty()), request.asked()) {
        (Some(name), Some(asked)) if asked != name => Err(not_yours()),
        (None, Some(_)) => Err(not_yours()),
        (Some(name), _) => PodName::new(name),
        (None, None) => Err(Error::bad_request(missing)),
    }
}

fn not_yours() -> Error {
    Error::forbidden("The pod that this request names is not the caller's.")
}

/// What is said where an app without pods is asked for one.
pub(crate) fn no_pod() -> Error {
    Error::new(
        Code::NotFound,
        "There is no pod of this name: this app has one database, `global`, which need not be named.",
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn request(
        asked: Option<&str>,
        claims: &str,
        headers: &str,
        rule: impl FnOnce(&PodRequest<'_>) -> Result<PodName>,
    ) -> Result<String, u16> {
        let claims: Option<Claims> = serde_json::from_str(claims).unwrap();
        let headers = Headers::from_json(headers);
        let pod = rule(&PodRequest::new(asked, claims.as_ref(), &headers));
        pod.map(|name| name.to_string())
            .map_err(|error| error.code().status())
    }

    #[test]
    fn a_name_is_visible_ascii_of_1_to_128_bytes() {
        let longest = "x".repeat(128);
        for name in ["a", "Acme", "a/b", "..", "a%2Fb", "org_2bC", &longest] {
            assert_eq!(PodName::new(name).unwrap(), name);
        }
        let longer = "x".repeat(129);
        for name in [
            "",
            " ",
            "a b",
            "a\0",
            "a\n",
            "\x7f",
            "é",
            "a\u{202e}b",
            "🦀",
            &longer,
        ] {
            assert_eq!(
                PodName::new(name).unwrap_err().code(),
                Code::BadRequest,
                "{name:?}"
            );
        }
        assert_ne!(PodName::new("Acme").unwrap(), PodName::new("acme").unwrap());
    }

    #[test]
    fn a_hint_is_no_part_of_a_pods_name() {
        let acme = || PodName::new("acme").unwrap();
        assert_eq!(acme().hint(), None);
        for hint in LocationHint::ALL {
            let near = acme().near(hint);
            assert_eq!(near.hint(), Some(hint.as_str()));
            assert_eq!(near.clone().hint(), near.hint());
            assert_eq!(near, acme());
            assert_eq!(near.cmp(&acme()), Ordering::Equal);
            assert_eq!(near.to_string(), "acme");
            assert_eq!(HashSet::from([near, acme()]).len(), 1);
        }
        // The last one counts.
        let moved = acme().near(LocationHint::Weur).near(LocationHint::Me);
        assert_eq!(moved.hint(), Some("me"));
        assert_ne!(
            moved,
            PodName::new("globex").unwrap().near(LocationHint::Me)
        );
    }

    #[test]
    fn a_claim_names_the_pod_and_no_other() {
        let org = |asked, claims: &str| request(asked, claims, "{}", |it| by_claim(it, "org"));
        let acme = || Ok("acme".to_owned());
        assert_eq!(org(None, r#"{"org":"acme"}"#), acme());
        assert_eq!(org(Some("acme"), r#"{"org":"acme"}"#), acme());
        assert_eq!(org(None, r#"{"org":7}"#), Ok("7".to_owned()));
        for other in ["globex", "Acme", "acme ", "", "acme\0", "global"] {
            assert_eq!(org(Some(other), r#"{"org":"acme"}"#), Err(403), "{other:?}");
        }
        assert_eq!(org(None, "null"), Err(401));
        assert_eq!(org(Some("acme"), "null"), Err(401));
        assert_eq!(org(None, r#"{"sub":"ada"}"#), Err(400));
        assert_eq!(org(Some("acme"), r#"{"sub":"ada"}"#), Err(403));
        assert_eq!(org(None, r#"{"org":["acme"]}"#), Err(400));
        assert_eq!(org(None, r#"{"org":"a b"}"#), Err(400));
        let nested = request(None, r#"{"app":{"org":"acme"}}"#, "{}", |it| {
            by_claim(it, "app.org")
        });
        assert_eq!(nested, acme());
    }

    #[test]
    fn a_header_or_the_host_names_the_pod() {
        let acme = || Ok("acme".to_owned());
        let header = |headers: &str| request(None, "null", headers, |it| by_header(it, "X-Tenant"));
        assert_eq!(header(r#"{"x-tenant":"acme"}"#), acme());
        assert_eq!(header("{}"), Err(400));
        let of = |host: &str, domain| {
            let headers = serde_json::json!({ "host": host }).to_string();
            request(None, "null", &headers, |it| by_host(it, domain))
        };
        assert_eq!(of("ACME.example.com:8989", Some("example.com")), acme());
        assert_eq!(
            of("acme.example.com", None),
            Ok("acme.example.com".to_owned())
        );
        assert_eq!(of("example.com", Some("example.com")), Err(400));
        assert_eq!(of("evilexample.com", Some("example.com")), Err(400));
        assert_eq!(of("[::1]:80", None), Ok("[::1]".to_owned()));
    }

    #[test]
    fn who_is_asked_decides() {
        let name = |asked_for| request(asked_for, "null", "{}", asked);
        assert_eq!(name(Some("acme")), Ok("acme".to_owned()));
        assert_eq!(name(None), Err(400));
        assert_eq!(name(Some("")), Err(400));
        assert_eq!(name(Some("a b")), Err(400));
    }
}
