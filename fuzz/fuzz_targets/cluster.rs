//! Messages of other nodes: envelopes from the channel. The node continues after each.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use socketio_core::SocketIo;
use socketio_test::{TestClient, TestQueue};
use tokio::runtime::{Builder, Runtime};

const CHANNEL: &str = "fuzz";

struct Node {
    runtime: Runtime,
    queue: TestQueue,
    io: SocketIo,
    client: TestClient,
}

impl Node {
    fn new() -> Self {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        let runtime = runtime.expect("a runtime");
        let queue = TestQueue::new();
        let (io, client) = runtime.block_on(async {
            let io = SocketIo::bare()
                .on("connect", || {
                    socketio_core::join_room("lobby").expect("a room")
                })
                .message_queue(queue.clone())
                .channel(CHANNEL)
                .build()
                .expect("the options are valid");
            let client = TestClient::connect(&io, "/").await.expect("accepted");
            (io, client)
        });
        Node {
            runtime,
            queue,
            io,
            client,
        }
    }
}

fuzz_target!(|input: &[u8]| {
    thread_local!(static NODE: RefCell<Option<Node>> = const { RefCell::new(None) });
    NODE.with_borrow_mut(|slot| {
        let node = slot.get_or_insert_with(Node::new);
        // Inputs name the client as `$SID`.
        let text = String::from_utf8_lossy(input).replace("$SID", node.client.sid().as_str());
        node.runtime.block_on(async {
            node.queue.publish_bytes(CHANNEL, text);
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            node.client.received();
        });
        let health = node.io.queue_health().expect("a queue");
        assert!(health.is_subscribed, "{health:?}");
        if !node.client.is_connected() {
            *slot = None;
        }
    });
});
