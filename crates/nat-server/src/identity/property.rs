//! Two identity keys are two users: all byte strings of up to two bytes, and many random ones, from each source.
//!
//! The rules by which a key is extracted are written a second time here, over bytes, and so are the ids of the keys.
//! `NAT_PROPERTY_CASES` sets how many random values each source gets.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::COOKIE;
use http::{HeaderName, Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use uuid::Uuid;

use super::*;

const DEFAULT_CASES: usize = 20_000;
const PEER: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Cookie,
    Bearer,
    Basic,
    ApiKey,
    TrustedHeader,
    /// The claim is the value in Latin-1.
    Claim,
    /// The claim is the value in UTF-8; other bytes are replaced before the token is made.
    TextClaim,
}

const SOURCES: [Source; 7] = [
    Source::Cookie,
    Source::Bearer,
    Source::Basic,
    Source::ApiKey,
    Source::TrustedHeader,
    Source::Claim,
    Source::TextClaim,
];

/// What a value is to the server, by the contract.
#[derive(Debug, PartialEq)]
enum Expected {
    /// The text of the identity key, as the UTF-8 that goes into the UUID.
    Key(Vec<u8>),
    Nobody,
    Refused,
}

impl Source {
    /// The header that carries `value`; `None` where no header can.
    fn header(self, value: &[u8]) -> Option<(HeaderName, HeaderValue)> {
        let (name, bytes) = match self {
            Self::Cookie => (COOKIE, [b"nat-session=", value].concat()),
            Self::Bearer => (AUTHORIZATION, [b"Bearer ", value].concat()),
            Self::Basic => (AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(value)).into_bytes()),
            Self::ApiKey => (HeaderName::from_static("x-api-key"), value.to_vec()),
            Self::TrustedHeader => (HeaderName::from_static("x-auth-user"), value.to_vec()),
            Self::Claim | Self::TextClaim => {
                let payload = serde_json::json!({"sub": String::from_utf8(self.claim(value)).unwrap()}).to_string();
                (AUTHORIZATION, format!("Bearer e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload)).into_bytes())
            }
        };
        Some((name, HeaderValue::from_bytes(&bytes).ok()?))
    }

    fn claim(self, value: &[u8]) -> Vec<u8> {
        match self {
            Self::TextClaim => String::from_utf8_lossy(value).into_owned().into_bytes(),
            _ => latin_1_as_utf_8(value),
        }
    }

    fn expected(self, value: &[u8]) -> Expected {
        let trimmed = without(value, b" \t");
        let key = |key: &[u8], otherwise| match key {
            [] => otherwise,
            key => Expected::Key(latin_1_as_utf_8(key)),
        };
        match self {
            Self::Cookie => {
                let first = value.split(|byte| *byte == b';').next().unwrap();
                let first = without(first, b" \t");
                let is_quoted = first.len() >= 2 && first[0] == b'"' && first[first.len() - 1] == b'"';
                key(if is_quoted { &first[1..first.len() - 1] } else { first }, Expected::Nobody)
            }
            // No random value is a token that can be decoded.
            Self::Bearer if trimmed.iter().filter(|byte| **byte == b'.').count() == 2 => Expected::Refused,
            Self::Bearer | Self::ApiKey => key(trimmed, Expected::Nobody),
            Self::Basic => match value.iter().position(|byte| *byte == b':') {
                // Without a credential the scheme is passed over.
                None if value.is_empty() => Expected::Nobody,
                Some(1..) if std::str::from_utf8(value).is_ok() => {
                    Expected::Key(BASE64_STANDARD.encode(value).into_bytes())
                }
                _ => Expected::Refused,
            },
            Self::TrustedHeader => match trimmed {
                [] => Expected::Refused,
                name => Expected::Key([b"trusted-header:x-auth-user\x1f", &*latin_1_as_utf_8(name)].concat()),
            },
            Self::Claim | Self::TextClaim => match without(&self.claim(value), b" ") {
                [] => Expected::Refused,
                claim => Expected::Key(claim.to_vec()),
            },
        }
    }

    fn identity(self) -> Identity {
        let name = HeaderName::from_static("x-auth-user");
        match self {
            Self::TrustedHeader => {
                let proxies = ["127.0.0.1".parse().unwrap()].into();
                Identity::TrustedHeader(TrustedHeader::new("X-Auth-User".into(), name, proxies))
            }
            _ => Identity::Credentials(Credentials { cookie_names: ["nat-session".to_owned()].into(), accepted: None }),
        }
    }
}

/// `bytes` without those of `blanks` at its ends.
fn without<'b>(bytes: &'b [u8], blanks: &[u8]) -> &'b [u8] {
    let start = bytes.iter().take_while(|byte| blanks.contains(byte)).count();
    let bytes = &bytes[start..];
    let end = bytes.iter().rev().take_while(|byte| blanks.contains(byte)).count();
    &bytes[..bytes.len() - end]
}

fn latin_1_as_utf_8(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for byte in bytes {
        match byte {
            ..0x80 => text.push(*byte),
            _ => text.extend([0xc0 | byte >> 6, 0x80 | byte & 0x3f]),
        }
    }
    text
}

/// The keys of the users seen so far.
struct Users {
    namespace: Uuid,
    keys: HashMap<Uuid, Vec<u8>>,
}

impl Users {
    fn new() -> Self {
        Self { namespace: Uuid::new_v5(&Uuid::NAMESPACE_DNS, b"nemo-agent-toolkit"), keys: HashMap::new() }
    }

    fn check(&mut self, source: Source, value: &[u8], seen: Result<Option<UserId>, Refusal>) {
        match (source.expected(value), seen) {
            (Expected::Key(key), Ok(Some(user))) => {
                let user: Uuid = user.to_string().parse().unwrap();
                // A hash is slow in debug builds, and a wrong mapping is not a rare one.
                if self.keys.len().is_multiple_of(16) {
                    assert_eq!(user, Uuid::new_v5(&self.namespace, &key), "{source:?} {value:x?}");
                }
                let known = self.keys.entry(user).or_insert_with(|| key.clone());
                assert_eq!(*known, key, "two keys are one user: {source:?} {value:x?}");
            }
            (Expected::Nobody, Ok(None)) | (Expected::Refused, Err(_)) => {}
            (expected, seen) => panic!("{source:?} {value:x?}: {seen:?} where {expected:?} is right"),
        }
    }
}

fn up_to_two_bytes() -> impl Iterator<Item = Vec<u8>> {
    let one = (0..=u8::MAX).map(|byte| vec![byte]);
    let two = (0..=u16::MAX).map(|both| both.to_be_bytes().to_vec());
    std::iter::once(Vec::new()).chain(one).chain(two)
}

/// The bytes at which parsers differ: what some of them trim, split at, unquote or decode.
const TELLING: &[u8] = b"a:\"\t ;=.,%+\\'@A\x7f\x80\x85\x9f\xa0\xad\xbf\xc2\xc3\xe2\xe3\xef\xff";

/// Values of three bytes and more; half of them of telling bytes.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn value(&mut self) -> Vec<u8> {
        let (length, is_telling) = (3 + self.below(14), self.below(2) == 0);
        let byte = |_| if is_telling { TELLING[self.below(TELLING.len())] } else { self.below(256) as u8 };
        let mut value: Vec<u8> = (0..length).map(byte).collect();
        // White space of Unicode at an end, and one letter in two forms.
        const ENDS: [&str; 8] =
            ["\u{85}", "\u{a0}", "\u{2003}", "\u{3000}", "\u{feff}", "\u{e9}", "e\u{301}", "\u{1f}"];
        if self.below(4) == 0 {
            value = ["jos", ENDS[self.below(ENDS.len())]].concat().into_bytes();
            value.truncate(3 + self.below(4));
        }
        value
    }
}

fn cases() -> usize {
    std::env::var("NAT_PROPERTY_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(DEFAULT_CASES)
}

#[test]
fn two_keys_are_two_users() {
    let mut users = Users::new();
    for source in SOURCES {
        let identity = source.identity();
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let longer = (0..cases()).map(|_| random.value());
        for value in up_to_two_bytes().chain(longer) {
            let Some(header) = source.header(&value) else { continue };
            let seen = identity.user(&HeaderMap::from_iter([header]), PEER);
            users.check(source, &value, seen);
        }
    }
    assert!(users.keys.len() > 100_000, "{}", users.keys.len());
}

type Seen = Arc<Mutex<Vec<Result<Option<UserId>, Refusal>>>>;

/// One end of a connection to a server that notes who asks and answers with nothing.
fn connection(source: Source, seen: &Seen, is_http_2: bool) -> tokio::io::DuplexStream {
    let (near, far) = tokio::io::duplex(1 << 16);
    let (identity, seen) = (Arc::new(source.identity()), seen.clone());
    let service = service_fn(move |request: Request<Incoming>| {
        seen.lock().push(identity.user(request.headers(), PEER));
        async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) }
    });
    tokio::spawn(async move {
        let io = TokioIo::new(far);
        if is_http_2 {
            hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await.ok();
        } else {
            hyper::server::conn::http1::Builder::new().pipeline_flush(true).serve_connection(io, service).await.ok();
        }
    });
    near
}

/// Values for which the parser of a protocol matters: a header value of these bytes can be sent.
fn sent_values(source: Source) -> Vec<Vec<u8>> {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let two = TELLING.iter().flat_map(|first| TELLING.iter().map(|second| vec![*first, *second]));
    let longer = (0..cases() / 40).map(|_| random.value());
    let values = (0..=u8::MAX).map(|byte| vec![byte]).chain(two).chain(longer);
    values.filter(|value| source.header(value).is_some()).collect()
}

/// The same through the parser of HTTP/1: whole requests, one behind the other.
#[tokio::test]
async fn two_keys_are_two_users_over_http_1() {
    let mut users = Users::new();
    for source in SOURCES {
        let (values, seen) = (sent_values(source), Seen::default());
        let (mut read, mut write) = tokio::io::split(connection(source, &seen, false));
        let mut requests = Vec::new();
        for value in &values {
            let (name, value) = source.header(value).unwrap();
            requests.extend([b"GET / HTTP/1.1\r\nhost: h\r\n", name.as_str().as_bytes(), b": "].concat());
            requests.extend([value.as_bytes(), b"\r\n\r\n"].concat());
        }
        let writing = tokio::spawn(async move {
            write.write_all(&requests).await.unwrap();
            write.shutdown().await.unwrap();
        });
        read.read_to_end(&mut Vec::new()).await.unwrap();
        writing.await.unwrap();
        let seen = std::mem::take(&mut *seen.lock());
        assert_eq!(seen.len(), values.len());
        values.iter().zip(seen).for_each(|(value, seen)| users.check(source, value, seen));
    }
    assert!(users.keys.len() > 1500, "{}", users.keys.len());
}

/// The same over HTTP/2, where nothing is trimmed before the server sees it.
#[tokio::test]
async fn two_keys_are_two_users_over_http_2() {
    let mut users = Users::new();
    for source in SOURCES {
        let (values, seen) = (sent_values(source), Seen::default());
        let io = TokioIo::new(connection(source, &seen, true));
        let (mut client, driver) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(driver);
        for value in &values {
            let (name, header) = source.header(value).unwrap();
            let request = Request::get("http://h/").header(name, header).body(Empty::<Bytes>::new()).unwrap();
            client.send_request(request).await.unwrap();
            let seen = seen.lock().pop().unwrap();
            users.check(source, value, seen);
        }
    }
    assert!(users.keys.len() > 1500, "{}", users.keys.len());
}

/// A list of cookies may come in several headers, as HTTP/2 splits it, and nothing changes by that.
#[test]
fn cookies_in_pieces_are_the_same_user() {
    let identity = Source::Cookie.identity();
    let mut random = Random(0x1234_5678_9abc_def1);
    for _ in 0..2000 {
        let value = random.value();
        let (Some((name, session)), Ok(other)) =
            (Source::Cookie.header(&value), HeaderValue::from_bytes(&[b"other=", &*random.value()].concat()))
        else {
            continue;
        };
        let joined = [other.as_bytes(), b"; ", session.as_bytes()].concat();
        let joined = HeaderMap::from_iter([(name.clone(), HeaderValue::from_bytes(&joined).unwrap())]);
        let mut pieces = HeaderMap::new();
        pieces.append(name.clone(), other);
        pieces.append(name, session);
        assert_eq!(identity.user(&pieces, PEER), identity.user(&joined, PEER), "{value:x?}");
    }
}
