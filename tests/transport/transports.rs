//! The transports that are offered, and the content of the handshake.

use std::time::Duration;

use serde_json::json;
use socketio::SocketIo;
use test_support::http;

// D10
#[tokio::test(start_paused = true)]
async fn transports_that_are_not_offered_are_not_served() {
    use socketio::engine::Transports;

    let polling = Transports::POLLING;
    let io = SocketIo::bare().transports(polling).build().unwrap();
    let handshake = http::open(&io).await;
    assert_eq!(handshake["upgrades"], json!([]));
    let answer = http::websocket(&io, "transport=websocket").await;
    assert_eq!(answer.status, 400);

    for io in [
        SocketIo::bare().transports(polling).build().unwrap(),
        SocketIo::bare().allow_upgrades(false).build().unwrap(),
    ] {
        let handshake = http::open(&io).await;
        assert_eq!(handshake["upgrades"], json!([]));
        let sid = handshake["sid"].as_str().unwrap();
        for transport in ["websocket", "polling"] {
            let query = format!("transport={transport}&sid={sid}");
            let answer = http::websocket(&io, &query).await;
            assert_ne!(answer.status, 101, "{transport}");
        }
    }
}

// D26
#[tokio::test]
async fn the_handshake_has_times_to_the_millisecond() {
    let io = SocketIo::bare()
        .ping_interval(Duration::from_millis(2_500))
        .ping_timeout(Duration::from_millis(1_234))
        .build()
        .unwrap();
    let handshake = http::open(&io).await;
    assert_eq!(handshake["pingInterval"], 2_500);
    assert_eq!(handshake["pingTimeout"], 1_234);
}
