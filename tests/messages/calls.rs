//! `call` and `call_all`: reading acknowledgements, timeouts, clients that disconnect, acknowledgements that are not pending.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use socketio::{BoxError, CallError, Socket, SocketIo, State, call, handlers, sid, to};
use socketio_test::{TestClient, event};
use test_support::Notes;

#[tokio::test]
async fn a_call_reads_the_acknowledgement() {
    #[socketio::event]
    async fn ask(notes: State<Notes>) -> socketio::Result {
        let one: u8 = call("one", ()).await?;
        let two: (String, u8) = call("two", ("a", 2)).await?;
        let none: Option<u8> = call("none", ()).await?;
        call::<()>("none", ()).await?;
        notes.add(format!("{one} {two:?} {none:?}"));
        match call::<u8>("two", ()).await {
            Err(CallError::InvalidAck(error)) => notes.add(error.to_string()),
            other => notes.add(format!("{other:?}")),
        }
        Ok(())
    }
    let notes = Arc::new(Notes::default());
    let io = SocketIo::bare()
        .handlers(handlers![ask])
        .shared_state(Arc::clone(&notes))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.on("one", |()| 1);
    client.on("two", |()| ("b", 2));
    client.on("none", |()| ());
    client.emit("ask", ()).await.unwrap();
    let [read, unfit] = &notes.take()[..] else {
        panic!();
    };
    assert_eq!(read, r#"1 ("b", 2) None"#);
    assert!(
        unfit.starts_with("argument 1: invalid type: string"),
        "{unfit}"
    );
    assert_eq!(
        client.received_named("two"),
        [event("two", ("a", 2)), event("two", ())]
    );
}

#[tokio::test]
async fn acknowledgements_that_are_not_pending_are_ignored() {
    #[socketio::event]
    async fn ask() -> Result<u8, CallError> {
        call("question", ()).await
    }
    let io = SocketIo::bare().handlers(handlers![ask]).build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for never_asked in ["30[1]", "31[1]", "399999999999999999999[1]"] {
        client.send_raw(never_asked).await.unwrap();
    }
    let asking = client.call::<u8>("ask", ());
    let question = client.next().await;
    client.ack(&question, 1).await.unwrap();
    client.ack(&question, 2).await.unwrap();
    assert_eq!(asking.await.unwrap(), 1);
    assert!(client.is_connected());
}

#[tokio::test]
async fn acknowledgements_of_different_namespaces_are_separate() {
    let io = SocketIo::bare()
        .on("ask", || async { call::<u8>("question", ()).await })
        .allow_namespace("/other")
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let other = client.connect_to("/other").await.unwrap();
    let asking = client.call::<u8>("ask", ());
    let question = client.next().await;
    other.ack(&question, 1).await.unwrap();
    client.ack(&question, 2).await.unwrap();
    assert_eq!(asking.await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_times_out_after_sixty_seconds_or_its_own_timeout() {
    let io = SocketIo::bare()
        .on("ask", |seconds: Option<u64>| async move {
            let started = tokio::time::Instant::now();
            let mut address = to(sid());
            if let Some(seconds) = seconds {
                address = address.timeout(Duration::from_secs(seconds));
            }
            let answer = address.call::<u8>("question", ()).await;
            assert!(matches!(answer, Err(CallError::Timeout)), "{answer:?}");
            started.elapsed().as_secs()
        })
        .build()
        .unwrap();
    let client = TestClient::builder(&io)
        .timeout(Duration::from_secs(100))
        .connect()
        .await
        .unwrap();
    assert_eq!(client.call::<u64>("ask", ()).await.unwrap(), 60);
    assert_eq!(client.call::<u64>("ask", 3).await.unwrap(), 3);
    let late = client.next().await;
    client.ack(&late, 1).await.unwrap();
    assert_eq!(client.call::<u64>("ask", 1).await.unwrap(), 1);
}

#[tokio::test]
async fn a_call_ends_when_its_client_disconnects() {
    let notes = Arc::new(Notes::default());
    let io = SocketIo::bare()
        .on("ask", |notes: State<Notes>| async move {
            let answer = call::<u8>("question", ()).await;
            notes.add(format!("{answer:?}"));
        })
        .shared_state(Arc::clone(&notes))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    drop(client.emit("ask", ()));
    client.next().await;
    client.close().await;
    assert_eq!(notes.take(), ["Err(Disconnected)"]);
}

#[tokio::test]
async fn a_call_to_several_clients_returns_the_first_ack_and_call_all_returns_all() {
    let io = SocketIo::bare().build().unwrap();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();
    ana.on("number", |()| 1);
    bo.on("number", |()| "two");
    let answers = io.broadcast().call_all::<u8>("number", ()).await.unwrap();
    assert_eq!(answers.len(), 2);
    for (sid, answer) in answers {
        match answer {
            Ok(number) => assert_eq!((sid.as_str(), number), (ana.sid().as_str(), 1)),
            Err(CallError::InvalidAck(_)) => assert_eq!(sid, *bo.sid()),
            Err(error) => panic!("{error}"),
        }
    }
    let first: u8 = io.to(ana.sid()).call("number", ()).await.unwrap();
    assert_eq!(first, 1);
    let nobody = io.to("nowhere").call::<u8>("number", ()).await;
    assert!(matches!(nobody, Err(CallError::NoRecipient)), "{nobody:?}");
}

#[tokio::test]
async fn a_stored_socket_can_be_called_outside_of_handlers() {
    let io = SocketIo::bare().build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.on("name", |()| ("ana", Bytes::from_static(b"face")));
    let socket: Socket = io.socket("/", client.sid()).unwrap();
    let (name, face): (String, Bytes) = socket.call("name", ()).await.unwrap();
    assert_eq!((name.as_str(), &face[..]), ("ana", &b"face"[..]));
    client.disconnect().await.unwrap();
    let gone: Result<(), BoxError> = socket.call("name", ()).await.map_err(Into::into);
    let gone = gone.unwrap_err();
    assert!(matches!(
        gone.downcast_ref(),
        Some(CallError::Disconnected | CallError::NoRecipient)
    ));
}

// D7
#[tokio::test]
async fn an_ack_that_was_not_requested_has_no_effect() {
    let io = SocketIo::bare().build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.on("question", |()| "answer");
    for id in ["0", "1", "7", "18446744073709551616", "007"] {
        client.send_raw(&format!(r#"3{id}["x"]"#)).await.unwrap();
    }
    let socket = &io.sockets("/")[0];
    let answer: String = socket.call("question", ()).await.unwrap();
    assert_eq!(answer, "answer");
    assert!(client.is_connected());
}
