//! Pages of a history, and requests that wait for one.

use http::{Response, request::Parts};
use http_body_util::Full;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep_until};

use super::routes::{HistoryRoutes, Reading};
use crate::{
    activity::RecordedArguments,
    base::date,
    client::{HistoryEvent, SelectedEvents, SocketIo},
    event_log::Position,
    hub::{HistoryWatch, Hub},
    rest::reply::{ApiError, json},
};

/// The size at which a page ends, in bytes.
pub(super) const PAGE: usize = 1 << 20;

/// A page as it is sent.
#[derive(Serialize)]
struct Page {
    /// The position from which the next request continues.
    #[serde(flatten)]
    position: Position,
    recovered: bool,
    /// Whether there are more events after the position already.
    more: bool,
    events: Vec<SentEvent>,
}

/// An event as it is sent, in pages and streams. Binary data is `{"$binary": "<base64>"}`.
#[derive(Serialize)]
pub(super) struct SentEvent {
    pub(super) seq: u64,
    event: String,
    args: Option<Box<RawValue>>,
    time: String,
}

impl From<HistoryEvent> for SentEvent {
    fn from(event: HistoryEvent) -> Self {
        SentEvent {
            seq: event.seq,
            event: event.event,
            args: RecordedArguments::default().json(event.args),
            time: date::iso_micros(event.time),
        }
    }
}

impl HistoryRoutes {
    /// Responds with a page. If there are no events, waits for the first one.
    pub(super) async fn page(
        &self,
        io: &SocketIo,
        parts: &Parts,
        reading: &Reading,
        watch: &HistoryWatch,
    ) -> Result<Response<Full<bytes::Bytes>>, ApiError> {
        let mut page = reading.select(io, PAGE)?;
        if page.is_worth_a_response() || reading.wait.is_zero() {
            return page.reply(&io.node().hub);
        }
        let _place = self.place(io, parts)?;
        let mut stopping = io.node().stopping.subscribe();
        let until = Instant::now() + reading.wait;
        loop {
            let mut changed = std::pin::pin!(watch.changed());
            // Before the events are read, so that none is missed.
            changed.as_mut().enable();
            page = reading.select(io, PAGE)?;
            if page.is_worth_a_response() {
                break;
            }
            tokio::select! {
                () = changed => {}
                () = sleep_until(until) => break,
                _ = stopping.wait_for(|stopping| *stopping) => break,
            }
        }
        page.reply(&io.node().hub)
    }
}

impl SelectedEvents {
    /// Returns whether there is something that the reader does not know.
    fn is_worth_a_response(&self) -> bool {
        !self.entries.is_empty() || !self.recovered || self.is_cut
    }

    fn reply(&self, hub: &Hub) -> Result<Response<Full<bytes::Bytes>>, ApiError> {
        json(&Page {
            position: self.position,
            recovered: self.recovered,
            more: self.is_cut,
            events: self.events(hub).map(SentEvent::from).collect(),
        })
    }
}
