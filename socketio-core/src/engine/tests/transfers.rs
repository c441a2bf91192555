//! Long uploads and downloads are signs of life, for a limited time.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, sleep},
};

use super::harness::{OK, Response, Server, config, ms, write_request};
use crate::{
    base::Message,
    engine::{CloseReason, Config},
};

fn large() -> Config {
    let mut config = config();
    config.max_payload = 1_000_000;
    config
}

/// The first bytes of a text frame of 60,000 bytes, masked with zeroes, and all of it.
fn frame() -> Vec<u8> {
    let mut frame = vec![0x81, 0xFE];
    frame.extend(60_000_u16.to_be_bytes());
    frame.extend([0; 4]);
    frame.resize(8 + 60_000, b'4');
    frame
}

#[tokio::test(start_paused = true)]
async fn a_slow_upload_over_a_websocket_is_finished() {
    let mut server = Server::new(large());
    let (mut socket, mut session) = server.both_ends().await;
    let owner = tokio::spawn(async move {
        let message = session.recv().await.unwrap();
        (message.len(), session.recv().await)
    });
    for chunk in frame().chunks(6_000) {
        sleep(ms(150)).await;
        socket.raw(chunk).await;
    }
    // 1,650 ms after the handshake: 1,350 after the ping, whose timeout is 200.
    assert_eq!(socket.text().await, "2");
    socket.send("3").await;
    assert_eq!(socket.text().await, "2");
    socket.send("1").await;
    let end = owner.await.unwrap();
    assert_eq!(end, (59_999, Err(CloseReason::ForcedClose)));
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_stalls_or_trickles_times_out() {
    for (pause, expected) in [(10_000, 499), (150, 300 + 10 * 200)] {
        let mut server = Server::new(large());
        let (mut socket, mut session) = server.both_ends().await;
        let start = Instant::now();
        let owner = tokio::spawn(async move { (session.recv().await, start.elapsed()) });
        socket.raw(&frame()[..10]).await;
        while !owner.is_finished() {
            sleep(ms(pause)).await;
            let _ = socket.0.get_mut().write_all(b"4").await;
        }
        let end = owner.await.unwrap();
        assert_eq!(
            end,
            (Err(CloseReason::PingTimeout), ms(expected)),
            "{pause}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_post_is_finished() {
    let server = Server::echo(large());
    let query = server.open_polling().await;
    let mut stream = server.connect();
    let chunked = [("transfer-encoding", "chunked")];
    write_request(&mut stream, "POST", &query, &chunked, "").await;
    for _ in 0..10 {
        sleep(ms(150)).await;
        stream.write_all(b"5\r\n44444\r\n").await.unwrap();
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    assert_eq!(Response::read(&mut stream).await.brief(), OK);
    let reply = server.get(&query).await;
    assert_eq!(reply.body, format!("2\u{1e}{}", "4".repeat(50)));
    assert_eq!(server.post(&query, "3").await.brief(), OK);
    assert_eq!(server.get(&query).await.brief(), (200, "2"));
}

#[tokio::test(start_paused = true)]
async fn a_slow_download_over_a_websocket_is_finished() {
    let mut server = Server::new(large());
    let (mut socket, mut session) = server.both_ends().await;
    let large = Message::Text("x".repeat(400_000).as_str().into());
    session.send(large).await.unwrap();
    let owner = tokio::spawn(async move { session.recv().await });
    let mut rest = 400_001 + 10;
    while rest > 0 {
        sleep(ms(150)).await;
        let mut buffer = vec![0; rest.min(50_000)];
        socket.0.get_mut().read_exact(&mut buffer).await.unwrap();
        rest -= buffer.len();
    }
    assert_eq!(socket.text().await, "2");
    socket.send("3").await;
    assert_eq!(socket.text().await, "2");
    drop(socket);
    assert_eq!(owner.await.unwrap(), Err(CloseReason::TransportClose));
}

#[tokio::test(start_paused = true)]
async fn a_download_that_is_not_read_times_out() {
    let mut server = Server::new(large());
    let (socket, mut session) = server.both_ends().await;
    let start = Instant::now();
    let large = Message::Text("x".repeat(400_000).as_str().into());
    session.send(large).await.unwrap();
    assert_eq!(session.recv().await, Err(CloseReason::PingTimeout));
    // The stream has accepted a little more than is not counted.
    assert!((ms(499)..ms(510)).contains(&start.elapsed()));
    drop(socket);
}

#[tokio::test(start_paused = true)]
async fn the_client_that_downloads_the_response_to_a_poll_has_time_for_it() {
    let mut server = Server::new(large());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let large = Message::Text("x".repeat(400_000).as_str().into());
    session.send(large).await.unwrap();
    let start = Instant::now();
    let owner = tokio::spawn(async move { (session.recv().await, start.elapsed()) });
    assert_eq!(server.get(&query).await.body.len(), 400_001);
    // Its bytes are still on their way.
    sleep(ms(1_900)).await;
    assert_eq!(server.get(&query).await.brief(), (200, "2"));
    assert_eq!(server.post(&query, "3").await.brief(), OK);
    assert_eq!(server.get(&query).await.brief(), (200, "2"));
    let end = owner.await.unwrap();
    assert_eq!(end, (Err(CloseReason::PingTimeout), ms(1_900 + 300 + 199)));
}
