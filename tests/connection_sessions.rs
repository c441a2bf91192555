//! What is kept for a connection, beside what is kept for each of its clients.

use socketio::{ConnectionSession, Session, SocketIo};
use socketio_test::TestClient;

#[derive(Clone, Default)]
struct Name(String);

fn server() -> SocketIo {
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
async fn a_session_is_one_namespaces_own_and_a_connections_is_shared_by_all_of_its() {
    let io = server();
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
async fn a_connections_session_outlives_a_namespace() {
    let io = server();
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
