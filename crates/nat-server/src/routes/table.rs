//! Which route a path leads to: a router for each method, so that the paths of one hide none of another.
//!
//! The only file that names matchit.

use http::Method;

use super::{Found, Place, Resource};

/// Paths to the numbers of routes.
#[derive(Debug, Default)]
pub(super) struct Table(Vec<(Method, matchit::Router<Leaf>)>);

#[derive(Debug)]
struct Leaf {
    place: Place,
    /// The parameter that takes the rest of the path, where there is no rest.
    empty_rest: Option<String>,
}

impl Table {
    /// # Errors
    ///
    /// Why there cannot be such a path beside the others of this method. The configuration's own check says so
    /// earlier, and in more words.
    pub(super) fn insert(&mut self, method: &Method, pattern: &str, at: usize) -> Result<(), String> {
        let inserted = self.router(method).insert(pattern, Leaf { place: Place(at), empty_rest: None });
        inserted.map_err(|error| match error {
            matchit::InsertError::Conflict { with } if with == pattern => {
                format!("{method} `{pattern}` is served twice")
            }
            matchit::InsertError::Conflict { with } => {
                format!("the paths `{pattern}` and `{with}` cannot be told apart")
            }
            other => format!("the path `{pattern}` cannot be served: {other}"),
        })
    }

    /// `/files/{*rest}` is asked for by `/files/` too, unless that is a path of its own.
    pub(super) fn let_rests_be_empty(&mut self, resources: &[Resource]) {
        for (at, resource) in resources.iter().enumerate() {
            let Some(route) = &resource.route else { continue };
            let Some((before, name)) = route.path.split_once("{*") else { continue };
            let empty_rest = Some(name.trim_end_matches('}').to_owned());
            // A conflict is a path of its own.
            let _ = self.router(&route.method).insert(before, Leaf { place: Place(at), empty_rest });
        }
    }

    /// HEAD looks where GET does.
    pub(super) fn at(&self, method: &Method, path: &str) -> Option<Found> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let (_, router) = self.0.iter().find(|(served, _)| served == method)?;
        let found = router.at(path).ok()?;
        let Leaf { place, empty_rest } = found.value;
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let empty = empty_rest.iter().map(|name| (name.clone(), String::new()));
        Some(Found { place: *place, params: found.params.iter().map(owned).chain(empty).collect() })
    }

    fn router(&mut self, method: &Method) -> &mut matchit::Router<Leaf> {
        let at = self.0.iter().position(|(known, _)| known == method).unwrap_or_else(|| {
            self.0.push((method.clone(), matchit::Router::new()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }
}
