//! [`EventStream`]: a history as Server-Sent Events, written by a task of its own.
//!
//! The task reads the history from the reader's position on, one part at a time, and continues once the reader has taken the part. A slow
//! reader therefore uses no additional memory, and events are only ever read by position.

use std::{
    convert::Infallible,
    fmt::Write as _,
    net::{IpAddr, SocketAddr},
    panic::Location,
    sync::atomic::Ordering,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Response, header, request::Parts};
use tokio::{
    sync::mpsc::{self, Sender},
    time::{sleep, timeout},
};

use super::{
    page::SentEvent,
    routes::{HistoryRoutes, Reading},
};
use crate::{
    admission::Place,
    base::{Problem, ProblemDetails, ResponseBody},
    client::{Joined, SelectedEvents, SocketIo},
    event_log::{self, Offset, Position},
    hub::HistoryWatch,
    rest::reply::ApiError,
};

/// The size of a part of the stream, in bytes. A larger event is a part of its own.
const PART: usize = 64 << 10;

/// The task of a stream.
struct EventStream {
    io: SocketIo,
    reading: Reading,
    watch: HistoryWatch,
    parts: Sender<Bytes>,
    heartbeat: Duration,
    /// How long the reader may take nothing before the stream ends.
    write_timeout: Duration,
    peer: Option<SocketAddr>,
    client: Option<IpAddr>,
    _place: Place,
}

/// The reader has gone, is too slow, or must come back.
struct Ended;

impl HistoryRoutes {
    /// Responds with a stream.
    pub(super) fn stream(
        &self,
        io: &SocketIo,
        head: &Parts,
        reading: Reading,
        watch: HistoryWatch,
    ) -> Result<Response<ResponseBody>, ApiError> {
        let node = io.node();
        let (parts, body) = mpsc::channel(1);
        let mut text = String::new();
        // Browsers come back by themselves after this time. It is random, so that they do not all come at once.
        _ = write!(text, "retry: {}\n\n", 1_000 + random() % 4_000);
        _ = parts.try_send(Bytes::from(text));
        let is_leaving = node.draining.load(Ordering::Acquire);
        // A server that leaves service responds with an empty stream: `EventSource` comes back only after status 200.
        if !is_leaving && !*node.stopping.borrow() {
            let place = self.place(io, head)?;
            let (caller, _) = node.engine.caller(head);
            let stream = EventStream {
                io: io.clone(),
                reading,
                watch,
                parts,
                heartbeat: self.limits.heartbeat,
                write_timeout: node.options.engine.write_timeout,
                peer: caller.peer,
                client: caller.client,
                _place: place,
            };
            let duration = self.limits.duration;
            let task = Box::pin(stream.run(duration));
            node.tasks.spawn(Location::caller(), task);
        }
        let mut response = Response::new(ResponseBody::stream(body));
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, "text/event-stream"),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            // nginx would buffer the stream otherwise.
            (header::HeaderName::from_static("x-accel-buffering"), "no"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        Ok(response)
    }
}

impl EventStream {
    async fn run(self, duration: Duration) {
        let mut stopping = self.io.node().stopping.subscribe();
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => {}
            () = self.parts.closed() => {}
            () = sleep(duration) => {}
            Err(Ended) = self.write() => {}
        }
    }

    /// Writes events until the reader has gone.
    async fn write(&self) -> Result<Infallible, Ended> {
        let mut reading = self.reading.clone();
        if reading.since.is_none() {
            // The newest events, which may be several parts.
            let newest = reading.select(&self.io, usize::MAX).map_err(|_| Ended)?;
            reading.since = Some(newest.start);
        }
        reading.limit = usize::MAX;
        let mut is_first = true;
        let mut beats = false;
        loop {
            let mut changed = std::pin::pin!(self.watch.changed());
            // Before the events are read, so that none is missed.
            changed.as_mut().enable();
            let selected = reading.select(&self.io, PART).map_err(|_| Ended)?;
            let mut text = String::new();
            if is_first || !selected.recovered {
                write_joined(&mut text, &selected);
            } else if beats && selected.entries.is_empty() {
                _ = write!(text, ":\nid: {}\n\n", selected.position);
            }
            write_events(&mut text, &selected, &self.io);
            if !text.is_empty() {
                self.send(text).await?;
            }
            if self.watch.is_ended() {
                // The reader comes back, and continues with the new history of the room.
                return Err(Ended);
            }
            reading.since = Some(selected.position);
            is_first = false;
            beats = match selected.is_cut {
                true => false,
                false => timeout(self.heartbeat, changed).await.is_err(),
            };
        }
    }

    /// Sends a part, after waiting until the reader has taken the previous one.
    async fn send(&self, text: String) -> Result<(), Ended> {
        match timeout(self.write_timeout, self.parts.send(Bytes::from(text))).await {
            Ok(sent) => sent.map_err(|_| Ended),
            Err(_) => {
                let details = ProblemDetails {
                    peer: self.peer,
                    client: self.client,
                    ..ProblemDetails::default()
                };
                let problems = &self.io.node().options.engine.problems;
                problems.report(Problem::SlowReader, details);
                Err(Ended)
            }
        }
    }
}

/// Writes the position after which events follow, and whether they are all events that the reader has missed.
fn write_joined(text: &mut String, selected: &SelectedEvents) {
    let joined = Joined {
        position: selected.start,
        recovered: selected.recovered,
    };
    if let Ok(json) = serde_json::to_string(&joined) {
        _ = write!(
            text,
            "id: {}\nevent: joined\ndata: {json}\n\n",
            selected.start
        );
    }
}

fn write_events(text: &mut String, selected: &SelectedEvents, io: &SocketIo) {
    let epoch = selected.position.0.epoch;
    for event in selected.events(&io.node().hub) {
        let event = SentEvent::from(event);
        let position = Position(Offset {
            epoch,
            seq: event_log::Place::of(event.seq),
        });
        // JSON from serde has no line breaks.
        if let Ok(json) = serde_json::to_string(&event) {
            _ = write!(text, "id: {position}\ndata: {json}\n\n");
        }
    }
}

fn random() -> u64 {
    let mut bytes = [0; 8];
    // Without random numbers, all browsers come back after the same time.
    _ = getrandom::fill(&mut bytes);
    u64::from_ne_bytes(bytes)
}
