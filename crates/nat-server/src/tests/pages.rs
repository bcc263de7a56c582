//! `/docs` and `/redoc`, and what they load.

use crate::testing::front;

const ECHO: &str = "workflow: {_type: echo}";

/// The addresses that a page loads from.
fn sources(page: &str) -> Vec<String> {
    let attributes = [" src=\"", " href=\"", "data-description=\"", "data-redirect=\""];
    let values = attributes.iter().flat_map(|attribute| page.split(attribute).skip(1));
    values.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).filter(|source| source != "data:,").collect()
}

#[tokio::test]
async fn pages_load_nothing_from_elsewhere_and_all_they_load_is_there() {
    for (yaml, root) in
        [(ECHO, ""), ("{general: {front_end: {_type: fastapi, root_path: /base}}, workflow: {_type: echo}}", "/base")]
    {
        let front = front(yaml).await;
        for path in ["/docs", "/redoc", "/docs/oauth2-redirect"] {
            let page = front.ask(&format!("GET {root}{path}"), &[], "").await;
            assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
            let policy = page.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("http"), "{policy}");
            let sources = sources(&page.body);
            assert!(!sources.is_empty(), "{path}");
            for source in sources {
                assert!(source.starts_with(&format!("{root}/")), "{source}");
                let line = format!("HEAD {source}");
                assert_eq!(front.ask(&line, &[], "").await.status, 200, "{line}");
            }
        }
    }
}

#[tokio::test]
async fn assets_are_sent_packed_or_not() {
    let front = front(ECHO).await;
    let path = "GET /docs/assets/swagger-ui.css";
    let plain = front.ask(path, &[], "").await;
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "Accept-Encoding, Origin"));
    assert!(plain.body.contains(".swagger-ui"));
    let request = crate::testing::request(path, &["accept-encoding: gzip"], "");
    let packed = tower::ServiceExt::oneshot(front.app.clone(), request).await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert_eq!(packed.headers()["etag"], plain.headers["etag"]);
    let known = format!("if-none-match: {}", plain.header("etag"));
    assert_eq!(front.ask(path, &[&known], "").await.seen(), (304, ""));
}
