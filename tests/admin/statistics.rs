//! Statistics, which are sent at an interval. In production, the page receives nothing else.

use std::time::Duration;

use serde_json::json;
use socketio::{Admin, AdminMode, SocketIo, to};

use crate::page::{client, count, open, page, stats};

#[tokio::test(start_paused = true)]
async fn in_production_only_statistics_are_sent() {
    let admin = Admin::open().mode(AdminMode::Production);
    let io = SocketIo::bare()
        .on("say", || to("lobby").emit("x", ()))
        .admin(admin)
        .build()
        .unwrap();
    let page = client(&io, "/admin").await;
    assert_eq!(page.next().await.name(), "config");
    let ana = client(&io, "/").await;
    ana.emit("say", ()).await.unwrap();
    ana.disconnect().await.unwrap();
    assert_eq!(page.received(), []);
    assert_eq!(page.next().await.name(), "server_stats");
}

#[tokio::test(start_paused = true)]
async fn statistics_are_sent_at_their_interval() {
    let admin = Admin::open()
        .server_id("one")
        .server_stats_interval(Duration::from_secs(3));
    let io = SocketIo::bare()
        .on_in("/chat", "x", || {})
        .on_in("/job/{id}", "x", || {})
        .admin(admin)
        .build()
        .unwrap();
    let page = page(&io).await;
    let began = tokio::time::Instant::now();
    let _ana = client(&io, "/chat").await;
    let _bo = client(&io, "/job/7").await;
    let first = stats(&page).await;
    assert_eq!(began.elapsed().as_secs(), 3);
    assert_eq!(first["serverId"], "one");
    assert!(first["hostname"].is_string());
    assert_eq!(first["pid"], std::process::id());
    assert!(first["uptime"].as_f64().unwrap() >= 3.0);
    assert_eq!(first["clientsCount"], 3);
    assert_eq!(first["pollingClientsCount"], 0);
    assert_eq!(
        first["namespaces"],
        json!([
            {"name": "/", "socketsCount": 0},
            {"name": "/chat", "socketsCount": 1},
            {"name": "/job/7", "socketsCount": 1},
        ])
    );
    stats(&page).await;
    assert_eq!(began.elapsed().as_secs(), 6);
}

#[tokio::test(start_paused = true)]
async fn messages_and_bytes_are_counted() {
    let io = open(SocketIo::bare().on("say", || {}));
    let page = page(&io).await;
    stats(&page).await;
    stats(&page).await;

    // Two messages in, of 1 and 8 bytes.
    let ana = client(&io, "/").await;
    ana.emit("say", ()).await.unwrap();
    let seen = stats(&page).await;
    assert_eq!(count(&seen, "rawConnection"), 1);
    assert_eq!(count(&seen, "rawDisconnection"), 0);
    assert_eq!(count(&seen, "packetsIn"), 2);
    assert_eq!(count(&seen, "bytesIn"), 9);
    assert!(count(&seen, "packetsOut") > 0);
    assert!(count(&seen, "bytesOut") > 0);
    let event = &seen["aggregatedEvents"][0];
    assert_eq!(event["timestamp"].as_u64().unwrap() % 1_000, 0);

    ana.close().await;
    let seen = stats(&page).await;
    assert_eq!(count(&seen, "rawConnection"), 0);
    assert_eq!(count(&seen, "rawDisconnection"), 1);
}
