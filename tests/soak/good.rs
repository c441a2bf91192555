//! Clients that behave well. Whatever others do, each of their events is acknowledged, and none of them is disconnected.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use test_support::engine_client::WebSocket;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::link;

/// The number of clients at a time.
const CLIENTS: u64 = 600;

static ANSWERS: AtomicU64 = AtomicU64::new(0);
static LIVES: AtomicU64 = AtomicU64::new(0);
static FAILURES: AtomicU64 = AtomicU64::new(0);

/// Runs them for a time, and returns how many failed.
pub(crate) async fn run(addr: SocketAddr, seconds: f64) -> u64 {
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    link::EXPLAINS.store(true, Relaxed);
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(live(addr, number, end));
    }
    while let Some(ended) = clients.join_next().await {
        ended.expect("no client panics");
    }
    let (lives, answers, failures) = (
        LIVES.load(Relaxed),
        ANSWERS.load(Relaxed),
        FAILURES.load(Relaxed),
    );
    println!("good clients: {lives} connections, {answers} answers, {failures} failures");
    failures
}

async fn live(addr: SocketAddr, number: u64, end: Instant) {
    sleep(Duration::from_millis(number * 5)).await;
    let mut round = number;
    while Instant::now() < end {
        let lived = match round % 4 {
            0 => chat(addr, round, 60).await,
            1 => upgrade(addr, round).await,
            2 => poll(addr, round).await,
            _ => chat(addr, round, 1).await,
        };
        LIVES.fetch_add(1, Relaxed);
        if lived.is_none() {
            FAILURES.fetch_add(1, Relaxed);
            println!("failure: a client of kind {} in round {round}", round % 4);
        }
        round += 1;
    }
}

/// Sends a number and waits for it.
async fn echo(socket: &mut WebSocket, number: u64) -> Option<()> {
    socket
        .try_send(&format!("42{number}[\"echo\",{number}]"))
        .await
        .ok()?;
    let answer = link::until(socket, &format!("43{number}[")).await?;
    ANSWERS.fetch_add(1, Relaxed);
    (answer == format!("43{number}[{number}]")).then_some(())
}

async fn chat(addr: SocketAddr, round: u64, echoes: u64) -> Option<()> {
    let mut socket = link::websocket(addr, None).await?;
    link::join(&mut socket).await?;
    let room = ["a", "b", "c", "d"][(round % 4) as usize];
    socket
        .try_send(&format!("42[\"join\",\"{room}\"]"))
        .await
        .ok()?;
    for number in 0..echoes {
        echo(&mut socket, number).await?;
        if number % 20 == 0 {
            socket
                .try_send(&format!("42[\"say\",\"{room}\",\"hello\"]"))
                .await
                .ok()?;
        }
        sleep(Duration::from_millis(20)).await;
    }
    socket.try_send("41").await.ok()?;
    socket.try_send("1").await.ok()
}

async fn upgrade(addr: SocketAddr, round: u64) -> Option<()> {
    let target = link::polling(addr).await?;
    let mut socket = link::websocket(addr, Some(&target)).await?;
    socket.try_send("2probe").await.ok()?;
    link::until(&mut socket, "3probe").await?;
    socket.try_send("5").await.ok()?;
    link::join(&mut socket).await?;
    for number in 0..10 {
        echo(&mut socket, round + number).await?;
    }
    socket.try_send("1").await.ok()
}

async fn poll(addr: SocketAddr, round: u64) -> Option<()> {
    let target = link::polling(addr).await?;
    link::request(addr, "POST", &target, "40").await?;
    let joined = link::request(addr, "GET", &target, "").await?;
    let mut packets = joined.split('\u{1e}');
    packets
        .any(|packet| packet.starts_with("40"))
        .then_some(())?;
    if joined.starts_with('2') {
        // A ping was due, since the machine is busy.
        link::request(addr, "POST", &target, "3").await?;
    }
    for number in round..round + 3 {
        let event = format!("42{number}[\"echo\",{number}]");
        link::request(addr, "POST", &target, &event).await?;
        loop {
            let polled = link::request(addr, "GET", &target, "").await?;
            if polled.split('\u{1e}').any(|packet| packet == "2") {
                link::request(addr, "POST", &target, "3").await?;
            }
            if polled
                .split('\u{1e}')
                .any(|packet| packet == format!("43{number}[{number}]"))
            {
                break;
            }
        }
        ANSWERS.fetch_add(1, Relaxed);
    }
    link::request(addr, "POST", &target, "1").await.map(drop)
}
