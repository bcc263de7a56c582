//! Binding, and who may be reached from where.

use crate::HttpConfig;
use tokio::net::TcpListener;

use crate::testing::config;
use crate::{BindError, Server};

const PUPPET: &str = "workflow: {_type: puppet, lab: LAB}";

async fn bind(front_end: &str) -> Result<Server, BindError> {
    let (config, _lab) = config(&format!("general: {{front_end: {{_type: fastapi, {front_end}}}}}\n{PUPPET}"));
    Server::bind(&config).await
}

#[tokio::test]
async fn a_free_port_is_found_and_known() {
    for host in ["localhost", "127.0.0.1"] {
        let server = bind(&format!("host: {host}, port: 0")).await.unwrap();
        assert!(server.addresses().iter().all(|address| address.ip().is_loopback() && address.port() != 0));
    }
}

#[tokio::test]
async fn clients_that_choose_who_they_are_stay_on_loopback() {
    for host in ["0.0.0.0", "'::'", "192.0.2.1", "'::ffff:192.0.2.1'"] {
        let error = bind(&format!("host: {host}, port: 0")).await.unwrap_err();
        assert!(matches!(error, BindError::ClientSessionsExposed { .. }), "{error}");
        let text = error.to_string();
        for way_out in
            ["host: localhost", "identity_header", "mode: signed", "identity_authentication", "trust_client_sessions"]
        {
            assert!(text.contains(way_out), "{way_out}: {text}");
        }
    }
    bind("host: 0.0.0.0, port: 0, identity_header: X-User").await.unwrap();
    bind("host: 0.0.0.0, port: 0, session: {trust_client_sessions: true}").await.unwrap();
    bind("host: 127.0.0.2, port: 0").await.unwrap();
}

#[tokio::test]
async fn a_port_in_use_is_named_with_a_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = bind(&format!("host: 127.0.0.1, port: {port}")).await.unwrap_err();
    let expected = format!("cannot listen on 127.0.0.1:{port}: port {port} is in use\nhelp: stop the program");
    assert!(error.to_string().starts_with(&expected), "{error}");
}

/// The check of a file finds them; a program may change what it has read.
#[tokio::test]
async fn paths_that_cannot_be_told_apart_are_an_error() {
    let endpoint = |path: &str| format!("{{path: '{path}', method: POST, description: '', function_name: f}}");
    let endpoints = format!("endpoints: [{}, {}]", endpoint("/a/{x}"), endpoint("/b/{y}"));
    let yaml =
        format!("general: {{front_end: {{_type: fastapi, {endpoints}}}}}\nfunctions: {{f: {{_type: echo}}}}\n{PUPPET}");
    let mut config = config(&yaml).0;
    if let Some(front_end) = config.general.front_end.get_mut::<HttpConfig>() {
        front_end.endpoints[1].endpoint.path = Some("/a/{y}".to_owned());
    }
    let error = Server::bind(&config).await.unwrap_err();
    assert_eq!(error.to_string(), "the paths `/a/{y}` and `/a/{x}` cannot be told apart");
}
