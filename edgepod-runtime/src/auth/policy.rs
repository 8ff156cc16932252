//! Which claims are accepted.

use serde_json::{Map, Value as Json};

use super::Rejection;

/// How far a foreign issuer's clock may be off, in milliseconds.
pub const LEEWAY: i64 = 5_000;

/// What a token's claims must say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The only issuer; `None` for any that has the keys.
    pub issuer: Option<String>,
    /// The audiences, one of which the token must be for; none for any.
    pub audiences: Vec<String>,
    /// How far the issuer's clock may be off, in milliseconds.
    pub leeway: i64,
}

impl Policy {
    /// Checks the claims at a time in milliseconds since 1970, and returns when they end in the same measure, leeway
    /// included.
    pub(super) fn check(&self, claims: &Map<String, Json>, now: i64) -> Result<i64, Rejection> {
        let expires = match claims.get("exp") {
            None => return Err(Rejection::NoExpiry),
            Some(exp) => millis(exp)?.saturating_add(self.leeway),
        };
        if now >= expires {
            return Err(Rejection::Expired);
        }
        if let Some(not_before) = claims.get("nbf")
            && now.saturating_add(self.leeway) < millis(not_before)?
        {
            return Err(Rejection::NotYetValid);
        }
        if let Some(issuer) = &self.issuer
            && claims.get("iss").and_then(Json::as_str) != Some(issuer)
        {
            return Err(Rejection::Issuer);
        }
        if !self.audiences.is_empty() {
            let ours = |audience: &Json| {
                audience
                    .as_str()
                    .is_some_and(|audience| self.audiences.iter().any(|our| our == audience))
            };
            let meant = match claims.get("aud") {
                Some(Json::Array(audiences)) => audiences.iter().any(ours),
                Some(audience) => ours(audience),
                None => false,
            };
            if !meant {
                return Err(Rejection::Audience);
            }
        }
        Ok(expires)
    }
}

/// When claims end to be good, in milliseconds since 1970, leeway included; for claims that were checked.
pub(super) fn ends(exp: f64, leeway: i64) -> i64 {
    in_millis(exp).saturating_add(leeway)
}

/// When claims begin to be good, in milliseconds since 1970, leeway included; for claims that were checked.
pub(super) fn begins(claims: &Map<String, Json>, leeway: i64) -> i64 {
    claims
        .get("nbf")
        .and_then(|not_before| millis(not_before).ok())
        .map_or(i64::MIN, |not_before| not_before.saturating_sub(leeway))
}

/// A NumericDate, seconds since 1970 with or without a fraction, in milliseconds.
fn millis(date: &Json) -> Result<i64, Rejection> {
    date.as_f64().map(in_millis).ok_or(Rejection::Malformed)
}

/// A cast of a number beyond the range is the range's end.
fn in_millis(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &Policy, claims: Json, now: i64) -> Result<i64, Rejection> {
        policy.check(claims.as_object().unwrap(), now)
    }

    #[test]
    fn a_token_is_valid_from_nbf_until_exp_with_leeway_on_both_sides() {
        let policy = Policy {
            leeway: 5_000,
            ..Policy::default()
        };
        let claims = serde_json::json!({"exp": 100, "nbf": 50.5});
        for (now, expected) in [
            (45_499, Err(Rejection::NotYetValid)),
            (45_500, Ok(105_000)),
            (104_999, Ok(105_000)),
            (105_000, Err(Rejection::Expired)),
            (i64::MAX, Err(Rejection::Expired)),
        ] {
            assert_eq!(check(&policy, claims.clone(), now), expected, "{now}");
        }
    }

    #[test]
    fn dates_are_numbers() {
        for claims in [
            serde_json::json!({"exp": "100"}),
            serde_json::json!({"exp": null}),
            serde_json::json!({"exp": 100, "nbf": "0"}),
        ] {
            assert_eq!(
                check(&Policy::default(), claims, 0),
                Err(Rejection::Malformed)
            );
        }
        assert_eq!(
            check(&Policy::default(), serde_json::json!({}), 0),
            Err(Rejection::NoExpiry)
        );
        let far = serde_json::json!({"exp": 1e300});
        assert_eq!(check(&Policy::default(), far, 0), Ok(i64::MAX));
    }

    #[test]
    fn issuer_and_audience_are_asked_for_where_they_are_set() {
        let policy = Policy {
            issuer: Some("https://issuer.example/".to_owned()),
            audiences: vec!["web".to_owned(), "app".to_owned()],
            leeway: 0,
        };
        let claims = |iss: &str, aud: Json| serde_json::json!({"exp": 9, "iss": iss, "aud": aud});
        let ours = "https://issuer.example/";
        for (claims, expected) in [
            (claims(ours, "app".into()), Ok(9_000)),
            (claims(ours, serde_json::json!(["x", "web"])), Ok(9_000)),
            (
                claims(ours, serde_json::json!(["x"])),
                Err(Rejection::Audience),
            ),
            (
                claims(ours, serde_json::json!({"web": 1})),
                Err(Rejection::Audience),
            ),
            (
                serde_json::json!({"exp": 9, "iss": ours}),
                Err(Rejection::Audience),
            ),
            (
                claims("https://issuer.example", "app".into()),
                Err(Rejection::Issuer),
            ),
            (
                serde_json::json!({"exp": 9, "aud": "app"}),
                Err(Rejection::Issuer),
            ),
        ] {
            assert_eq!(check(&policy, claims.clone(), 0), expected, "{claims}");
        }
    }
}
