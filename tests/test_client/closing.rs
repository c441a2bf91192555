//! The end of a connection: its reasons, and when tests see it.

use std::sync::{Arc, Mutex};

use socketio::{Reason, Socket, SocketIo, broadcast};
use socketio_test::{ConnectError, EmitFailed, TestClient, event};

use crate::fixture::server;

/// Builds a server that records the reasons of disconnects.
pub(crate) fn reporting() -> (SocketIo, Arc<Mutex<Vec<Reason>>>) {
    let reasons = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&reasons);
    let io = SocketIo::bare()
        .on("disconnect", move |reason: Reason| {
            let log = Arc::clone(&log);
            async move {
                tokio::task::yield_now().await;
                log.lock().unwrap().push(reason);
            }
        })
        .on("leave", |socket: Socket| {
            socket.emit("bye", ());
            socket.disconnect();
            "left"
        })
        .on("close", |socket: Socket| socket.close())
        .build()
        .unwrap();
    (io, reasons)
}

#[tokio::test]
async fn leaving_resolves_when_the_disconnect_handler_has_ended() {
    let (io, reasons) = reporting();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.disconnect().await.unwrap();
    assert_eq!(*reasons.lock().unwrap(), [Reason::ClientDisconnect]);
    assert_eq!(client.disconnected().await, Reason::ClientDisconnect);
    let again = client.disconnect().await;
    assert!(matches!(again, Err(EmitFailed::Disconnected(_))));
    assert!(client.connection().is_open());
}

#[tokio::test]
async fn closing_and_losing_end_the_connection_with_the_given_reason() {
    let (io, reasons) = reporting();
    let wanted = [
        Reason::ClientClose,
        Reason::PingTimeout,
        Reason::TransportError,
    ];
    for reason in wanted {
        let client = TestClient::connect(&io, "/").await.unwrap();
        match reason {
            Reason::ClientClose => client.close().await,
            reason => client.lose(reason).await,
        }
        assert_eq!(client.disconnected().await, reason);
        assert_eq!(io.connections(), 0);
    }
    assert_eq!(*reasons.lock().unwrap(), wanted);
}

#[tokio::test]
async fn a_dropped_client_is_a_closed_transport() {
    let (io, reasons) = reporting();
    let client = TestClient::connect(&io, "/").await.unwrap();
    drop(client);
    while io.connections() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(*reasons.lock().unwrap(), [Reason::TransportClose]);
}

#[tokio::test]
async fn packets_sent_before_a_close_are_still_handled() {
    let io = server!("say" => |text: String| broadcast().emit("said", text));
    let (ana, bo) = (
        TestClient::connect(&io, "/").await.unwrap(),
        TestClient::connect(&io, "/").await.unwrap(),
    );
    let saying = ana.emit("say", "bye");
    ana.close().await;
    saying.await.unwrap();
    assert_eq!(bo.received(), [event("said", "bye")]);
}

#[tokio::test]
async fn received_events_can_be_read_after_a_disconnect_by_the_server() {
    let (io, reasons) = reporting();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert!(client.is_connected());
    assert_eq!(client.call::<String>("leave", ()).await.unwrap(), "left");
    assert!(!client.is_connected());
    assert_eq!(client.disconnected().await, Reason::ServerDisconnect);
    assert_eq!(client.received(), [event("bye", ())]);
    assert!(client.connection().is_open());
    client.close().await;
    assert_eq!(*reasons.lock().unwrap(), [Reason::ServerDisconnect]);
}

#[tokio::test]
async fn a_close_by_the_server_differs_from_a_disconnect() {
    let (io, reasons) = reporting();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("close", ()).await.unwrap();
    assert_eq!(client.disconnected().await, Reason::ServerClose);
    assert_eq!(client.connection().closed().await, Reason::ServerClose);
    assert!(!client.connection().is_open());
    client.close().await;
    assert_eq!(*reasons.lock().unwrap(), [Reason::ServerClose]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reason_does_not_change_while_the_connection_closes() {
    let (io, _) = reporting();
    for _ in 0..500 {
        let client = TestClient::connect(&io, "/").await.unwrap();
        drop(client.emit("close", ()));
        while client.is_connected() {
            std::hint::spin_loop();
        }
        assert_eq!(client.disconnected().await, Reason::ServerClose);
    }
}

#[tokio::test]
async fn a_shutdown_disconnects_all_clients_and_ends_pending_calls() {
    let (io, _) = reporting();
    let client = TestClient::connect(&io, "/").await.unwrap();
    io.shutdown().await;
    assert_eq!(client.disconnected().await, Reason::ServerShutdown);
    let late = client.emit("leave", ()).await;
    assert!(matches!(
        late,
        Err(EmitFailed::Disconnected(Reason::ServerShutdown))
    ));
    let late = TestClient::connect(&io, "/").await;
    assert!(
        matches!(late, Err(ConnectError::Closed(Reason::ServerShutdown))),
        "{late:?}"
    );
}

#[tokio::test]
async fn connect_succeeds_for_a_client_that_is_disconnected_at_once() {
    let io = server!("connect" => |socket: Socket| {
        socket.emit("sorry", ());
        socket.disconnect();
    });
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert!(!client.is_connected());
    assert_eq!(client.received(), [event("sorry", ())]);
}
