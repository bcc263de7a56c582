//! Which other origins' pages may call, and how browsers are told.
//!
//! A request of a page that is not welcome runs all the same: it is the browser that keeps the answer
//! from the page. Only the question that a browser asks beforehand, the preflight, is answered here.

use crate::config;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use regex::Regex;

use crate::reply::{self, Reply};

const ANY: HeaderValue = HeaderValue::from_static("*");
const TRUE: HeaderValue = HeaderValue::from_static("true");
/// Browsers send these from any page.
const SAFE_HEADERS: [&str; 4] = ["Accept", "Accept-Language", "Content-Language", "Content-Type"];
const ALL_METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// The rules, with the headers that never change made beforehand.
#[derive(Debug)]
pub(crate) struct Cors {
    origins: Origins,
    pattern: Option<Regex>,
    methods: Vec<String>,
    headers: Headers,
    credentials: Credentials,
    allow_methods: HeaderValue,
    expose_headers: Option<HeaderValue>,
    max_age: HeaderValue,
}

#[derive(Debug)]
enum Origins {
    Any,
    Listed(Vec<String>),
}

#[derive(Debug)]
enum Headers {
    Any,
    /// In lower case, and as the answer names them.
    Listed(Vec<String>, HeaderValue),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Credentials {
    Allowed,
    Withheld,
}

impl Cors {
    /// # Errors
    ///
    /// A setting that cannot be sent as a header, or is no pattern, and credentials for every page.
    pub(crate) fn new(settings: &config::Cors) -> Result<Self, String> {
        // The check of a file finds it; a program may change what it has read.
        if let Some(key) = settings.any_origin().filter(|_| settings.allow_credentials) {
            return Err(format!(
                "general.front_end.cors.{key} allows every origin, and allow_credentials would let every web page call \
                 as the user who looks at it: list the origins that may send credentials"
            ));
        }
        let is_any = |list: &[String]| list.iter().any(|one| one == "*");
        let origins = settings.allow_origins.clone().unwrap_or_default();
        let methods = match is_any(&settings.allow_methods) {
            true => ALL_METHODS.map(str::to_owned).to_vec(),
            false => settings.allow_methods.clone(),
        };
        Ok(Self {
            pattern: settings.allow_origin_regex.as_deref().map(whole).transpose()?,
            headers: match is_any(&settings.allow_headers) {
                true => Headers::Any,
                false => listed_headers(&settings.allow_headers)?,
            },
            credentials: match settings.allow_credentials {
                true => Credentials::Allowed,
                false => Credentials::Withheld,
            },
            allow_methods: joined("allow_methods", &methods)?,
            expose_headers: match settings.expose_headers.as_slice() {
                [] => None,
                names => Some(joined("expose_headers", names)?),
            },
            max_age: HeaderValue::from(settings.max_age),
            origins: if is_any(&origins) { Origins::Any } else { Origins::Listed(origins) },
            methods,
        })
    }

    /// The answer to a browser that asks whether it may ask; `None` for any other request.
    pub(crate) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Reply> {
        if method != Method::OPTIONS {
            return None;
        }
        let origin = headers.get(ORIGIN)?;
        let wanted = headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
        let names = headers.get(ACCESS_CONTROL_REQUEST_HEADERS);
        let mut refused = Vec::new();
        if !self.welcomes(origin) {
            refused.push("origin");
        }
        if !self.methods.iter().any(|allowed| allowed.as_bytes() == wanted.as_bytes()) {
            refused.push("method");
        }
        if names.is_some_and(|names| !self.headers.allow(names)) {
            refused.push("headers");
        }
        let mut reply = match refused.as_slice() {
            [] => reply::text(StatusCode::OK, "OK"),
            refused => reply::text(StatusCode::BAD_REQUEST, format!("Disallowed CORS {}", refused.join(", "))),
        };
        let sent = reply.headers_mut();
        sent.insert(ACCESS_CONTROL_ALLOW_METHODS, self.allow_methods.clone());
        sent.insert(ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
        match (&self.headers, names) {
            (Headers::Listed(_, all), _) => _ = sent.insert(ACCESS_CONTROL_ALLOW_HEADERS, all.clone()),
            (Headers::Any, Some(names)) => _ = sent.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone()),
            (Headers::Any, None) => {}
        }
        Some(reply)
    }

    /// Says on an answer that pages of `origin` may read it, if they may.
    pub(crate) fn allow(&self, origin: HeaderValue, sent: &mut HeaderMap) {
        if !self.welcomes(&origin) {
            return;
        }
        let allowed = match &self.origins {
            Origins::Any => ANY,
            Origins::Listed(_) => origin,
        };
        sent.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        if self.credentials == Credentials::Allowed {
            sent.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        }
        if let Some(names) = &self.expose_headers {
            sent.insert(ACCESS_CONTROL_EXPOSE_HEADERS, names.clone());
        }
    }

    fn welcomes(&self, origin: &HeaderValue) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        match &self.origins {
            Origins::Any => true,
            Origins::Listed(origins) => {
                origins.iter().any(|known| known == origin)
                    || self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(origin))
            }
        }
    }
}

impl Headers {
    fn allow(&self, wanted: &HeaderValue) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(known, _) => wanted.to_str().is_ok_and(|wanted| {
                let mut names = wanted.split(',').map(str::trim).filter(|name| !name.is_empty());
                names.all(|name| known.iter().any(|known| known.eq_ignore_ascii_case(name)))
            }),
        }
    }
}

/// A pattern that only whole origins match: one for `good.example` must not take `good.example.evil`.
fn whole(pattern: &str) -> Result<Regex, String> {
    Regex::new(&format!(r"\A(?:{pattern})\z"))
        .map_err(|error| format!("general.front_end.cors.allow_origin_regex is no regular expression: {error}"))
}

fn listed_headers(configured: &[String]) -> Result<Headers, String> {
    let safe = SAFE_HEADERS.iter().map(|name| (*name).to_owned());
    let mut names: Vec<String> = safe.chain(configured.iter().cloned()).collect();
    names.sort();
    names.dedup();
    let shown = joined("allow_headers", &names)?;
    Ok(Headers::Listed(names, shown))
}

fn joined(key: &str, names: &[String]) -> Result<HeaderValue, String> {
    HeaderValue::from_str(&names.join(", "))
        .map_err(|_| format!("general.front_end.cors.{key} has a character that no header can carry"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors(settings: config::Cors) -> Cors {
        Cors::new(&settings).unwrap()
    }

    #[test]
    fn patterns_match_whole_origins() {
        let pattern =
            |pattern: &str| config::Cors { allow_origin_regex: Some(pattern.to_owned()), ..Default::default() };
        let welcomes = |cors: &Cors, origin: &'static str| cors.welcomes(&HeaderValue::from_static(origin));
        let wild = cors(pattern("http://[a-z]+[.]wild[.]example"));
        assert!(welcomes(&wild, "http://a.wild.example"));
        for origin in ["http://a.wild.example.evil", "http://x.y.wild.example", "x http://a.wild.example", "null", ""] {
            assert!(!welcomes(&wild, origin), "{origin}");
        }
        // The first alternative matches a part; the second matches all of it.
        assert!(welcomes(&cors(pattern("http://a|http://a[.]b")), "http://a.b"));
        assert!(!welcomes(&cors(pattern("http://a|http://b")), "http://b.evil"));
    }

    #[test]
    fn settings_that_no_header_can_carry_are_refused() {
        let settings = config::Cors { expose_headers: vec!["a\nb".to_owned()], ..Default::default() };
        assert!(Cors::new(&settings).unwrap_err().contains("expose_headers"));
    }

    #[test]
    fn credentials_are_not_for_every_page() {
        let any = |origins: &[&str], pattern: Option<&str>| config::Cors {
            allow_origins: Some(origins.iter().map(|origin| (*origin).to_owned()).collect()),
            allow_origin_regex: pattern.map(str::to_owned),
            allow_credentials: true,
            ..Default::default()
        };
        let refused = Cors::new(&any(&["http://a", "*"], None)).unwrap_err();
        assert!(refused.contains("cors.allow_origins allows every origin"), "{refused}");
        let refused = Cors::new(&any(&["http://a"], Some(".*"))).unwrap_err();
        assert!(refused.contains("cors.allow_origin_regex allows every origin"), "{refused}");
        cors(any(&["http://a"], Some("http://[a-z]+[.]a")));
    }

    #[test]
    fn without_settings_nobody_is_welcome() {
        let headers = [(ORIGIN, "http://a"), (ACCESS_CONTROL_REQUEST_METHOD, "GET")];
        let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value))).into_iter().collect();
        let reply = cors(config::Cors::default()).preflight(&Method::OPTIONS, &headers).unwrap();
        assert_eq!(reply.status(), StatusCode::BAD_REQUEST);
        assert_eq!(reply.headers()[ACCESS_CONTROL_ALLOW_METHODS], "GET");
        assert_eq!(reply.headers()[ACCESS_CONTROL_MAX_AGE], "600");
        assert!(cors(config::Cors::default()).preflight(&Method::GET, &headers).is_none());
    }
}
