//! Connecting: refusals, requests that the builder describes, cookies.

use serde_json::{Value, json};
use socketio::request;
use socketio_test::{ConnectError, TestClient, event};

use crate::{chat::chat, fixture::server};

#[tokio::test]
async fn an_unknown_namespace_is_refused() {
    let refused = TestClient::connect(&chat(), "/nowhere").await;
    let Err(ConnectError::Refused { message, data }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (message.as_str(), data),
        ("Invalid namespace", None::<Value>)
    );
}

#[tokio::test]
async fn a_namespace_may_have_a_query() {
    let io = chat();
    let client = TestClient::connect(&io, "/chat?from=home").await.unwrap();
    assert_eq!(client.namespace(), "/chat");
    client.emit("join", "lobby").await.unwrap();
    assert_eq!(client.received(), [event("joined", client.sid())]);
}

/// Other clients are refused: the test must not succeed where they fail.
#[tokio::test]
async fn a_namespace_that_clients_can_not_join_is_an_error_with_the_cure() {
    let io = chat();
    let client = TestClient::connect(&io, "/chat").await.unwrap();
    for (name, cure) in [
        (
            "chat",
            r#"the namespace "chat" must start with `/`: write `"/chat"`"#,
        ),
        ("", r#"the namespace "" must start with `/`: write `"/"`"#),
        (
            "/chat,x",
            r#"the namespace "/chat,x" can't contain `,`, which ends it in a packet"#,
        ),
    ] {
        let failed = TestClient::connect(&io, name).await.unwrap_err();
        assert_eq!(failed.to_string(), cure);
        assert!(matches!(failed, ConnectError::Namespace(_)), "{failed:?}");
        let failed = TestClient::builder(&io).namespace(name).connect().await;
        assert!(
            matches!(failed, Err(ConnectError::Namespace(_))),
            "{failed:?}"
        );
        let failed = client.connect_to(name).await;
        assert!(
            matches!(failed, Err(ConnectError::Namespace(_))),
            "{failed:?}"
        );
    }
}

#[tokio::test]
async fn auth_must_be_an_object_and_is_checked_before_anything_is_sent() {
    let io = chat();
    let failed = TestClient::builder(&io).auth("secret").connect().await;
    assert!(matches!(failed, Err(ConnectError::Auth(_))), "{failed:?}");
}

#[tokio::test]
async fn an_invalid_header_is_an_error_and_not_a_panic() {
    let failed = TestClient::builder(&chat())
        .header("x", "a\nb")
        .connect()
        .await;
    assert!(
        matches!(failed, Err(ConnectError::Request(_))),
        "{failed:?}"
    );
}

#[tokio::test]
async fn a_client_behind_a_trusted_proxy_has_the_address_that_the_proxy_forwards() {
    let io = socketio::SocketIo::bare()
        .trusted_proxies("10.0.0.1")
        .on("who", || request().forwarded_addr())
        .build()
        .unwrap();
    let from = |peer: [u8; 4]| {
        let client = TestClient::builder(&io).header("x-forwarded-for", "203.0.113.9");
        client.peer_addr((peer, 80)).connect()
    };
    let client = from([10, 0, 0, 1]).await.unwrap();
    let address: Option<String> = client.call("who", ()).await.unwrap();
    assert_eq!(address.as_deref(), Some("203.0.113.9"));
    let client = from([127, 0, 0, 1]).await.unwrap();
    let address: Option<String> = client.call("who", ()).await.unwrap();
    assert_eq!(address, None);
}

#[tokio::test]
async fn handlers_read_the_request_of_the_builder() {
    let io = server!("who" => || {
        let request = request();
        json!({
            "header": request.header("x-team"),
            "cookie": request.cookie("b"),
            "query": request.query("name"),
            "engine": request.query("EIO"),
            "peer": request.peer_addr(),
            "path": request.uri().path(),
            "extension": request.extensions().get::<u32>(),
        })
    });
    let client = TestClient::builder(&io)
        .header("x-team", "red")
        .cookie("a", "1")
        .cookie("b", "2")
        .query("name", "café & co")
        .peer_addr(([10, 0, 0, 1], 80))
        .path("/io/")
        .extension(7_u32)
        .connect()
        .await
        .unwrap();
    assert_eq!(
        client.call::<Value>("who", ()).await.unwrap(),
        json!({
            "header": "red",
            "cookie": "2",
            "query": "café & co",
            "engine": "4",
            "peer": "10.0.0.1:80",
            "path": "/io/",
            "extension": 7,
        })
    );
}

/// The cookies of one response, and a handler that reads them.
#[tokio::test]
async fn cookies_set_by_an_http_route_can_be_read_by_handlers() {
    use axum::{Router, body::Body, http::Request, response::AppendHeaders, routing::post};
    use tower::ServiceExt;

    let app: Router = Router::new()
        .route(
            "/login",
            post(|| async { AppendHeaders([("set-cookie", "user=ana; HttpOnly; Path=/")]) }),
        )
        .route(
            "/logout",
            post(|| async { AppendHeaders([("set-cookie", "user=; Max-Age=0")]) }),
        );
    let io = server!("whoami" => || request().cookie("user").map(String::from));

    let http = |path: &'static str| {
        let request = Request::post(path).body(Body::empty()).unwrap();
        app.clone().oneshot(request)
    };
    let (login, logout) = (
        http("/login").await.unwrap(),
        http("/logout").await.unwrap(),
    );
    let ana = TestClient::builder(&io)
        .cookies_from(&login)
        .connect()
        .await
        .unwrap();
    assert_eq!(ana.call::<String>("whoami", ()).await.unwrap(), "ana");
    let nobody = TestClient::builder(&io)
        .cookies_from(&login)
        .cookies_from(&logout)
        .connect()
        .await
        .unwrap();
    assert_eq!(
        nobody.call::<Option<String>>("whoami", ()).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn servers_and_clients_are_independent() {
    let (red, blue) = (server!("a" => || 1), server!("a" => || 2));
    let (a, b) = (
        TestClient::connect(&red, "/").await.unwrap(),
        TestClient::connect(&blue, "/").await.unwrap(),
    );
    red.emit("red", ());
    assert_eq!(a.call::<u8>("a", ()).await.unwrap(), 1);
    assert_eq!(b.call::<u8>("a", ()).await.unwrap(), 2);
    assert_eq!((a.received().len(), b.received().len()), (1, 0));
}
