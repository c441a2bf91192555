//! A stream of WebSocket frames, from the end of the handshake on, in chunks of any size.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use socketio_fuzz::Bench;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

const HANDSHAKE: &str = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
     Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fuzz_target!(|input: &[u8]| {
    let Some((&chunk, frames)) = input.split_first() else {
        return;
    };
    Bench::with(
        |builder| builder,
        async |_, streams| {
            let (mut client, server) = duplex(1 << 20);
            streams.send(server).expect("the server accepts");
            client
                .write_all(HANDSHAKE.as_bytes())
                .await
                .expect("a request");
            let mut answer = vec![0; 4096];
            client.read(&mut answer).await.expect("a response");
            for chunk in frames.chunks(usize::from(chunk).max(1)) {
                if client.write_all(chunk).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            // Long enough for answers, and much less than any timeout.
            let rest = client.read_to_end(&mut answer);
            let _ = tokio::time::timeout(Duration::from_millis(10), rest).await;
        },
    );
});
