//! `always_connect`: a client is accepted before its `connect` handler runs.

use std::sync::{Arc, Mutex};

use socketio::{Socket, SocketIo, SocketIoBuilder};
use socketio_test::{TestClient, event};

fn always() -> SocketIoBuilder {
    SocketIo::bare().always_connect(true)
}

#[tokio::test]
async fn connect_can_call_the_client() {
    let asked = Arc::new(Mutex::new(None));
    let noting = Arc::clone(&asked);
    let io = always()
        .on("connect", move |socket: Socket| {
            let noting = Arc::clone(&noting);
            async move {
                let name: String = socket.call("your name?", ()).await?;
                socketio::emit("hello", &name);
                noting.lock().unwrap().replace(name);
                Ok::<_, socketio::BoxError>(())
            }
        })
        .build()
        .unwrap();
    let client = TestClient::builder(&io)
        .on("your name?", |()| "ana")
        .connect()
        .await
        .unwrap();
    assert_eq!(asked.lock().unwrap().as_deref(), Some("ana"));
    let received = client.received();
    assert_eq!(received.last().unwrap(), &event("hello", "ana"));
}

#[tokio::test]
async fn a_refused_client_is_disconnected_and_its_connection_stays_open() {
    let ran = Arc::new(Mutex::new(Vec::new()));
    let noting = Arc::clone(&ran);
    let note = move |what: &'static str| noting.lock().unwrap().push(what);
    let noted = note.clone();
    let io = always()
        .on_in("/a", "connect", || async {
            Err::<(), _>(socketio::ConnectionRefused::new("not today"))
        })
        .on_in("/a", "disconnect", move || {
            noted("disconnect");
            async {}
        })
        .on("x", || async { "x" })
        .build()
        .unwrap();
    let main = TestClient::connect(&io, "/").await.unwrap();
    let _refused = main.connect_to("/a").await;
    assert!(io.sockets("/a").is_empty());
    assert_eq!(main.call::<String>("x", ()).await.unwrap(), "x");
    assert!(ran.lock().unwrap().is_empty());
}

#[tokio::test]
async fn always_connect_is_off_by_default() {
    let io = SocketIo::bare()
        .on(
            "connect",
            |socket: Socket| async move { !socket.is_connected() },
        )
        .build()
        .unwrap();
    TestClient::connect(&io, "/")
        .await
        .expect("not yet connected in `connect`");
    let io = always()
        .on("connect", |socket: Socket| async move {
            assert!(!socket.is_connected());
        })
        .build()
        .unwrap();
    TestClient::connect(&io, "/")
        .await
        .expect("connected already");
}
