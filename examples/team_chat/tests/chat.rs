//! The whole application in one process: HTTP by tower, Socket.IO by the test client, the database in memory.

use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode, header},
};
use serde_json::{Value, json};
use socketio::SocketIo;
use socketio_test::TestClient;
use team_chat::{Database, app};
use tower::ServiceExt;

async fn start() -> (SocketIo, Router) {
    app(Database::open("sqlite::memory:").await.unwrap()).unwrap()
}

async fn post(router: &Router, path: &str, cookie: &str, body: Value) -> Response<Body> {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::COOKIE, cookie)
        .body(Body::from(body.to_string()))
        .unwrap();
    router.clone().oneshot(request).await.unwrap()
}

/// Registers a user, and connects with the cookie.
async fn user(io: &SocketIo, router: &Router, name: &str) -> TestClient {
    let account = json!({ "name": name, "password": "correct horse" });
    let registered = post(router, "/register", "", account).await;
    assert_eq!(registered.status(), StatusCode::NO_CONTENT);
    let client = TestClient::builder(io).cookies_from(&registered);
    client.connect().await.unwrap()
}

#[tokio::test]
async fn only_a_login_may_connect() {
    let (io, router) = start().await;
    let refused = TestClient::connect(&io, "/").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the server refused the client: log in first"
    );

    user(&io, &router, "ana").await;
    let wrong = json!({ "name": "ana", "password": "wrong horse" });
    let wrong = post(&router, "/login", "", wrong).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let taken = json!({ "name": "Ana", "password": "another horse" });
    let taken = post(&router, "/register", "", taken).await;
    assert_eq!(taken.status(), StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_message_reaches_the_channel_and_is_kept() {
    let (io, router) = start().await;
    let ana = user(&io, &router, "ana").await;
    let bo = user(&io, &router, "bo").await;
    for client in [&ana, &bo] {
        client.call::<Value>("open", "general").await.unwrap();
    }

    let id: i64 = ana.call("say", ("general", " hello ")).await.unwrap();
    let message = bo.next_named("message").await;
    let message: Value = message.read().unwrap();
    assert_eq!(
        (&message["author"], &message["text"]),
        (&json!("ana"), &json!("hello"))
    );

    let cleo = user(&io, &router, "cleo").await;
    let opened: Value = cleo.call("open", "general").await.unwrap();
    assert_eq!(opened["messages"][0]["id"], json!(id));
    assert_eq!(opened["online"], json!(["ana", "bo", "cleo"]));
    let opened: Value = cleo.call("open", ("general", id)).await.unwrap();
    assert_eq!(opened["messages"], json!([]), "nothing is newer");
}

#[tokio::test]
async fn presence_follows_connections() {
    let (io, router) = start().await;
    let ana = user(&io, &router, "ana").await;
    let bo = user(&io, &router, "bo").await;
    ana.call::<Value>("open", "general").await.unwrap();
    bo.call::<Value>("open", "general").await.unwrap();
    ana.received();
    bo.disconnect().await.unwrap();
    let online: (String, Vec<String>) = ana.next_named("online").await.read().unwrap();
    assert_eq!(online, (String::from("general"), vec![String::from("ana")]));
}

#[tokio::test]
async fn a_channel_must_be_open_to_write_in_it() {
    let (io, router) = start().await;
    let ana = user(&io, &router, "ana").await;
    let problem: Value = ana.call("say", ("general", "hello")).await.unwrap();
    assert_eq!(problem, json!({ "error": "open the channel first" }));
    let problem: Value = ana.call("open", " ").await.unwrap();
    assert_eq!(
        problem,
        json!({ "error": "a channel's name has 1 to 40 characters" })
    );
}

#[tokio::test]
async fn logging_out_ends_the_connections_of_the_login() {
    let (io, router) = start().await;
    let account = json!({ "name": "ana", "password": "correct horse" });
    let registered = post(&router, "/register", "", account).await;
    let cookie = registered.headers()[header::SET_COOKIE].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let ana = TestClient::builder(&io).cookies_from(&registered);
    let ana = ana.connect().await.unwrap();
    let done = post(&router, "/logout", &cookie, json!({})).await;
    assert_eq!(done.status(), StatusCode::NO_CONTENT);
    ana.disconnected().await;
}
