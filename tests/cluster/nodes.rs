//! Two nodes with a client each.

use socketio::{SocketIo, SocketIoBuilder};
use socketio_test::{TestClient, TestQueue};

pub(crate) const CHANNEL: &str = "flask-socketio";

pub(crate) fn builder(queue: &TestQueue) -> SocketIoBuilder {
    SocketIo::bare()
        .message_queue(queue.clone())
        .on("join", async |room: String| socketio::join_room(&room))
        .on_in("/chat", "join", async |room: String| {
            socketio::join_room(&room)
        })
        .on("to others", async |room: String, text: String| {
            socketio::to(&room)
                .include_self(false)
                .emit("said", (text, 1));
        })
        .on("rooms", async || socketio::rooms())
}

pub(crate) fn server(queue: &TestQueue) -> SocketIo {
    builder(queue).build().unwrap()
}

/// Two servers with a client each.
pub(crate) struct Pair {
    pub(crate) queue: TestQueue,
    pub(crate) one: SocketIo,
    pub(crate) two: SocketIo,
    pub(crate) ana: TestClient,
    pub(crate) bo: TestClient,
}

impl Pair {
    pub(crate) async fn new() -> Self {
        let queue = TestQueue::new();
        let (one, two) = (server(&queue), server(&queue));
        let ana = TestClient::connect(&one, "/").await.unwrap();
        let bo = TestClient::connect(&two, "/").await.unwrap();
        queue.settled([&one, &two]).await;
        Pair {
            queue,
            one,
            two,
            ana,
            bo,
        }
    }

    pub(crate) async fn settled(&self) {
        self.queue.settled([&self.one, &self.two]).await;
    }
}
