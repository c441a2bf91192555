//! [`Entries`]: the events that a log keeps, in the order of their positions.
//!
//! They are in segments. The text of an event for one client is copied into the segment, so that keeping it and dropping it allocates and frees
//! nothing; what several clients receive, and what is large, shares its bytes with their outboxes. A segment is freed with its last event.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::{Entry, Place, Recipients};
use crate::{base::Sid, packet::Frames};

/// How many bytes of text are copied into one segment. An event with more than an eighth of that is not copied.
const TEXT: usize = 16 * 1024;

/// How many events are in one segment.
const EVENTS: usize = 256;

/// About how much an event for one client takes beside its text, in bytes.
const OWN_MEMORY: usize = 96;

/// About how much another event takes beside its packet and the names of its rooms, in bytes.
const SHARED_MEMORY: usize = 256;

/// The kept events of a log.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// None is empty.
    segments: VecDeque<Segment>,
    len: usize,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Segment {
    records: VecDeque<Record>,
    /// The texts of the events for one client, those included that are gone.
    texts: String,
}

#[derive(Debug)]
struct Record {
    seq: Place,
    at: Instant,
    event: Event,
}

#[derive(Debug)]
enum Event {
    /// For one client, with the place of its text in the segment.
    Own(Sid, Span),
    Shared(Box<SharedEvent>),
}

/// A part of the texts of a segment.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    end: u32,
}

/// An event that shares the bytes of its packet with outboxes.
#[derive(Debug)]
pub(super) struct SharedEvent {
    recipients: Recipients,
    packet: Frames,
}

impl Segment {
    fn has_room(&self, text: usize) -> bool {
        self.records.len() < EVENTS && self.texts.len() + text <= TEXT
    }

    fn entry<'a>(&'a self, record: &'a Record) -> Entry<'a> {
        let seq = record.seq;
        match &record.event {
            Event::Own(sid, span) => Entry::own(seq, sid, self.text(*span)),
            Event::Shared(event) => Entry::shared(seq, &event.recipients, &event.packet),
        }
    }

    fn text(&self, Span { start, end }: Span) -> &str {
        &self.texts[start as usize..end as usize]
    }

    fn after(&self, seq: Place) -> impl Iterator<Item = Entry<'_>> {
        let first = self.records.partition_point(|record| record.seq <= seq);
        let records = self.records.range(first..);
        records.map(|record| self.entry(record))
    }
}

impl Record {
    fn bytes(&self) -> usize {
        match &self.event {
            Event::Own(sid, span) => OWN_MEMORY + sid.len() + (span.end - span.start) as usize,
            Event::Shared(event) => SHARED_MEMORY + event.packet.bytes() + event.recipients.bytes(),
        }
    }
}

impl Entries {
    /// Returns the number of events.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns about how much memory they take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds an event behind the others.
    pub(super) fn push(
        &mut self,
        seq: Place,
        at: Instant,
        recipients: Recipients,
        packet: &Frames,
    ) {
        let text = packet.text_alone().filter(|text| text.len() <= TEXT / 8);
        let (event, text) = match (recipients, text) {
            (Recipients::One(sid), Some(text)) => (Err(sid), text),
            (recipients, _) => {
                let packet = packet.clone();
                (Ok(Box::new(SharedEvent { recipients, packet })), "")
            }
        };
        let segment = self.segment(text.len());
        let event = match event {
            Ok(shared) => Event::Shared(shared),
            Err(sid) => {
                // A segment has less than 4 GiB.
                let start = segment.texts.len() as u32;
                segment.texts.push_str(text);
                let end = segment.texts.len() as u32;
                Event::Own(sid, Span { start, end })
            }
        };
        let record = Record { seq, at, event };
        let bytes = record.bytes();
        segment.records.push_back(record);
        self.len += 1;
        self.bytes += bytes;
    }

    /// Returns the last segment, or a new one if that has no room for so much text.
    fn segment(&mut self, text: usize) -> &mut Segment {
        let has_room = |segment: &Segment| segment.has_room(text);
        if !self.segments.back().is_some_and(has_room) {
            self.add_segment();
        }
        self.segments.back_mut().expect("there is one")
    }

    #[cold]
    fn add_segment(&mut self) {
        let mut segment = Segment::default();
        if let Some(full) = self.segments.back() {
            // The next one is probably alike.
            segment
                .texts
                .reserve_exact(full.texts.len().next_power_of_two());
            segment
                .records
                .reserve_exact(full.records.len().next_power_of_two());
        }
        self.segments.push_back(segment);
    }

    /// Returns the time and the position of the oldest event.
    pub(super) fn oldest(&self) -> Option<(Instant, Place)> {
        let oldest = self.segments.front()?.records.front()?;
        Some((oldest.at, oldest.seq))
    }

    /// Removes the oldest event, and returns it if it is to be dropped outside of the lock, since it may be large.
    pub(super) fn pop_oldest(&mut self) -> Option<Box<SharedEvent>> {
        let segment = self.segments.front_mut()?;
        let removed = segment.records.pop_front();
        if segment.records.is_empty() {
            self.segments.pop_front();
        }
        self.removed(removed?)
    }

    /// Removes the newest event.
    pub(super) fn pop_newest(&mut self) {
        let Some(segment) = self.segments.back_mut() else {
            return;
        };
        let removed = segment.records.pop_back();
        if let Some(Record {
            event: Event::Own(_, span),
            ..
        }) = &removed
        {
            segment.texts.truncate(span.start as usize);
        }
        if segment.records.is_empty() {
            self.segments.pop_back();
        }
        removed.and_then(|removed| self.removed(removed));
    }

    fn removed(&mut self, record: Record) -> Option<Box<SharedEvent>> {
        self.len -= 1;
        self.bytes -= record.bytes();
        match record.event {
            Event::Own(..) => None,
            Event::Shared(event) => Some(event),
        }
    }

    /// Returns the events after a position.
    pub(super) fn after(&self, seq: Place) -> impl Iterator<Item = Entry<'_>> {
        let ends_before = |segment: &Segment| {
            let newest = segment.records.back();
            newest.is_some_and(|newest| newest.seq <= seq)
        };
        let first = self.segments.partition_point(ends_before);
        let segments = self.segments.range(first..);
        segments.flat_map(move |segment| segment.after(seq))
    }
}
