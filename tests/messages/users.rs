//! Users: `set_user`, `user` and `to_user`.

use serde_json::{Value, json};
use socketio::{Auth, ConnectionRefused, Socket, SocketIo, UserError, set_user, to_user, user};
use socketio_test::{TestClient, event};
use test_support::Notes;

fn connect(auth: Auth<Value>) -> socketio::Result {
    set_user(auth["name"].as_str().unwrap_or_default())?;
    match auth["secret"] == 1 {
        true => Ok(()),
        false => Err(ConnectionRefused::new("no").into()),
    }
}

fn server() -> SocketIo {
    SocketIo::bare()
        .on("connect", || {})
        .on("login", |name: String| set_user(name))
        .on("logout", |socket: Socket| socket.clear_user())
        .on("whoami", user)
        .on("tell", |user: String, text: String| {
            to_user(user).emit("told", text)
        })
        .on_in("/shop", "whoami", user)
        .build()
        .unwrap()
}

async fn login(io: &SocketIo, name: &str) -> TestClient {
    let client = TestClient::connect(io, "/").await.unwrap();
    client.emit("login", name).await.unwrap();
    client
}

#[tokio::test]
async fn all_clients_of_a_user_are_addressed_and_no_others() {
    let io = server();
    let (tab, phone) = (login(&io, "ana").await, login(&io, "ana").await);
    let bo = login(&io, "bo").await;
    bo.emit("tell", ("ana", "hi")).await.unwrap();
    io.to_user("ana").emit("told", "you");
    for client in [&tab, &phone] {
        assert_eq!(
            client.received(),
            [event("told", "hi"), event("told", "you")]
        );
    }
    assert_eq!(bo.received(), []);
    // Each once, also beside a room.
    io.to_user("ana").to(tab.sid()).emit("told", 1);
    assert_eq!(tab.received().len(), 1);
    assert_eq!(phone.received().len(), 1);
    // Users are those of one namespace.
    io.of("/shop").to_user("ana").emit("told", 2);
    assert_eq!(tab.received(), []);
}

#[tokio::test]
async fn a_user_can_be_changed_and_ends_with_the_client() {
    let io = server();
    let client = login(&io, "ana").await;
    client.emit("login", "bo").await.unwrap();
    assert_eq!(client.call::<String>("whoami", ()).await.unwrap(), "bo");
    assert_eq!(io.to_user("ana").sockets(), []);
    let sockets = io.to_user("bo").sockets();
    assert_eq!(sockets.len(), 1);
    assert_eq!(
        sockets[0].rooms(),
        [client.sid().as_str()],
        "no room of its own list"
    );
    client.emit("logout", ()).await.unwrap();
    assert_eq!(
        client.call::<Option<String>>("whoami", ()).await.unwrap(),
        None
    );
    assert_eq!(io.to_user("bo").sockets(), []);
    client.emit("login", "bo").await.unwrap();
    client.close().await;
    assert_eq!(io.to_user("bo").sockets(), []);
    assert_eq!(sockets[0].set_user("ana"), Err(UserError::NotConnected));
    assert_eq!(sockets[0].user().as_deref(), Some("bo"));
}

#[tokio::test]
async fn connect_and_guards_set_the_user_and_a_refused_client_has_none() {
    let notes = Notes::default();
    let io = SocketIo::bare()
        .on("connect", connect)
        .on("whoami", user)
        .on("disconnect", {
            let notes = notes.clone();
            move || notes.add(format!("{:?} left", user()))
        })
        .guard_in("/guarded", || set_user(7).is_ok())
        .on_in("/guarded", "whoami", user)
        .build()
        .unwrap();
    let login = async |secret: u8| {
        let auth = json!({"name": "ana", "secret": secret});
        TestClient::builder(&io).auth(&auth).connect().await
    };
    assert!(login(0).await.is_err());
    assert_eq!(io.to_user("ana").sockets(), []);
    let client = login(1).await.unwrap();
    assert_eq!(client.call::<String>("whoami", ()).await.unwrap(), "ana");
    assert_eq!(io.to_user("ana").sockets().len(), 1);
    client.close().await;
    assert_eq!(notes.take(), [r#"Some("ana") left"#]);
    let guarded = TestClient::connect(&io, "/guarded").await.unwrap();
    assert_eq!(guarded.call::<String>("whoami", ()).await.unwrap(), "7");
    assert_eq!(io.of("/guarded").to_user(7).sockets().len(), 1);
}

#[tokio::test]
async fn the_key_of_a_user_is_limited_in_bytes() {
    let io = server();
    let client = login(&io, &"x".repeat(256)).await;
    let error = client.emit("login", "x".repeat(257)).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("the key of a user can have 256 bytes at most")
    );
    assert_eq!(io.to_user("x".repeat(256)).sockets().len(), 1);
}

#[tokio::test]
async fn outside_of_a_handler_there_is_no_user() {
    assert_eq!(
        socketio::try_set_user("ana"),
        Err(UserError::NoCurrentClient)
    );
    assert!(socketio::try_user().is_err());
    assert!(socketio::try_to_user("ana").is_err());
}
