//! `emit` and `call`: when they resolve, and the errors that they return.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use serde_json::{Value, json};
use socketio::{BoxError, Data, SocketIo, broadcast, emit, handlers};
use socketio_test::{CallFailed, EmitFailed, TestClient, event};

use crate::fixture::server;

#[tokio::test]
async fn emit_resolves_when_the_handler_has_ended_and_asks_for_no_acknowledgement() {
    let done = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&done);
    let io = server!("slow" => move |wanted: Value| {
        let count = Arc::clone(&count);
        async move {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            count.fetch_add(1, Ordering::SeqCst);
            wanted
        }
    });
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("slow", 1).await.unwrap();
    assert_eq!(done.load(Ordering::SeqCst), 1);
    let sent: Vec<_> = client.packets();
    assert_eq!(
        format!("{sent:?}"),
        format!(
            r#"[sent 0, received 0{{"sid":"{}"}}, sent 2["slow",1]]"#,
            client.sid()
        )
    );
}

#[tokio::test]
async fn an_event_is_sent_before_it_is_awaited_and_even_if_it_never_is() {
    let io = server!(
        "say" => |text: String| broadcast().emit("said", text),
        "end" => || (),
    );
    let client = TestClient::connect(&io, "/").await.unwrap();
    drop(client.emit("say", "a"));
    let b = client.emit("say", "b");
    client.emit("end", ()).await.unwrap();
    assert_eq!(client.received(), [event("said", "a"), event("said", "b")]);
    b.await.unwrap();
}

#[tokio::test]
async fn emit_returns_the_error_of_the_handler() {
    #[derive(Debug, PartialEq)]
    struct SoldOut(u8);
    impl std::fmt::Display for SoldOut {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "sold out: {}", self.0)
        }
    }
    impl std::error::Error for SoldOut {}

    let io = server!(
        "buy" => |item: u8| Err::<(), _>(BoxError::from(SoldOut(item))),
        "panic" => || -> () { panic!("oh") },
    );
    let client = TestClient::connect(&io, "/").await.unwrap();

    let Err(EmitFailed::Handler(error)) = client.emit("buy", 7).await else {
        panic!();
    };
    assert_eq!(error.downcast_ref(), Some(&SoldOut(7)));
    assert_eq!((error.event(), error.sid()), ("buy", client.sid()));
    assert!(error.location().file().ends_with("emitting.rs"));

    let Err(EmitFailed::Handler(error)) = client.emit("buy", "x").await else {
        panic!();
    };
    assert_eq!(error.argument_error().unwrap().index(), 1);

    let Err(EmitFailed::Handler(error)) = client.emit("panic", ()).await else {
        panic!();
    };
    assert!(error.is_panic() && client.is_connected());

    let failed = client.emit("typo", ()).await.unwrap_err();
    assert_eq!(
        failed.to_string(),
        r#"there is no handler for the event "typo""#
    );
}

#[tokio::test]
async fn an_error_that_an_error_handler_handled_is_not_returned() {
    #[socketio::event]
    async fn buy() -> Result<(), BoxError> {
        Err("sold out".into())
    }
    #[socketio::on_error]
    async fn failed(error: socketio::HandlerError) -> String {
        emit("sorry", error.to_string());
        String::from("taken")
    }
    let io = SocketIo::bare()
        .handlers(handlers![buy, failed])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("buy", ()).await.unwrap();
    assert_eq!(client.received(), [event("sorry", "sold out")]);
    assert_eq!(client.call::<String>("buy", ()).await.unwrap(), "taken");
}

#[tokio::test]
async fn values_that_can_not_be_encoded_are_not_sent() {
    let io = server!();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let before = client.packets().len();
    let reserved = client.emit("disconnect", ()).await;
    assert!(
        matches!(reserved, Err(EmitFailed::Encode(_))),
        "{reserved:?}"
    );
    let unfit = client.call::<()>("a", BTreeMap::from([(vec![1], 1)])).await;
    assert!(matches!(unfit, Err(CallFailed::Encode(_))), "{unfit:?}");
    assert_eq!(client.packets().len(), before);
}

#[tokio::test]
async fn a_call_reads_one_several_or_no_arguments() {
    let io = server!(
        "two" => || (1, "b"),
        "one" => || [1, 2],
        "none" => || (),
        "bytes" => || (Bytes::from_static(b"\x00\xff"), 1),
    );
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(
        client.call::<(u8, String)>("two", ()).await.unwrap(),
        (1, "b".into())
    );
    assert_eq!(client.call::<u8>("two", ()).await.unwrap(), 1);
    client.call::<()>("two", ()).await.unwrap();
    assert_eq!(client.call::<[u8; 2]>("one", ()).await.unwrap(), [1, 2]);
    assert_eq!(client.call::<Option<u8>>("none", ()).await.unwrap(), None);
    let (bytes, number): (Bytes, u8) = client.call("bytes", ()).await.unwrap();
    assert_eq!((&bytes[..], number), (&b"\x00\xff"[..], 1));
    assert_eq!(
        client.call::<Data>("bytes", ()).await.unwrap(),
        Data::Binary(bytes)
    );
    let unfit = client.call::<u8>("one", ()).await;
    assert!(matches!(unfit, Err(CallFailed::InvalidAck(_))), "{unfit:?}");
}

#[tokio::test]
async fn a_failed_call_returns_the_error_unless_its_type_reads_the_acknowledgement() {
    let io = server!("fail" => || Err::<u8, _>(BoxError::from("why")));
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(
        client.call::<Value>("fail", ()).await.unwrap(),
        json!({"error": "internal error"})
    );
    for failed in [
        client.call::<u8>("fail", ()).await.unwrap_err(),
        client.call::<()>("fail", ()).await.map(|()| 0).unwrap_err(),
    ] {
        let CallFailed::Handler(error) = failed else {
            panic!("{failed:?}");
        };
        assert_eq!(error.to_string(), "why");
    }
    assert_eq!(
        client.call::<Value>("typo", ()).await.unwrap(),
        json!({"error": "unknown event"})
    );
    let typo = client.call::<()>("typo", ()).await.unwrap_err();
    assert!(matches!(typo, CallFailed::Handler(error) if error.is_unknown_event()));
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_five_seconds_or_its_own_timeout() {
    let io = server!("sleep" => |seconds: u64| async move {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        seconds
    });
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(client.call::<u64>("sleep", 4).await.unwrap(), 4);
    let late = client.call::<u64>("sleep", 6).await;
    assert!(matches!(late, Err(CallFailed::Timeout)), "{late:?}");
    let patient = TestClient::builder(&io)
        .timeout(Duration::from_secs(60))
        .connect()
        .await
        .unwrap();
    assert_eq!(patient.call::<u64>("sleep", 6).await.unwrap(), 6);
}
