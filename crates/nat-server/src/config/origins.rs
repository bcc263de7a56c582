//! Rules for the names by which a server is called, and for the pages of other origins that may call it.

use super::{Cors, HttpConfig};
use nat_config::Mistake;
use nat_config::{Edit, keys};
use nat_schema::Segment;

/// Hosts that nobody means who writes a pattern for their own: one that takes them takes everybody's.
const STRANGERS: [&str; 15] = [
    "qzvxkjw.de",
    "qzvxkjw.co",
    "qzvxkjw.xyz",
    "qzvxkjw.info",
    "www.qzvxkjw.com",
    "qzvxkjw.example",
    "qzvxkjw.com",
    "qzvxkjw.net",
    "qzvxkjw.org",
    "qzvxkjw.io",
    "qzvxkjw.dev",
    "qzvxkjw.app",
    "w3.qz-vx7.com",
    "a.b.qzvxkjw.com",
    "198.51.100.7",
];

impl Cors {
    /// The key by which pages of every origin are allowed: `allow_origins` with `*` or `null`, or a pattern of
    /// `allow_origin_regex` that takes origins of strangers. A pattern that cannot be read allows nobody.
    pub fn any_origin(&self) -> Option<&'static str> {
        // Every page can have the origin `null`, in a frame that is sandboxed.
        let is_any = |origin: &String| origin == "*" || origin == "null";
        if self.allow_origins.as_ref().is_some_and(|origins| origins.iter().any(is_any)) {
            return Some("allow_origins");
        }
        let pattern = self.allow_origin_regex.as_ref()?;
        let pattern = regex::Regex::new(&format!(r"\A(?:{pattern})\z")).ok()?;
        let ports = ["", ":8000", ":8443", ":3000", ":5173", ":8080"];
        let mut origins = STRANGERS.iter().flat_map(|host| {
            ports.iter().flat_map(move |port| [format!("http://{host}{port}"), format!("https://{host}{port}")])
        });
        // A pattern without an end of its own goes on into the domain of somebody else.
        let begins = literal_beginning(pattern.as_str());
        let mut goes_on = [format!("{begins}.qzvxkjw.example"), format!("{begins}qzvxkjw.example")].into_iter();
        let takes = |origin: String| pattern.is_match(&origin);
        (takes("null".to_owned()) || origins.any(takes) || goes_on.any(takes)).then_some("allow_origin_regex")
    }
}

/// What every match of a pattern begins with, as far as it is written out; `https` for `https?`.
fn literal_beginning(pattern: &str) -> String {
    let pattern = pattern.trim_start_matches(r"\A(?:").trim_start_matches('^').replace("https?", "https");
    let mut begins = String::new();
    let mut left = pattern.chars().peekable();
    while let Some(char) = left.next() {
        let literal = match char {
            '\\' => left.next().filter(|escaped| !escaped.is_ascii_alphanumeric()),
            _ => Some(char).filter(|char| char.is_ascii_alphanumeric() || ":/-_.".contains(*char)),
        };
        // What may be repeated, or left out, is not written out.
        match literal.filter(|_| left.peek().is_none_or(|next| !"?*+{".contains(*next))) {
            Some(literal) => begins.push(literal),
            None => break,
        }
    }
    begins
}

pub(super) fn mistakes(server: &HttpConfig) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    mistakes.extend(pattern(&server.cors));
    mistakes.extend(credentials(&server.cors));
    for (index, host) in server.allowed_hosts.iter().enumerate() {
        mistakes.extend(host_name(host).map(|mut mistake| {
            mistake.path.push(Segment::Index(index));
            mistake
        }));
    }
    mistakes
}

fn pattern(cors: &Cors) -> Option<Mistake> {
    let error = regex::Regex::new(cors.allow_origin_regex.as_ref()?).err()?.to_string();
    let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
    let message = format!("Value error, this is no regular expression: {reason}");
    let expected = r"a regular expression that can be read, such as `https://[a-z]+\.example\.org`";
    let mistake = Mistake::new(["cors", "allow_origin_regex"], message).expected(expected);
    Some(mistake.mend(format!("mend the pattern: {reason}")))
}

/// Together the two would let every web page call as the user whose browser shows it, and read the answers.
fn credentials(cors: &Cors) -> Option<Mistake> {
    let key = cors.any_origin().filter(|_| cors.allow_credentials)?;
    let (what, expected) = match key {
        "allow_origins" => ("`*` or `null`", "origins that are written out, such as `https://app.example.org`"),
        _ => (
            "a pattern that takes every origin",
            r"a pattern for origins of one's own, such as `https://[a-z]+\.example\.org`",
        ),
    };
    let message = format!(
        "Value error, {key} cannot be {what} together with allow_credentials: every web page could call as the user who \
         looks at it"
    );
    let other = keys(["cors", "allow_credentials"]);
    let mistake = Mistake::new(["cors", key], message).expected(expected).related(other.clone(), "beside this");
    let narrower = match key {
        "allow_origins" => "list the origins that may send credentials",
        _ => "write a pattern that takes no origins but one's own",
    };
    let suggestion = format!("{narrower}, or write `allow_credentials: false`");
    Some(mistake.mend(suggestion).edit(Edit::Replace(other, "false".to_owned())))
}

fn host_name(host: &str) -> Option<Mistake> {
    let is_label = |label: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.bytes().all(is_part)
    };
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_name = name.strip_prefix("*.").unwrap_or(name).split('.').all(is_label);
    let is_everybodys = name.strip_prefix("*.").is_some_and(|domain| !domain.contains('.'));
    if is_name && !is_everybodys {
        return None;
    }
    let at = |message: String| Mistake::new(["allowed_hosts"], message);
    let expected = "the name of a host without scheme and port, such as `app.example.org`, or `*.example.org`";
    if host == "*" || is_name {
        let message = match is_name {
            true => format!("Value error, `{host}` allows every host of that top level, and with it every web page"),
            false => "Value error, every host would be allowed, and with it every web page".to_owned(),
        };
        let suggestion = "list the names by which this server is called; or, if something in front vouches for every session, \
                    write `session: {trust_client_sessions: true}`";
        return Some(at(message).expected(expected).mend(suggestion));
    }
    let mistake = at(format!("Value error, `{host}` is no name of a host")).expected(expected);
    let meant = host.trim().split_once("://").map_or(host.trim(), |(_, host)| host);
    let meant = meant.split(['/', '?', '#']).next().unwrap_or_default();
    let meant = meant.rsplit_once(':').map_or(meant, |(host, _)| host);
    Some(match !meant.is_empty() && meant.split('.').all(is_label) {
        true => mistake.mend(format!("write `{meant}`")),
        false => mistake.mend("write its name in ASCII, without scheme, port and path; addresses need no entry"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors(origins: &[&str], pattern: Option<&str>) -> Cors {
        let allow_origins = Some(origins.iter().map(|origin| (*origin).to_owned()).collect());
        Cors {
            allow_origins,
            allow_origin_regex: pattern.map(str::to_owned),
            allow_credentials: true,
            ..Cors::default()
        }
    }

    #[test]
    fn patterns_for_everybody_are_known() {
        for pattern in [
            ".*",
            ".+",
            "^.*$",
            "(.*)",
            "https?://.*",
            "https://.+",
            "http.*",
            r"https://[a-z]+\.com",
            r"https?://[\w.-]+(:\d+)?",
            r"https://.*\.(com|org)",
            r"(https://app\.example\.org)|.*",
            "[^ ]*",
            r"http://\d+\.\d+\.\d+\.\d+",
            "null|https://app",
            "https://[^.]+[.]io",
            "https?://.*:3000",
            r"https://app\.example\.org.*",
            "https?://localhost.*",
            r"https://.*\.de",
            r"https://[a-z]+\.[a-z]+\.com",
        ] {
            assert_eq!(cors(&[], Some(pattern)).any_origin(), Some("allow_origin_regex"), "{pattern}");
        }
        for pattern in [
            r"https://[a-z]+\.example\.org",
            "http://[a-z]+[.]wild[.]example",
            r"https?://localhost(:\d+)?",
            r"http://192\.168\.\d+\.\d+:3000",
            r"https://(a|b)\.example\.com",
            "",
            "[",
        ] {
            assert_eq!(cors(&[], Some(pattern)).any_origin(), None, "{pattern}");
        }
        assert_eq!(cors(&["https://a.example", "*"], None).any_origin(), Some("allow_origins"));
        assert_eq!(cors(&["null"], None).any_origin(), Some("allow_origins"));
        assert_eq!(cors(&["https://a.example"], None).any_origin(), None);
        assert_eq!(Cors::default().any_origin(), None);
    }

    #[test]
    fn nobody_has_a_top_level_of_their_own() {
        for host in ["*.com", "*.localhost", "*.de."] {
            assert!(host_name(host).is_some_and(|mistake| mistake.message.contains(host)), "{host}");
        }
    }

    #[test]
    fn hosts_are_names() {
        for host in [
            "app.example.org",
            "app",
            "*.example.org",
            "a_b.example",
            "xn--caf-dma.example",
            "app.example.",
            "10.0.0.1",
        ] {
            assert!(host_name(host).is_none(), "{host}");
        }
        for (host, suggestion) in [
            ("https://app.example.org", "write `app.example.org`"),
            ("app.example.org:8000", "write `app.example.org`"),
            ("https://app.example.org:1/x?y", "write `app.example.org`"),
            (" app.example.org", "write `app.example.org`"),
            ("", "write its name in ASCII, without scheme, port and path; addresses need no entry"),
            ("*.*", "write its name in ASCII, without scheme, port and path; addresses need no entry"),
            ("a..b", "write its name in ASCII, without scheme, port and path; addresses need no entry"),
            ("café.example", "write its name in ASCII, without scheme, port and path; addresses need no entry"),
            ("[::1]", "write its name in ASCII, without scheme, port and path; addresses need no entry"),
        ] {
            assert_eq!(host_name(host).and_then(|mistake| mistake.mend).as_deref(), Some(suggestion), "{host}");
        }
        assert!(
            host_name("*").and_then(|mistake| mistake.mend).is_some_and(|text| text.contains("trust_client_sessions"))
        );
    }
}
