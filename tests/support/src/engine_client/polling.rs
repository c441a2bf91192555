//! An Engine.IO session over polling, request by request.

use super::{Connector, Stream};
use crate::http::{TextResponse, sid_of};

const OPEN: &str = "/socket.io/?EIO=4&transport=polling";

/// An Engine.IO session over polling. Each request has a connection of its own.
#[derive(Clone, Debug)]
pub struct Polling {
    connector: Connector,
    target: String,
}

impl Polling {
    /// Opens a session.
    pub async fn open(connector: Connector) -> Self {
        let open = connector.request("GET", OPEN, "").await;
        assert_eq!(open.status, 200, "{open:?}");
        let target = format!("{OPEN}&sid={}", sid_of(&open.body));
        Polling { connector, target }
    }

    /// Returns the target of the requests of this session.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Returns the target of a WebSocket that is to take this session over.
    pub fn upgrade_target(&self) -> String {
        self.target.replace("=polling", "=websocket")
    }

    /// Joins a namespace and returns the response: `40{..}`, or `44{..}` for a refusal.
    pub async fn join(&self, namespace: &str) -> String {
        match namespace {
            "/" => self.send("40").await,
            path => self.send(&format!("40{path},")).await,
        }
        let answer = self.get().await.body;
        assert!(
            answer.starts_with("40") || answer.starts_with("44"),
            "{answer}"
        );
        answer
    }

    /// Sends Engine.IO packets, which have to be accepted. Several are separated by `\u{1e}`.
    pub async fn send(&self, packets: &str) {
        let answer = self.post(packets).await;
        assert_eq!((answer.status, &*answer.body), (200, "ok"), "{packets}");
    }

    /// Sends a body.
    pub async fn post(&self, body: &str) -> TextResponse {
        self.connector.request("POST", &self.target, body).await
    }

    /// Reads the packets that wait, or the next ones.
    pub async fn get(&self) -> TextResponse {
        self.connector.request("GET", &self.target, "").await
    }

    /// Sends a GET whose response the test reads itself, in part, later or never.
    pub async fn begin_get(&self) -> Stream {
        self.connector.begin("GET", &self.target, "").await
    }
}
