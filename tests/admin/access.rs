//! Authentication of the admin page, and its permissions.

use std::time::Duration;

use serde_json::{Value, json};
use socketio::{Admin, AdminMode, SocketIo};
use socketio_test::{ConnectError, TestClient};
use test_support::Log;

use crate::page::{client, login, open, page};

#[tokio::test]
async fn the_right_auth_object_is_accepted() {
    let right = json!({"username": "ana", "password": "secret"});
    let io = SocketIo::bare()
        .admin(Admin::new(right.clone()))
        .build()
        .unwrap();
    assert!(login(&io, &right).await.is_ok());
    for wrong in [
        json!({"username": "ana", "password": "Secret"}),
        json!({"username": "ana", "password": "secret", "more": 1}),
        json!({"username": "ana"}),
        json!({}),
    ] {
        let refused = login(&io, &wrong).await;
        let Err(ConnectError::Refused { message, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(message, "authentication failed");
    }
    assert!(TestClient::connect(&io, "/admin").await.is_err());
    assert!(TestClient::connect(&io, "/").await.is_ok());
}

#[tokio::test]
async fn any_of_several_auth_objects_is_accepted() {
    let tokens = [json!({"token": 1}), json!({"token": 2})];
    for admin in [Admin::new(tokens.clone()), Admin::new(tokens.to_vec())] {
        let io = SocketIo::bare().admin(admin).build().unwrap();
        assert!(login(&io, &tokens[0]).await.is_ok());
        assert!(login(&io, &tokens[1]).await.is_ok());
        assert!(login(&io, &json!({"token": 3})).await.is_err());
    }
}

#[tokio::test]
async fn a_closure_checks_the_auth_with_or_without_async() {
    let now = Admin::new(|auth: Value| auth["token"] == 1);
    let later = Admin::new(|auth: Value| async move {
        tokio::task::yield_now().await;
        auth["token"] == 1
    });
    for admin in [now, later] {
        let io = SocketIo::bare().admin(admin).build().unwrap();
        assert!(login(&io, &json!({"token": 1})).await.is_ok());
        assert!(login(&io, &json!({"token": 2})).await.is_err());
        assert!(TestClient::connect(&io, "/admin").await.is_err());
    }
}

#[tokio::test]
async fn an_open_admin_interface_accepts_every_client() {
    let io = open(SocketIo::bare());
    assert!(TestClient::connect(&io, "/admin").await.is_ok());
}

#[test]
fn invalid_options_are_refused_at_start_up() {
    for (admin, what) in [
        (Admin::new(json!({})), "Admin::open()"),
        (Admin::new(Value::Null), "Admin::open()"),
        (Admin::new([json!({"a": 1}), json!(null)]), "Admin::open()"),
        (Admin::open().namespace("/"), "a path of its own"),
        (Admin::open().namespace("/a/{b}"), "a path of its own"),
        (
            Admin::open().server_stats_interval(Duration::ZERO),
            "must not be zero",
        ),
    ] {
        let error = SocketIo::bare().admin(admin).build().unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[tokio::test]
async fn a_read_only_page_changes_nothing() {
    for admin in [
        Admin::open().read_only(true),
        Admin::open().mode(AdminMode::Production),
    ] {
        let io = SocketIo::bare().admin(admin).build().unwrap();
        let page = page(&io).await;
        let ana = client(&io, "/").await;
        assert!(page.emit("emit", ("/", (), "news")).await.is_err());
        assert!(page.emit("join", ("/", "lobby")).await.is_err());
        assert!(page.emit("leave", ("/", "lobby")).await.is_err());
        assert!(page.emit("_disconnect", ("/", false)).await.is_err());
        assert!(ana.is_connected());
        assert_eq!(ana.received(), []);
        assert_eq!(io.sockets("/")[0].rooms().len(), 1);
    }
}

#[tokio::test]
async fn the_namespace_of_the_page_can_be_changed() {
    let admin = Admin::open().namespace("/staff");
    let io = SocketIo::bare().admin(admin).build().unwrap();
    assert!(TestClient::connect(&io, "/admin").await.is_err());
    let page = client(&io, "/staff").await;
    assert_eq!(page.next().await.name(), "config");
    page.next_named("all_sockets").await;
    let _ana = client(&io, "/").await;
    assert_eq!(page.next().await.name(), "socket_connected");
}

#[tokio::test]
async fn without_the_admin_interface_its_namespace_does_not_exist() {
    let io = SocketIo::bare().on("x", || {}).build().unwrap();
    assert!(TestClient::connect(&io, "/admin").await.is_err());
    let ana = client(&io, "/").await;
    assert!(ana.emit("emit", ("/", (), "x")).await.is_err());
    assert_eq!(ana.received(), []);
}

#[tokio::test(start_paused = true)]
async fn guesses_are_logged_and_slowed_down() {
    let log = Log::default();
    let _guard = log.collect();
    let right = json!({"token": "secret"});
    let io = SocketIo::bare()
        .admin(Admin::new(right.clone()))
        .build()
        .unwrap();
    let start = tokio::time::Instant::now();
    for guess in 0..10 {
        assert!(login(&io, &json!({"token": guess})).await.is_err());
    }
    // Five at once, then one a second.
    assert_eq!(start.elapsed().as_secs(), 4);
    assert!(login(&io, &right).await.is_ok());
    assert_eq!(
        log.lines("the `auth` of an administrator is wrong").len(),
        10
    );
    assert!(log.lines("secret").is_empty());
}
