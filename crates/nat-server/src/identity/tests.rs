use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderName;
use serde_json::{Value, json};

use super::*;

const LOCAL: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
const ALICE: &str = "7b031fd4-714b-598e-b755-a517d069edc5";
const BOB: &str = "e0d43398-5fc8-5c1d-95d5-d39399e69f51";
const UNUSABLE: &str = "JWT contains no usable identity claim (sub, email, preferred_username)";

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let value = |text: &str| HeaderValue::from_bytes(text.as_bytes()).unwrap();
    pairs.iter().map(|(name, text)| (name.parse::<HeaderName>().unwrap(), value(text))).collect()
}

fn credentials(cookie_names: &[&str], accepted: Option<&[CredentialKind]>) -> Identity {
    Identity::Credentials(Credentials {
        cookie_names: cookie_names.iter().map(|name| (*name).to_owned()).collect(),
        accepted: accepted.map(Into::into),
    })
}

/// The user's id, `-` for nobody, or the refusal.
fn seen(identity: &Identity, pairs: &[(&str, &str)]) -> String {
    match identity.user(&headers(pairs), LOCAL) {
        Ok(Some(user)) => user.to_string(),
        Ok(None) => "-".to_owned(),
        Err(Refusal(message)) => message.into_owned(),
    }
}

fn check(cases: &[(&[(&str, &str)], &str)]) {
    let identity = credentials(&["nat-session"], None);
    for (pairs, expected) in cases {
        assert_eq!(seen(&identity, pairs), *expected, "{pairs:?}");
    }
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn bearer(claims: Value) -> String {
    format!("Bearer {}.{}.c2ln", part(&json!({"alg": "none"})), part(&claims))
}

fn derived(key: &str) -> String {
    UserId::derived(key).to_string()
}

#[test]
fn cookies() {
    check(&[
        (&[("cookie", "nat-session=alice")], ALICE),
        (&[("cookie", "a=b; nat-session=alice; c=d")], ALICE),
        (&[("cookie", "a=b;nat-session = \"alice\" ;c")], ALICE),
        (&[("cookie", "a=b"), ("cookie", "nat-session=alice")], ALICE),
        (&[("cookie", "nat-session=bob; nat-session=alice")], ALICE),
        (&[("cookie", "nat-session=a%20b")], &derived("a%20b")),
        (&[("cookie", "nat-session=a=b")], &derived("a=b")),
        // Bytes beyond ASCII count as Latin-1.
        (&[("cookie", "nat-session=é")], &derived("Ã©")),
        (&[("cookie", "nat-session=")], "-"),
        (&[("cookie", "nat-session=\"\"")], "-"),
        (&[("cookie", "NAT-Session=alice")], "-"),
        (&[("cookie", "xnat-session=alice")], "-"),
        (&[("cookie", ";;=;")], "-"),
        (&[], "-"),
    ]);
}

#[test]
fn tokens_and_keys() {
    check(&[
        (&[("authorization", "Bearer alice")], ALICE),
        (&[("authorization", "bEaReR   alice")], ALICE),
        (&[("authorization", "Bearer\talice")], ALICE),
        (&[("authorization", "Bearer a.b")], &derived("a.b")),
        (&[("authorization", "Bearer a.b.c.d")], &derived("a.b.c.d")),
        (&[("authorization", "Bearer a b")], &derived("a b")),
        (&[("authorization", "Bearer")], "-"),
        (&[("authorization", "Bearer ")], "-"),
        (&[("authorization", "Digest zzz")], "-"),
        (&[("authorization", "")], "-"),
        (&[("x-api-key", "alice")], ALICE),
        (&[("x-api-key", "")], "-"),
    ]);
}

#[test]
fn json_web_tokens() {
    let case = |claims: Value, expected: &str| check(&[(&[("authorization", &bearer(claims))], expected)]);
    case(json!({"sub": "alice", "email": "x@y"}), ALICE);
    case(json!({"email": "a@b", "preferred_username": "zed"}), &derived("a@b"));
    case(json!({"preferred_username": "zed"}), &derived("zed"));
    case(json!({"sub": "  ", "email": "a@b"}), &derived("a@b"));
    case(json!({"sub": " alice "}), ALICE);
    case(json!({"sub": 5, "email": "a@b"}), &derived("a@b"));
    case(json!({"sub": "alice", "exp": 1, "aud": "another"}), ALICE);
    case(json!({"sub": 5}), UNUSABLE);
    case(json!({"name": "alice"}), UNUSABLE);
    case(json!({}), UNUSABLE);
    case(json!([1]), "Failed to decode JWT: the payload is not a JSON object");
    let padded = BASE64_STANDARD.encode(json!({"sub": "alice"}).to_string());
    let unsigned = format!("Bearer {}.{padded}.", part(&json!({})));
    check(&[
        (&[("authorization", &unsigned)], ALICE),
        (&[("authorization", "Bearer a.b.c")], "Failed to decode JWT: the header is not base64"),
        (&[("authorization", "Bearer ..")], "Failed to decode JWT: the header is not a JSON object"),
        (&[("authorization", "Bearer e30.!.")], "Failed to decode JWT: the payload is not base64"),
        (&[("authorization", "Bearer e30.e30.!")], "Failed to decode JWT: the signature is not base64"),
        (
            &[("authorization", "Bearer a.b.c"), ("x-api-key", "alice")],
            "Failed to decode JWT: the header is not base64",
        ),
    ]);
}

#[test]
fn basic() {
    check(&[
        (&[("authorization", "Basic YWxpY2U6cHc=")], "20db5020-a6aa-58cb-b9ad-1fcc1cf18078"),
        (&[("authorization", "basic YWxpY2U6")], "50ac5b4a-743b-50e3-86e6-28479fa9f272"),
        (&[("authorization", "Basic YTpiOmM=")], &derived("YTpiOmM=")),
        (&[("authorization", "Basic ?")], "Failed to decode Basic auth credential: it is not base64"),
        (&[("authorization", "Basic /w==")], "Failed to decode Basic auth credential: it is not UTF-8"),
        (
            &[("authorization", "Basic YWxpY2U=")],
            "Basic auth credential must contain a colon separator (username:password)",
        ),
        (&[("authorization", "Basic OnB3")], "Basic auth username must not be empty"),
    ]);
}

#[test]
fn the_first_that_applies_wins() {
    check(&[
        (&[("cookie", "nat-session=alice"), ("authorization", "Bearer bob"), ("x-api-key", "eve")], ALICE),
        (&[("cookie", "nat-session="), ("authorization", "Bearer bob"), ("x-api-key", "eve")], BOB),
        (&[("authorization", "Digest zzz"), ("x-api-key", "alice")], ALICE),
        (&[("authorization", "Bearer"), ("x-api-key", "alice")], ALICE),
        (&[("cookie", "nat-session=alice"), ("authorization", "Basic ?")], ALICE),
    ]);
}

#[test]
fn other_cookies_can_be_named() {
    let identity = credentials(&["nat-session", "ui-session"], None);
    assert_eq!(seen(&identity, &[("cookie", "ui-session=alice")]), ALICE);
    assert_eq!(seen(&identity, &[("cookie", "ui-session=bob; nat-session=alice")]), ALICE);
    assert_eq!(seen(&identity, &[("cookie", "ui-session=alice; nat-session=")]), ALICE);
}

#[test]
fn kinds_that_are_not_accepted_are_refused_and_named() {
    let identity = credentials(&["nat-session"], Some(&[CredentialKind::ApiKey]));
    let refused = "Identity credential type 'session_cookie' is not accepted";
    assert_eq!(seen(&identity, &[("cookie", "nat-session=alice"), ("x-api-key", "alice")]), refused);
    assert_eq!(seen(&identity, &[("x-api-key", "alice")]), ALICE);
}

/// Named in the order in which they are looked for.
#[test]
fn nobody_is_told_which_credentials_would_do() {
    use CredentialKind::{ApiKey, Basic, Jwt, SessionCookie};
    let begin = "user_id is required for per-user workflow but could not be determined. \
                 This server takes the first of these that is present: ";
    for (accepted, expected) in [
        (
            None,
            "the cookie `a` or `b`, `Authorization: Bearer` with a JWT or an API key, `Authorization: Basic`, \
                the header `X-API-Key`.",
        ),
        (Some(&[ApiKey][..]), "`Authorization: Bearer` with an API key, the header `X-API-Key`."),
        (Some(&[Basic, Jwt]), "`Authorization: Bearer` with a JWT, `Authorization: Basic`."),
        (Some(&[SessionCookie]), "the cookie `a` or `b`."),
    ] {
        assert_eq!(credentials(&["a", "b"], accepted).nobody(), format!("{begin}{expected}"));
    }
}

#[test]
fn long_credentials_are_refused() {
    let long = "x".repeat(MAX_CREDENTIAL_BYTES + 1);
    let refused = "The credential is longer than 8192 bytes";
    check(&[
        (&[("cookie", &format!("nat-session={long}"))], refused),
        (&[("authorization", &format!("Bearer {long}"))], refused),
        (&[("authorization", &format!("Basic {long}"))], refused),
        (&[("x-api-key", &long)], refused),
        (&[("x-api-key", &long[1..])], &derived(&long[1..])),
    ]);
}

#[test]
fn a_trusted_header_is_the_only_identity() {
    let proxies = ["127.0.0.1".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
    let name = HeaderName::from_static("x-auth-user");
    let identity = Identity::TrustedHeader(TrustedHeader::new("X-Auth-User".into(), name, proxies.into()));
    let alice = derived("trusted-header:x-auth-user\x1falice");
    for (pairs, expected) in [
        (&[("x-auth-user", "alice")][..], alice.as_str()),
        (&[("X-Auth-User", "  alice "), ("cookie", "nat-session=bob")], &alice),
        (&[("cookie", "nat-session=bob")], "-"),
        (&[("x-auth-user", " ")], "Configured identity header 'X-Auth-User' must not be empty"),
        (
            &[("x-auth-user", "a"), ("x-auth-user", "a")],
            "Configured identity header 'X-Auth-User' must occur exactly once",
        ),
    ] {
        assert_eq!(seen(&identity, pairs), expected, "{pairs:?}");
    }
    assert_eq!(identity.nobody(), "Configured identity header 'X-Auth-User' is missing");
    let from = |peer: &str| identity.user(&headers(&[("x-auth-user", "alice")]), Some(peer.parse().unwrap()));
    assert!(from("10.1.2.3").is_ok() && from("::ffff:10.1.2.3").is_ok());
    let refused = from("192.0.2.1").unwrap_err().0;
    assert!(refused.contains("'X-Auth-User' is not accepted from this address"), "{refused}");
    let refused = identity.user(&headers(&[("x-auth-user", "alice")]), None).unwrap_err().0;
    assert!(refused.contains("is not accepted from an unknown address"), "{refused}");
}

/// UTF-8 names that end in a byte which Latin-1 calls white space keep it.
#[test]
fn names_keep_their_last_byte() {
    let named = |header: &'static str, prefix: &str, name: &[u8]| {
        let value = HeaderValue::from_bytes(&[prefix.as_bytes(), name].concat()).unwrap();
        HeaderMap::from_iter([(HeaderName::from_static(header), value)])
    };
    let trusted = TrustedHeader::new(
        "X-Auth-User".into(),
        HeaderName::from_static("x-auth-user"),
        ["127.0.0.1".parse().unwrap()].into(),
    );
    let trusted = Identity::TrustedHeader(trusted);
    let credentials = credentials(&["nat-session"], None);
    for (identity, header, prefix) in [
        (&credentials, "cookie", "nat-session="),
        (&credentials, "authorization", "Bearer "),
        (&credentials, "x-api-key", ""),
        (&trusted, "x-auth-user", ""),
    ] {
        let user = |name: &[u8]| identity.user(&named(header, prefix, name), LOCAL).unwrap().unwrap();
        let names: [&[u8]; 7] =
            [b"jos\xc3\xa0", b"jos\xc3\x85", b"jos\xc3", b"\xa0jos\xc3", b"\x85", b"\xa0", b"\xc3\xa0"];
        let users: std::collections::HashSet<_> = names.iter().map(|name| user(name)).collect();
        assert_eq!(users.len(), names.len(), "{header}");
        assert_eq!(user(b" \t jos\xc3\xa0\t "), user(b"jos\xc3\xa0"), "{header}");
    }
    let claim = |claim: &str| seen(&credentials_of_contract(), &[("authorization", &bearer(json!({"sub": claim})))]);
    for blank in ["\u{a0}", "\u{85}", "\u{2003}", "\u{3000}", "\t", "\n"] {
        assert_eq!(claim(&format!(" alice{blank} ")), derived(&format!("alice{blank}")));
        assert_eq!(claim(blank), derived(blank));
    }
}

fn credentials_of_contract() -> Identity {
    credentials(&["nat-session"], None)
}

/// No bytes that a client can send make a parser panic, and no refusal quotes them.
#[test]
fn hostile_credentials_are_survived() {
    let identity = credentials(&["nat-session"], None);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let alphabet = b"nat-session=;\"., \t:eyJhbGciOiJub25lIn0%+/=_\xff\xc3\xa9\x00\x7f{}[]";
    for round in 0..20_000_u32 {
        let length = random.below(if round % 100 == 0 { 600 } else { 40 });
        let noise: Vec<u8> = (0..length)
            .map(|_| if round % 2 == 0 { alphabet[random.below(alphabet.len())] } else { random.below(256) as u8 })
            .collect();
        let prefixes: [(HeaderName, &[u8]); 7] = [
            (http::header::COOKIE, b""),
            (http::header::COOKIE, b"nat-session="),
            (AUTHORIZATION, b""),
            (AUTHORIZATION, b"Bearer "),
            (AUTHORIZATION, b"Bearer e30.e30."),
            (AUTHORIZATION, b"Basic "),
            (HeaderName::from_static("x-api-key"), b""),
        ];
        for (name, prefix) in prefixes {
            let Ok(value) = HeaderValue::from_bytes(&[prefix, &noise].concat()) else { continue };
            let refused = identity.user(&HeaderMap::from_iter([(name.clone(), value)]), LOCAL);
            if let Err(Refusal(message)) = refused {
                assert!(message.len() < 120, "{message}");
            }
        }
        // The same noise behind valid base64, so that the parsers behind it see it too.
        let inside = format!("Bearer e30.{}.", URL_SAFE_NO_PAD.encode(&noise));
        let _ = identity.user(&headers(&[("authorization", &inside)]), LOCAL);
        let inside = format!("Basic {}", BASE64_STANDARD.encode(&noise));
        let _ = identity.user(&headers(&[("authorization", &inside)]), LOCAL);
    }
}

/// xorshift64: the same bytes in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}
