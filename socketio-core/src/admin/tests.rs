//! Tests that need a connection which changes its transport.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use crate::{
    admin::Admin,
    base::{Message, Reason, Request},
    client::SocketIo,
    transport::{Incoming, Outgoing, Transport},
};

/// A connection that is controlled by a test.
#[derive(Clone, Default)]
struct FakeConnection(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    incoming: VecDeque<Message>,
    outgoing: Vec<String>,
    upgraded: bool,
    waker: Option<Waker>,
}

impl FakeConnection {
    fn change(&self, change: impl FnOnce(&mut State)) {
        let state = &mut *self.0.lock().unwrap();
        change(state);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    fn open(io: &SocketIo, connect: &str) -> Self {
        let connection = FakeConnection::default();
        connection.change(|state| state.incoming.push_back(Message::Text(connect.into())));
        let (parts, ()) = http::Request::new(()).into_parts();
        let transport = connection.clone();
        io.attach(Request::from(parts), move |_| transport);
        connection
    }

    /// Waits for a message that contains `text`.
    async fn receives(&self, text: &str) -> String {
        loop {
            {
                let heard = &mut self.0.lock().unwrap().outgoing;
                if let Some(position) = heard.iter().position(|one| one.contains(text)) {
                    return heard.remove(position);
                }
            }
            // A sleep, because paused time only advances while nothing runs.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Transport for FakeConnection {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        outgoing: &mut dyn Outgoing,
        _read: bool,
    ) -> Poll<Incoming> {
        let state = &mut *self.0.lock().unwrap();
        while let Some(message) = outgoing.pop() {
            if let Message::Text(text) = message {
                state.outgoing.push(text.to_string());
            }
        }
        state.waker = Some(cx.waker().clone());
        match state.incoming.pop_front() {
            Some(message) => Poll::Ready(Incoming::Message(message, None)),
            None => Poll::Pending,
        }
    }

    fn can_write(&self) -> bool {
        true
    }

    fn close(&mut self, _reason: Reason) {}

    fn name(&self) -> &'static str {
        if self.0.lock().unwrap().upgraded {
            "websocket"
        } else {
            "polling"
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_of_the_transport_is_reported() {
    let io = SocketIo::bare()
        .allow_namespace("/chat")
        .admin(Admin::open())
        .build()
        .unwrap();
    let page = FakeConnection::open(&io, "0/admin,");
    page.receives("all_sockets").await;
    let client = FakeConnection::open(&io, "0/chat,");
    let connected = page.receives("socket_connected").await;
    assert!(
        connected.contains(r#""transport":"polling""#),
        "{connected}"
    );
    assert_eq!(io.connections_over("polling"), 2);

    client.change(|state| state.upgraded = true);
    let updated = page.receives("socket_updated").await;
    assert!(updated.contains(r#""transport":"websocket""#), "{updated}");
    assert!(updated.contains(r#""nsp":"/chat""#), "{updated}");
    let stats = page.receives("server_stats").await;
    assert!(stats.contains(r#""clientsCount":2"#), "{stats}");
    assert!(stats.contains(r#""pollingClientsCount":1"#), "{stats}");
}

#[tokio::test(start_paused = true)]
async fn the_admin_interface_does_not_keep_a_server_alive_after_its_shutdown() {
    let io = SocketIo::bare().admin(Admin::open()).build().unwrap();
    let page = FakeConnection::open(&io, "0/admin,");
    page.receives("server_stats").await;
    let node = Arc::downgrade(io.node());
    io.shutdown().await;
    drop(io);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(node.upgrade().is_none());
}
