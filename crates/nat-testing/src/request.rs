//! The transport's side of a request, filled in by a test.

use std::net::SocketAddr;

use nat_core::RequestInfo;

/// A request with the given headers, query and path, as functions see it through [`Context::request`].
///
/// [`Context::request`]: nat_core::Context::request
#[derive(Clone, Debug)]
pub(crate) struct TestRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) cookies: Vec<(String, String)>,
    pub(crate) path_params: Vec<(String, String)>,
    pub(crate) client: Option<SocketAddr>,
}

impl Default for TestRequest {
    fn default() -> Self {
        Self {
            method: "POST".to_owned(),
            path: "/generate".to_owned(),
            headers: Vec::new(),
            query: Vec::new(),
            cookies: Vec::new(),
            path_params: Vec::new(),
            client: None,
        }
    }
}

impl TestRequest {
    /// Adds a cookie, which the `cookie` header shows too.
    pub(crate) fn add_cookie(&mut self, name: String, value: String) {
        let pair = format!("{name}={value}");
        match self.headers.iter_mut().find(|(header, _)| header == "cookie") {
            Some((_, header)) => *header = format!("{header}; {pair}"),
            None => self.headers.push(("cookie".to_owned(), pair)),
        }
        self.cookies.push((name, value));
    }
}

/// Of a repeated name the last value, at the place of the first.
fn last_of_each(pairs: &[(String, String)]) -> Vec<(String, String)> {
    let mut unique: Vec<(String, String)> = Vec::new();
    for (name, value) in pairs {
        match unique.iter_mut().find(|(known, _)| known == name) {
            Some((_, last)) => last.clone_from(value),
            None => unique.push((name.clone(), value.clone())),
        }
    }
    unique
}

impl RequestInfo for TestRequest {
    fn method(&self) -> &str {
        &self.method
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn headers(&self) -> Vec<(String, String)> {
        self.headers.clone()
    }

    fn query(&self) -> Vec<(String, String)> {
        last_of_each(&self.query)
    }

    fn cookies(&self) -> Vec<(String, String)> {
        last_of_each(&self.cookies)
    }

    fn path_params(&self) -> Vec<(String, String)> {
        self.path_params.clone()
    }

    fn client(&self) -> Option<SocketAddr> {
        self.client
    }
}

/// Methods that fill in a request, for a builder whose `request_mut` gives it.
macro_rules! request_methods {
    () => {
        /// Sets the method. Without it, a request that has anything else is a `POST`.
        #[must_use]
        pub fn method(mut self, method: impl Into<String>) -> Self {
            self.request_mut().method = method.into();
            self
        }

        /// Sets the path, without a query. Without it, a request that has anything else is to `/generate`.
        #[must_use]
        pub fn path(mut self, path: impl Into<String>) -> Self {
            self.request_mut().path = path.into();
            self
        }

        /// Adds a header. The name may be written in any letter case.
        #[must_use]
        pub fn header(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
            self.request_mut().headers.push((name.as_ref().to_ascii_lowercase(), value.into()));
            self
        }

        /// Adds a query parameter, as it is after decoding.
        #[must_use]
        pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.request_mut().query.push((name.into(), value.into()));
            self
        }

        /// Adds a cookie. It says nothing about the user.
        #[must_use]
        pub fn cookie(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.request_mut().add_cookie(name.into(), value.into());
            self
        }

        /// Adds a parameter of the route's path.
        #[must_use]
        pub fn path_param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.request_mut().path_params.push((name.into(), value.into()));
            self
        }

        /// Sets the address that the request comes from.
        #[must_use]
        pub fn client(mut self, address: std::net::SocketAddr) -> Self {
            self.request_mut().client = Some(address);
            self
        }

        /// Sets the conversation id (header `conversation-id`).
        #[must_use]
        pub fn conversation(self, id: impl Into<String>) -> Self {
            self.header("conversation-id", id)
        }

        /// Sets the id of the message that is answered (header `user-message-id`).
        #[must_use]
        pub fn message(self, id: impl Into<String>) -> Self {
            self.header("user-message-id", id)
        }

        /// Sets the run id (header `workflow-run-id`).
        #[must_use]
        pub fn run(self, id: impl Into<String>) -> Self {
            self.header("workflow-run-id", id)
        }
    };
}
pub(crate) use request_methods;
