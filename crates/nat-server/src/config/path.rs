//! One path by itself: what it may say, and the shape by which a server tells it from others.

/// A path that can be served.
#[derive(Debug, PartialEq)]
pub(super) struct Path {
    /// The path with `{}` for each parameter and `{*}` for one that takes the rest. Paths of one shape are asked
    /// for by the same requests.
    pub(super) shape: String,
    /// Whether it ends in a parameter that takes the rest, so that nothing can be below it.
    pub(super) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Open,
    Rest,
}

/// Why a path cannot be served.
#[derive(Debug, PartialEq)]
pub(super) struct Unfit {
    pub(super) message: String,
    pub(super) mend: String,
    /// The path as it was probably meant.
    pub(super) better: Option<String>,
}

impl Unfit {
    fn new(message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { message: message.into(), mend: mend.into(), better: None }
    }

    fn better(self, path: String) -> Self {
        Self { better: Some(path), ..self }
    }

    /// A mend that is the better path itself.
    fn write(message: impl Into<String>, path: String) -> Self {
        Self::new(message, format!("write `{path}`")).better(path)
    }
}

impl Path {
    /// Reads the path of an endpoint, with parameters in braces.
    pub(super) fn read(path: &str) -> Result<Self, Unfit> {
        if path.is_empty() {
            return Err(Unfit::new("the path is empty", "write a path such as `/run`, or leave the key out"));
        }
        plain(path)?;
        let mut names = Vec::new();
        let mut shape = String::with_capacity(path.len());
        let mut parts = path.split('/').peekable();
        let mut end = End::Open;
        while let Some(part) = parts.next() {
            let found = parameter(path, part)?;
            let Some(Parameter { before, name, takes }) = found else {
                shape.push_str(part);
                if parts.peek().is_some() {
                    shape.push('/');
                }
                continue;
            };
            if names.contains(&name) {
                let message = format!("the parameter `{name}` stands in `{path}` twice");
                return Err(Unfit::new(message, "give each parameter a name of its own"));
            }
            names.push(name);
            shape.push_str(before);
            match (takes, parts.peek()) {
                (Takes::Part, None) => shape.push_str("{}"),
                (Takes::Part, Some(_)) => shape.push_str("{}/"),
                (Takes::Rest, None) => {
                    shape.push_str("{*}");
                    end = End::Rest;
                }
                (Takes::Rest, Some(_)) => {
                    let written = format!("{{{name}:path}}");
                    let message = format!("`{written}` takes the rest of the path, and nothing can come after it");
                    let better = path.replacen(&written, &format!("{{{name}}}"), 1);
                    let mend = format!("write `{{{name}}}` for one part of the path, or end it with `{written}`");
                    return Err(Unfit::new(message, mend).better(better));
                }
            }
        }
        Ok(Self { shape, end })
    }

    /// The shape of what is below it at `suffix`, or its own for none.
    pub(super) fn below(&self, suffix: &str) -> String {
        match self.end {
            End::Open => format!("{}{suffix}", self.shape.trim_end_matches('/')),
            End::Rest => self.shape.clone(),
        }
    }
}

/// Checks a prefix of paths, which has no parameters; an empty one is none.
pub(super) fn check_prefix(path: &str) -> Result<(), Unfit> {
    if path.contains(['{', '}']) {
        let message = format!("`{path}` has a parameter, and a prefix is always the same");
        return Err(Unfit::new(message, "write the prefix out, without braces"));
    }
    if path.is_empty() {
        return Ok(());
    }
    plain(path)?;
    // Pages and redirects repeat the prefix in URLs, where `//host` and `/\host` would be another server.
    if let Some(odd) = path.chars().find(|letter| !is_plain(*letter)) {
        let message = format!("`{path}` has {odd:?}, which no path of a URL has as it is");
        return Err(Unfit::new(message, "use letters, digits and `-._~/` only"));
    }
    if path.contains("//") || path.split('/').any(|part| matches!(part, "." | "..")) {
        let parts: Vec<_> = path.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
        let message = format!("`{path}` has an empty part, `.` or `..`: clients resolve those before they ask");
        return Err(Unfit::write(message, format!("/{}", parts.join("/"))));
    }
    Ok(())
}

/// What stands for itself in a path (RFC 3986, section 3.3).
fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/".contains(letter)
}

/// What holds for every path.
fn plain(path: &str) -> Result<(), Unfit> {
    if !path.starts_with('/') || path.contains(['?', '#']) || path.contains(char::is_whitespace) {
        let better = format!("/{}", path.trim().trim_start_matches('/').replace([' ', '?', '#'], "_"));
        let message = format!("`{path}` is no path: it begins with `/` and has no space, `?` or `#`");
        return Err(Unfit::write(message, better));
    }
    if path.contains('%') {
        let message = format!("no request matches `{path}`: escapes are resolved before paths are compared");
        return Err(Unfit::new(message, "write the characters themselves, without `%`"));
    }
    Ok(())
}

struct Parameter<'p> {
    before: &'p str,
    name: &'p str,
    takes: Takes,
}

#[derive(Clone, Copy)]
enum Takes {
    Part,
    Rest,
}

/// The parameter in a part of `path` between two slashes, if there is one.
fn parameter<'p>(path: &'p str, part: &'p str) -> Result<Option<Parameter<'p>>, Unfit> {
    let Some((before, rest)) = part.split_once('{').filter(|(before, _)| !before.contains('}')) else {
        return match part.contains('}') {
            true => Err(Unfit::new(
                format!("a `}}` in `{path}` closes nothing"),
                "remove it, or put a `{` in front of the parameter's name",
            )),
            false => Ok(None),
        };
    };
    let Some((inside, after)) = rest.split_once('}') else {
        let message = format!("a parameter in `{path}` is not closed");
        let closed = path.replacen(part, &format!("{part}}}"), 1);
        return Err(match is_name(rest) {
            true => Unfit::write(message, closed),
            false => Unfit::new(message, "put a `}` behind its name"),
        });
    };
    let (name, converter) = match inside.split_once(':') {
        Some((name, converter)) => (name, Some(converter)),
        None => (inside, None),
    };
    if name.is_empty() {
        return Err(Unfit::new(
            format!("a parameter in `{path}` has no name"),
            "write a name in the braces, such as `{id}`",
        ));
    }
    let instead = |form: String| path.replacen(&format!("{{{inside}}}"), &form, 1);
    if let Some(name) = name.strip_prefix('*').filter(|name| is_name(name)) {
        let message = format!("`{{*{name}}}` is no parameter");
        return Err(Unfit::write(message, instead(format!("{{{name}:path}}"))));
    }
    if !is_name(name) {
        let message = format!("`{name}` is no name of a parameter");
        return Err(Unfit::new(message, "a name has letters, digits, `_` and `-`"));
    }
    let takes = match converter {
        None | Some("str") => Takes::Part,
        Some("path") => Takes::Rest,
        Some(other) => {
            let message = match other {
                "int" | "float" | "uuid" => format!("`{{{inside}}}`: `:{other}` is not checked in this version"),
                _ => format!("`{{{inside}}}`: there is no `:{other}`"),
            };
            let mend = format!("write `{{{name}}}`, and let the function check the value");
            return Err(Unfit::new(message, mend).better(instead(format!("{{{name}}}"))));
        }
    };
    if !after.is_empty() {
        let message = format!("`{after}` stands between `{{{inside}}}` and the next `/`");
        return Err(Unfit::new(message, "put a `/` behind the parameter, or let the function take it apart"));
    }
    Ok(Some(Parameter { before, name, takes }))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_shapes() {
        for (path, shape) in [
            ("/", "/"),
            ("/run", "/run"),
            ("/a/", "/a/"),
            ("/a//b", "/a//b"),
            ("/a/{x}", "/a/{}"),
            ("/a/{x:str}/b-{y}/", "/a/{}/b-{}/"),
            ("/{rest:path}", "/{*}"),
            ("/é/{ü}/v{rest:path}", "/é/{}/v{*}"),
        ] {
            assert_eq!(Path::read(path).map(|path| path.shape), Ok(shape.to_owned()));
        }
        assert_eq!(Path::read("/a/{x}/").unwrap().below("/stream"), "/a/{}/stream");
        assert_eq!(Path::read("/{x:path}").unwrap().below("/stream"), "/{*}");
    }

    #[test]
    fn what_cannot_be_served_is_said_with_the_mend() {
        let said = |path: &str| {
            let Unfit { message, mend, better } = Path::read(path).unwrap_err();
            format!("{message} | {mend} | {}", better.unwrap_or_default())
        };
        for (path, expected) in [
            ("", "the path is empty | write a path such as `/run`, or leave the key out | "),
            ("run", "`run` is no path: it begins with `/` and has no space, `?` or `#` | write `/run` | /run"),
            (
                "/a%20b",
                "no request matches `/a%20b`: escapes are resolved before paths are compared | write the characters \
                 themselves, without `%` | ",
            ),
            ("/a/{x", "a parameter in `/a/{x` is not closed | write `/a/{x}` | /a/{x}"),
            ("/a/{x/b", "a parameter in `/a/{x/b` is not closed | write `/a/{x}/b` | /a/{x}/b"),
            ("/a/{{x", "a parameter in `/a/{{x` is not closed | put a `}` behind its name | "),
            ("/a/x}", "a `}` in `/a/x}` closes nothing | remove it, or put a `{` in front of the parameter's name | "),
            ("/a/{}", "a parameter in `/a/{}` has no name | write a name in the braces, such as `{id}` | "),
            ("/a/{:path}", "a parameter in `/a/{:path}` has no name | write a name in the braces, such as `{id}` | "),
            ("/a/{*x}", "`{*x}` is no parameter | write `/a/{x:path}` | /a/{x:path}"),
            ("/a/{x.y}", "`x.y` is no name of a parameter | a name has letters, digits, `_` and `-` | "),
            (
                "/a/{x}-{y}",
                "`-{y}` stands between `{x}` and the next `/` | put a `/` behind the parameter, or let the function \
                 take it apart | ",
            ),
            (
                "/a/{x:path}/b",
                "`{x:path}` takes the rest of the path, and nothing can come after it | write `{x}` for one part of the \
                 path, or end it with `{x:path}` | /a/{x}/b",
            ),
            ("/a/{x}/{x}", "the parameter `x` stands in `/a/{x}/{x}` twice | give each parameter a name of its own | "),
            (
                "/a/{x:int}",
                "`{x:int}`: `:int` is not checked in this version | write `{x}`, and let the function check the value | \
                 /a/{x}",
            ),
            (
                "/a/{x:number}",
                "`{x:number}`: there is no `:number` | write `{x}`, and let the function check the value | /a/{x}",
            ),
        ] {
            assert_eq!(said(path), expected);
        }
    }

    #[test]
    fn a_prefix_is_a_path_without_parameters() {
        for fit in ["", "/", "/base", "/base/", "/a/b", "/a.b-c_d~e", "/.well-known", "/v1:x@y"] {
            assert_eq!(check_prefix(fit), Ok(()), "{fit}");
        }
        for unfit in ["base", "/ba se", "/base?x", "/base#x", "/base/{x}", "/base}", "/%62ase"] {
            assert!(check_prefix(unfit).is_err(), "{unfit}");
        }
        for odd in [
            "/\\\\evil.example",
            "/\\evil.example",
            "/caf\u{e9}",
            "/a\0b",
            "/a\u{7f}",
            "/a\"b",
            "/<a>",
            "/a|b",
            "/a`b",
            "/a^b",
        ] {
            assert!(check_prefix(odd).unwrap_err().message.contains("which no path of a URL has"), "{odd}");
        }
        for (unfit, better) in [
            ("//evil.example", "/evil.example"),
            ("//", "/"),
            ("/a//b", "/a/b"),
            ("/a/../b", "/a/b"),
            ("/./a", "/a"),
            ("/..", "/"),
        ] {
            assert_eq!(check_prefix(unfit).unwrap_err().better.as_deref(), Some(better), "{unfit}");
        }
    }
}
