//! Clients that behave badly, until their process is killed.

use std::{net::SocketAddr, time::Duration};

use test_support::engine_client::Frame;
use tokio::{
    io::AsyncWriteExt,
    task::JoinSet,
    time::{Instant, sleep, timeout_at},
};

use crate::link;

/// The number of clients at a time.
const CLIENTS: u64 = 600;

pub(crate) async fn run(addr: SocketAddr, seconds: f64) {
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(async move {
            let mut round = number;
            while Instant::now() < end {
                // The outcome does not matter.
                let _ = timeout_at(end, misbehave(addr, round)).await;
                round = round
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                sleep(Duration::from_millis(20)).await;
            }
        });
    }
    clients.join_all().await;
}

async fn misbehave(addr: SocketAddr, round: u64) -> Option<()> {
    match (round >> 33) % 9 {
        0 => vanish(addr, round).await,
        1 => slow_head(addr).await,
        2 => garbage(addr, round).await,
        3 => flood(addr).await,
        4 => stall(addr).await,
        5 => abandon_upgrade(addr).await,
        6 => half_a_frame(addr).await,
        7 => handlers(addr).await,
        _ => open_only(addr).await,
    }
}

/// Drops the connection at any point, without closing it.
async fn vanish(addr: SocketAddr, round: u64) -> Option<()> {
    let mut socket = link::websocket(addr, None).await?;
    if round.is_multiple_of(2) {
        link::join(&mut socket).await?;
        socket.try_send(r#"42["join","a"]"#).await.ok()?;
    }
    Some(())
}

/// Never ends the head of its request.
async fn slow_head(addr: SocketAddr) -> Option<()> {
    let mut stream = link::connect(addr).await?;
    for byte in b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n" {
        stream.write_all(&[*byte]).await.ok()?;
        sleep(Duration::from_millis(100)).await;
    }
    Some(())
}

async fn garbage(addr: SocketAddr, round: u64) -> Option<()> {
    let mut socket = link::websocket(addr, None).await?;
    link::join(&mut socket).await?;
    match round % 5 {
        0 => socket.try_send("4{nonsense").await.ok()?,
        1 => socket.send_bytes(&round.to_le_bytes()).await.ok()?,
        2 => socket
            .try_send(&format!("42[\"echo\",{}", "[".repeat(10_000)))
            .await
            .ok()?,
        3 => socket.try_send("4511-[\"x\"]").await.ok()?,
        _ => socket
            .send_frame(&Frame::Text("x".repeat(2_000_000)))
            .await
            .ok()?,
    }
    while link::text(&mut socket).await.is_some() {}
    Some(())
}

/// Sends as much as the server takes, and reads nothing.
async fn flood(addr: SocketAddr) -> Option<()> {
    let mut socket = link::websocket(addr, None).await?;
    socket.try_send("40").await.ok()?;
    for number in 0..3_000 {
        socket
            .try_send(&format!("42{number}[\"echo\",{number}]"))
            .await
            .ok()?;
    }
    Some(())
}

/// Requests much data, and reads none of it.
async fn stall(addr: SocketAddr) -> Option<()> {
    let mut socket = link::websocket(addr, None).await?;
    link::join(&mut socket).await?;
    socket.try_send(r#"42["fill",40,100000]"#).await.ok()?;
    sleep(Duration::from_secs(8)).await;
    Some(())
}

async fn abandon_upgrade(addr: SocketAddr) -> Option<()> {
    let target = link::polling(addr).await?;
    link::request(addr, "POST", &target, "40").await?;
    let mut socket = link::websocket(addr, Some(&target)).await?;
    socket.try_send("2probe").await.ok()?;
    sleep(Duration::from_secs(2)).await;
    Some(())
}

async fn half_a_frame(addr: SocketAddr) -> Option<()> {
    let mut socket = link::websocket(addr, None).await?;
    link::join(&mut socket).await?;
    socket
        .send_bytes(&[0x81, 0xfe, 0x7f, 0xff, 0, 0, 0, 0, b'4'])
        .await
        .ok()?;
    sleep(Duration::from_secs(5)).await;
    Some(())
}

/// Leaves handlers behind that wait or panic.
async fn handlers(addr: SocketAddr) -> Option<()> {
    let mut socket = link::websocket(addr, None).await?;
    link::join(&mut socket).await?;
    for _ in 0..20 {
        socket.try_send(r#"42["wait",200]"#).await.ok()?;
        socket.try_send(r#"421["panic"]"#).await.ok()?;
    }
    Some(())
}

/// Opens a session over polling, and never polls.
async fn open_only(addr: SocketAddr) -> Option<()> {
    link::polling(addr).await.map(drop)
}
