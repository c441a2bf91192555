//! [`UploadState`]: one upload, between the events with its chunks and the handler that takes them; [`Uploads`]: those of one client.
//!
//! `upload_serve` passes the chunks in, and the handler's `Upload` takes them out: in their order, and each only once.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    base::Forbidden,
    hub::{RunningStream, StreamEntry},
    packet::Payload,
};

/// How many finished uploads are remembered, for a client that sends the last chunk again.
const FINISHED: usize = 8;

/// The greatest length of an upload's id, in bytes.
const MAX_ID: usize = 128;

/// The first argument of an event with a chunk; the second one is the chunk.
#[derive(Debug, Deserialize)]
pub(super) struct ChunkHeader {
    /// Chosen by the client.
    pub(super) id: String,
    /// Where the chunk begins, in bytes.
    #[serde(default)]
    pub(super) offset: u64,
    /// The size of all chunks together.
    pub(super) total: u64,
}

/// The acknowledgement of a chunk that is not the last.
#[derive(Debug, Serialize)]
pub(super) struct Received {
    /// Where the next chunk begins, in bytes.
    pub(super) received: u64,
}

/// A chunk, and a sender to notify when the handler has taken it.
pub(super) type Chunk = (Bytes, oneshot::Sender<()>);

/// The position of a chunk relative to those received so far.
enum Place {
    Next,
    /// It was received before. The upload has been received up to this offset.
    Again(u64),
    AfterTheLast,
}

/// The result of passing on a chunk.
pub(super) enum Fed {
    Received(Received),
    /// The handler has ended, with this acknowledgement.
    Ended(Option<Payload>),
}

/// One upload.
pub(super) struct UploadState {
    pub(super) total: u64,
    /// Where the next chunk begins.
    expected: Mutex<u64>,
    chunks: mpsc::Sender<Chunk>,
    /// Taken by the handler.
    incoming: Mutex<Option<mpsc::Receiver<Chunk>>>,
    /// The acknowledgement of the last chunk, once the handler has ended.
    ended: watch::Sender<Option<Option<Payload>>>,
    pub(super) entry: StreamEntry,
    _counted: RunningStream,
}

impl UploadState {
    pub(super) fn new(total: u64, entry: StreamEntry, counted: RunningStream) -> Self {
        // A chunk is acknowledged when the handler has taken it: until then its event counts as running.
        let (chunks, incoming) = mpsc::channel(1);
        UploadState {
            total,
            expected: Mutex::new(0),
            chunks,
            incoming: Mutex::new(Some(incoming)),
            ended: watch::Sender::new(None),
            entry,
            _counted: counted,
        }
    }

    pub(super) fn take_incoming(&self) -> Option<mpsc::Receiver<Chunk>> {
        lock(&self.incoming).take()
    }

    /// Ends the upload with the acknowledgement of its handler.
    pub(super) fn end(&self, values: Option<Payload>) {
        // Events that wait for the handler to take their chunk then learn that it never will.
        drop(self.take_incoming());
        self.ended.send_replace(Some(values));
    }

    /// Passes a chunk on. Its position is claimed in the first poll, so that chunks keep their order.
    pub(super) async fn feed(&self, offset: u64, chunk: Bytes) -> Result<Fed, Forbidden> {
        let end = offset.saturating_add(chunk.len() as u64);
        match self.place(offset, end)? {
            Place::Next => {}
            Place::Again(received) => return Ok(Fed::Received(Received { received })),
            Place::AfterTheLast => {
                drop(chunk);
                return Ok(Fed::Ended(self.ended().await));
            }
        }
        let (taken, is_taken) = oneshot::channel();
        if !chunk.is_empty() {
            // An error means that the handler takes no more chunks: it has ended, or soon will.
            let _ = self.chunks.send((chunk, taken)).await;
        }
        if end == self.total {
            return Ok(Fed::Ended(self.ended().await));
        }
        tokio::select! {
            biased;
            Ok(()) = is_taken => Ok(Fed::Received(Received { received: end })),
            ended = self.ended() => Ok(Fed::Ended(ended)),
        }
    }

    /// Claims the position of a chunk from `offset` to `end`.
    fn place(&self, offset: u64, end: u64) -> Result<Place, Forbidden> {
        if end > self.total {
            return Err(Forbidden::new("more than the total of the upload"));
        }
        let expected = &mut *lock(&self.expected);
        if end > *expected || end == offset && offset == *expected {
            if offset != *expected {
                return Err(Forbidden::new(format!(
                    "the next chunk begins at {expected}"
                )));
            }
            *expected = end;
            return Ok(Place::Next);
        }
        // Sent again by a client that has not received its acknowledgement.
        Ok(match *expected == self.total {
            true => Place::AfterTheLast,
            false => Place::Again(*expected),
        })
    }

    /// Waits until the handler has ended, and returns its acknowledgement.
    pub(super) async fn ended(&self) -> Option<Payload> {
        let mut ended = self.ended.subscribe();
        let ended = ended.wait_for(Option::is_some).await;
        // Never an error, because `self` holds the sender.
        ended.ok().and_then(|values| values.clone().flatten())
    }
}

/// The uploads of one client.
#[derive(Default)]
pub(super) struct Uploads {
    running: Vec<(Box<str>, String, Arc<UploadState>)>,
    finished: VecDeque<(Box<str>, String, Option<Payload>)>,
}

/// An upload that a client has named.
pub(super) enum Known {
    Running(Arc<UploadState>),
    Finished(Option<Payload>),
}

impl Uploads {
    /// Returns the upload with this event and id.
    pub(super) fn get(&self, event: &str, id: &str) -> Option<Known> {
        let running = self.running.iter();
        let mut running = running.filter(|one| *one.0 == *event && one.1 == id);
        if let Some((.., state)) = running.next() {
            return Some(Known::Running(Arc::clone(state)));
        }
        let finished = self.finished.iter();
        let mut finished = finished.filter(|one| *one.0 == *event && one.1 == id);
        finished
            .next()
            .map(|(.., values)| Known::Finished(values.clone()))
    }

    pub(super) fn add(&mut self, event: &str, id: &str, state: &Arc<UploadState>) {
        let state = Arc::clone(state);
        self.running.push((event.into(), id.to_owned(), state));
    }

    /// Removes an upload, and remembers its acknowledgement for a while.
    pub(super) fn finish(&mut self, event: &str, id: &str, values: Option<Payload>) {
        self.running
            .retain(|one| !(*one.0 == *event && one.1 == id));
        if self.finished.len() == FINISHED {
            self.finished.pop_front();
        }
        self.finished
            .push_back((event.into(), id.to_owned(), values));
    }
}

/// Refuses a chunk that can't begin an upload.
pub(super) fn check_first(header: &ChunkHeader, limit: u64) -> Result<(), Forbidden> {
    if header.id.is_empty() || header.id.len() > MAX_ID {
        return Err(Forbidden::new(format!(
            "the id of an upload has 1 to {MAX_ID} bytes"
        )));
    }
    if header.total > limit {
        return Err(Forbidden::new(format!(
            "the upload is larger than {limit} bytes"
        )));
    }
    if header.offset != 0 {
        return Err(Forbidden::new("no such upload: begin at 0"));
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
