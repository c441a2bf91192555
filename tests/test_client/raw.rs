//! Raw packets, and connections that join no namespace.

use bytes::Bytes;
use socketio::{Reason, emit};
use socketio_test::{EmitFailed, TestClient, event};

use crate::{closing::reporting, fixture::server};

#[tokio::test]
async fn invalid_packets_can_be_sent() {
    for text in [
        "garbage",
        "2",
        r#"2["disconnect"]"#,
        r#"2["a","#,
        "2/x,[\"a\"]",
        "51-[\"a\"]",
    ] {
        let (io, reasons) = reporting();
        let client = TestClient::connect(&io, "/").await.unwrap();
        let sent = client.send_raw(text).await;
        if text == "51-[\"a\"]" {
            sent.unwrap();
            assert!(client.connection().is_open(), "its attachment is pending");
            client.send_raw("2[\"a\"]").await.unwrap_err();
        } else {
            assert!(
                matches!(sent, Err(EmitFailed::Disconnected(Reason::ParseError))),
                "{text}: {sent:?}"
            );
        }
        assert_eq!(client.disconnected().await, Reason::ParseError);
        client.close().await;
        assert_eq!(*reasons.lock().unwrap(), [Reason::ParseError], "{text}");
    }
}

#[tokio::test]
async fn raw_packets_run_handlers_and_resolve_when_these_end() {
    let io = server!("put" => |bytes: Bytes| emit("got", bytes));
    let client = TestClient::connect(&io, "/").await.unwrap();
    client
        .send_raw(r#"51-["put",{"num":0,"_placeholder":true}]"#)
        .await
        .unwrap();
    client.send_raw_binary(&b"xyz"[..]).await.unwrap();
    assert_eq!(
        client.received(),
        [event("got", Bytes::from_static(b"xyz"))]
    );
    let packets = client.packets();
    let last = packets.last().unwrap();
    assert!(!last.is_sent() && last.text().is_none());
    assert_eq!(last.binary().unwrap(), "xyz");
    assert!(packets[packets.len() - 3].is_sent());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_joins_no_namespace_is_closed_after_the_connect_timeout() {
    let io = server!();
    let connection = TestClient::builder(&io).open().unwrap();
    let started = tokio::time::Instant::now();
    assert_eq!(connection.closed().await, Reason::ServerClose);
    assert_eq!(started.elapsed().as_secs(), 45);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_has_left_all_namespaces_is_closed_after_the_connect_timeout() {
    let io = server!();
    let connection = TestClient::builder(&io).open().unwrap();
    connection.send_raw("0").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(100)).await;
    assert_eq!(io.connections(), 1);
    connection.send_raw("1").await.unwrap();
    let left = tokio::time::Instant::now();
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    // A client that joins again stays connected.
    connection.send_raw("0").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(100)).await;
    assert_eq!(io.connections(), 1);
    connection.send_raw("1").await.unwrap();
    assert_eq!(connection.closed().await, Reason::ServerClose);
    assert_eq!(left.elapsed().as_secs(), 30 + 100 + 45);
}

#[tokio::test]
async fn an_event_before_a_namespace_is_joined_closes_the_connection() {
    let io = server!("a" => || ());
    let connection = TestClient::builder(&io).open().unwrap();
    let sent = connection.send_raw(r#"2["a"]"#).await;
    assert!(matches!(
        sent,
        Err(EmitFailed::Disconnected(Reason::ParseError))
    ));
}
