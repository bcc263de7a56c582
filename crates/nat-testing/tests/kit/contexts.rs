use nat::testing::{CancellationToken, TestContext};
use nat::{Function, UserId};

use crate::{Counter, Nothing, RequestMirror, Seen};

#[tokio::test]
async fn a_function_made_by_hand_sees_the_request_of_the_test() {
    let ctx = TestContext::new()
        .user("alice")
        .conversation("c1")
        .header("x-Tenant", "acme")
        .query("lang", "de")
        .query("lang", "en")
        .build();
    let seen = RequestMirror.call(&ctx, Nothing {}).await.unwrap();
    let [conversation, tenant, lang] = ["c1", "acme", "en"].map(|text| Some(text.to_owned()));
    assert_eq!(seen, Seen { user: Some(UserId::derived("alice").to_string()), conversation, tenant, lang });
}

#[tokio::test]
async fn without_a_request_there_is_none() {
    let ctx = TestContext::new().user(UserId::named("bob")).build();
    assert!(ctx.request().is_none());
    assert_eq!(ctx.user_id(), Some(&UserId::named("bob")));
    assert_eq!(Counter::default().call(&ctx, 2).await.unwrap(), 2);
}

#[test]
fn everything_of_a_request_can_be_set() {
    let ctx = TestContext::new()
        .method("PUT")
        .path("/notes/7")
        .path_param("id", "7")
        .cookie("theme", "dark")
        .cookie("size", "1")
        .client(([192, 0, 2, 1], 7).into())
        .message("m1")
        .run("r1")
        .build();
    let request = ctx.request().unwrap();
    assert_eq!((request.method(), request.path()), ("PUT", "/notes/7"));
    assert_eq!(request.path_params(), [("id".to_owned(), "7".to_owned())]);
    assert_eq!(request.cookie("size").as_deref(), Some("1"));
    assert_eq!(request.header("Cookie"), Some("theme=dark; size=1"));
    assert_eq!(request.client(), Some(([192, 0, 2, 1], 7).into()));
    assert_eq!((ctx.user_message_id(), ctx.run_id()), (Some("m1"), "r1".to_owned()));
}

#[test]
fn a_shutdown_reaches_the_context() {
    let stopping = CancellationToken::new();
    let ctx = TestContext::new().stopping(stopping.clone()).build();
    assert!(!ctx.stopping().is_cancelled());
    stopping.cancel();
    assert!(ctx.stopping().is_cancelled());
}

#[test]
fn each_context_is_another_request() {
    let builder = TestContext::new();
    assert_ne!(builder.build().run_id(), builder.build().run_id());
}
