//! Sessions: one for each client and type, until its disconnect; connection sessions are shared by the namespaces.

use std::sync::{Arc, Mutex};

use socketio::{
    Auth, ConnectionSession, Session, SocketIo, State, connection_session, handlers, session,
    try_connection_session,
};
use socketio_test::TestClient;

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct User {
    name: String,
    visits: u32,
}

#[derive(Clone, Default)]
struct Counter(u32);

#[socketio::event]
async fn connect(auth: Auth<Option<User>>, user: Session<User>) {
    if let Some(auth) = auth.into_inner() {
        user.set(auth);
    }
}

#[socketio::event]
async fn whoami(user: Session<User>) -> User {
    user.get()
}

#[socketio::event]
fn visit() -> u32 {
    session::<User>().update(|user| {
        user.visits += 1;
        user.visits
    })
}

#[socketio::event]
fn count(counter: Session<Counter>) -> u32 {
    counter.update(|counter| {
        counter.0 += 10;
        counter.0
    })
}

#[socketio::on("whoami", namespace = "/other")]
async fn whoami_there(user: Session<User>) -> User {
    user.get()
}

#[socketio::event]
fn disconnect(user: Session<User>, gone: State<Mutex<Vec<User>>>) {
    gone.lock().unwrap().push(user.get());
}

fn server() -> (SocketIo, Arc<Mutex<Vec<User>>>) {
    let gone = Arc::new(Mutex::new(Vec::new()));
    let io = SocketIo::bare()
        .handlers(handlers![
            connect,
            whoami,
            visit,
            count,
            whoami_there,
            disconnect
        ])
        .shared_state(Arc::clone(&gone))
        .build()
        .unwrap();
    (io, gone)
}

fn user(name: &str, visits: u32) -> User {
    User {
        name: name.into(),
        visits,
    }
}

async fn connected(io: &SocketIo, name: &str) -> TestClient {
    let client = TestClient::builder(io).auth(&user(name, 0));
    client.connect().await.unwrap()
}

#[tokio::test]
async fn a_session_lasts_from_connect_to_disconnect() {
    let (io, gone) = server();
    let client = connected(&io, "ana").await;
    for visits in 1..=3 {
        assert_eq!(client.call::<u32>("visit", ()).await.unwrap(), visits);
    }
    assert_eq!(
        client.call::<User>("whoami", ()).await.unwrap(),
        user("ana", 3)
    );
    client.close().await;
    assert_eq!(*gone.lock().unwrap(), [user("ana", 3)]);
}

#[tokio::test]
async fn a_session_begins_with_the_default_value() {
    let (io, _) = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(
        client.call::<User>("whoami", ()).await.unwrap(),
        User::default()
    );
}

#[tokio::test]
async fn every_client_has_its_own_session() {
    let (io, _) = server();
    let (ana, bo) = (connected(&io, "ana").await, connected(&io, "bo").await);
    ana.emit("visit", ()).await.unwrap();
    assert_eq!(bo.call::<User>("whoami", ()).await.unwrap(), user("bo", 0));
    assert_eq!(
        ana.call::<User>("whoami", ()).await.unwrap(),
        user("ana", 1)
    );
}

#[tokio::test]
async fn every_namespace_has_its_own_session() {
    let (io, _) = server();
    let ana = connected(&io, "ana").await;
    let there = ana.connect_to("/other").await.unwrap();
    assert_eq!(
        there.call::<User>("whoami", ()).await.unwrap(),
        User::default()
    );
}

#[tokio::test]
async fn every_type_has_its_own_session() {
    let (io, _) = server();
    let ana = connected(&io, "ana").await;
    assert_eq!(ana.call::<u32>("count", ()).await.unwrap(), 10);
    assert_eq!(ana.call::<u32>("count", ()).await.unwrap(), 20);
    assert_eq!(ana.call::<u32>("visit", ()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_session_does_not_survive_a_reconnection() {
    let (io, _) = server();
    let ana = connected(&io, "ana").await;
    ana.emit("visit", ()).await.unwrap();
    ana.disconnect().await.unwrap();
    let anew = ana.connect_to("/").await.unwrap();
    assert_eq!(
        anew.call::<User>("whoami", ()).await.unwrap(),
        User::default()
    );
}

#[tokio::test]
async fn a_session_can_be_read_outside_of_handlers() {
    let (io, _) = server();
    let ana = connected(&io, "ana").await;
    let session = io.socket("/", ana.sid()).unwrap().session::<User>();
    assert_eq!(session.get(), user("ana", 0));
    session.update(|user| user.name.push('!'));
    assert_eq!(
        ana.call::<User>("whoami", ()).await.unwrap(),
        user("ana!", 0)
    );
}

#[tokio::test]
async fn a_handler_can_be_called_with_a_session_made_by_a_test() {
    let session = Session::from(user("ana", 7));
    assert_eq!(whoami(session).await, user("ana", 7));
}

#[derive(Clone, Default)]
struct Name(String);

fn server_with_both() -> SocketIo {
    let mut builder = SocketIo::bare();
    for namespace in ["/", "/chat"] {
        builder = builder
            .on_in(namespace, "rename", |name: String, own: Session<Name>| {
                own.set(Name(name));
            })
            .on_in(namespace, "name", |own: Session<Name>| own.get().0)
            .on_in(
                namespace,
                "rename all",
                |name: String, shared: ConnectionSession<Name>| shared.set(Name(name)),
            )
            .on_in(
                namespace,
                "name of all",
                |shared: ConnectionSession<Name>| shared.get().0,
            );
    }
    builder.build().unwrap()
}

#[tokio::test]
async fn a_session_belongs_to_one_namespace_and_a_connection_session_is_shared() {
    let io = server_with_both();
    let root = TestClient::connect(&io, "/").await.unwrap();
    let chat = root.connect_to("/chat").await.unwrap();
    let other = TestClient::connect(&io, "/chat").await.unwrap();

    root.emit("rename", "ana").await.unwrap();
    root.emit("rename all", "bo").await.unwrap();
    let name = async |client: &TestClient, event| client.call::<String>(event, ()).await.unwrap();
    assert_eq!(name(&root, "name").await, "ana");
    assert_eq!(name(&chat, "name").await, "");
    assert_eq!(name(&root, "name of all").await, "bo");
    assert_eq!(name(&chat, "name of all").await, "bo");
    assert_eq!(name(&other, "name of all").await, "");
}

#[tokio::test]
async fn a_connection_session_outlives_a_namespace() {
    let io = server_with_both();
    let root = TestClient::connect(&io, "/").await.unwrap();
    let chat = root.connect_to("/chat").await.unwrap();
    chat.emit("rename", "ana").await.unwrap();
    chat.emit("rename all", "bo").await.unwrap();
    chat.disconnect().await.unwrap();

    let chat = root.connect_to("/chat").await.unwrap();
    assert_eq!(chat.call::<String>("name", ()).await.unwrap(), "");
    assert_eq!(chat.call::<String>("name of all", ()).await.unwrap(), "bo");
    let socket = io.socket("/chat", chat.sid()).unwrap();
    assert_eq!(socket.connection_session::<Name>().get().0, "bo");
}

#[tokio::test]
async fn the_session_of_the_connection_has_a_function_too() {
    let count = || {
        connection_session::<Counter>().update(|counter| {
            counter.0 += 1;
            counter.0
        })
    };
    let io = SocketIo::bare()
        .on("count", count)
        .on_in("/other", "count", count)
        .build()
        .unwrap();
    let main = TestClient::connect(&io, "/").await.unwrap();
    let other = main.connect_to("/other").await.unwrap();
    assert_eq!(main.call::<u32>("count", ()).await.unwrap(), 1);
    assert_eq!(other.call::<u32>("count", ()).await.unwrap(), 2);
    assert!(try_connection_session::<Counter>().is_err());
}
