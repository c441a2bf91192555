//! [`Entries`]: the events that a log keeps, in the order of their positions.
//!
//! Called by the log under its lock. Events are kept in segments, each of which is freed with its last event. The text of an event for one
//! client is copied into the segment, so that keeping and dropping the event allocates and frees no memory. An event for several clients
//! and a large event share their bytes with the outboxes.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::{Entry, Place, Recipients};
use crate::{base::Sid, packet::Frames};

/// The maximum size of the texts in a segment, in bytes. A text of more than an eighth of that is not copied.
const TEXT: usize = 16 * 1024;

/// The maximum number of events in a segment.
const EVENTS: usize = 256;

/// The estimated memory of an event for one client without its `sid` and its text, in bytes.
const OWN_MEMORY: usize = 96;

/// The estimated memory of another event without its packet and its recipients, in bytes.
const SHARED_MEMORY: usize = 256;

/// The kept events of a log.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// Contains no empty segment.
    segments: VecDeque<Segment>,
    len: usize,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Segment {
    records: VecDeque<Record>,
    /// The texts of the events for one client, including removed events.
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

    /// Returns the estimated memory of the events, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds an event at the end.
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
                // The texts of a segment have less than 4 GiB.
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

    /// Returns the last segment, or a new one if the last one has no room for a text of this size.
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
            // The next segment probably needs as much.
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

    /// Removes the oldest event. Returns a shared event, for the caller to drop outside of the lock, since it may be large.
    pub(super) fn pop_oldest(&mut self) -> Option<SharedEvent> {
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

    fn removed(&mut self, record: Record) -> Option<SharedEvent> {
        self.len -= 1;
        self.bytes -= record.bytes();
        match record.event {
            Event::Own(..) => None,
            Event::Shared(event) => Some(*event),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Codec;

    fn event(payload: &str) -> Frames {
        Codec::default().event("/", None, "tick", payload).unwrap()
    }

    fn push(entries: &mut Entries, seq: u64, recipients: Recipients, packet: &Frames) {
        entries.push(Place::of(seq), Instant::now(), recipients, packet);
    }

    fn kept(entries: &Entries, after: u64) -> Vec<u64> {
        let kept = entries.after(Place::of(after));
        kept.map(|entry| entry.seq.number()).collect()
    }

    #[test]
    fn an_event_for_one_client_is_small_and_has_its_packet() {
        assert!(size_of::<Record>() <= 48, "{}", size_of::<Record>());
        let (mut entries, sid, other) = (Entries::default(), Sid::random(), Sid::random());
        let packets: Vec<_> = [7, 40, TEXT / 8 - 40, TEXT / 8, 3 * TEXT, 7]
            .map(|len| event(&"ü".repeat(len / 2)))
            .into();
        for (seq, packet) in (1..).zip(&packets) {
            push(&mut entries, seq, Recipients::One(sid.clone()), packet);
        }
        let binary = Codec::default().event("/", None, "tick", &bytes::Bytes::from_static(b"bin"));
        let binary = binary.unwrap();
        push(&mut entries, 7, Recipients::One(sid.clone()), &binary);
        let read: Vec<_> = entries.after(Place::START).collect();
        assert_eq!(read.len(), packets.len() + 1);
        for (entry, packet) in read.iter().zip(packets.iter().chain([&binary])) {
            assert_eq!(entry.packet(), *packet);
            assert_eq!(entry.size(), (packet.count(), packet.bytes()));
            assert!(entry.is_for(&sid, |_| false) && !entry.is_for(&other, |_| true));
        }
    }

    #[test]
    fn events_are_found_and_removed_across_segments() {
        let mut entries = Entries::default();
        let everyone = Recipients::some(None, &[], &[]);
        let events = 3_000;
        for seq in 1..=events {
            let recipients = match seq % 3 {
                0 => everyone.clone(),
                _ => Recipients::One(Sid::random()),
            };
            push(
                &mut entries,
                2 * seq,
                recipients,
                &event(&"x".repeat(seq as usize % 200)),
            );
        }
        assert!(entries.segments.len() > 10, "{}", entries.segments.len());
        for after in [0, 1, 2, 3, 511, 512, 513, 4_000, 5_999, 6_000, 9_000] {
            let expected: Vec<_> = (1..=events)
                .map(|seq| 2 * seq)
                .filter(|seq| *seq > after)
                .collect();
            assert_eq!(kept(&entries, after), expected);
        }
        for seq in 1..=events {
            assert_eq!(
                entries.oldest().map(|(_, seq)| seq),
                Some(Place::of(2 * seq))
            );
            assert_eq!(entries.pop_oldest().is_some(), seq % 3 == 0);
            assert_eq!(entries.len() as u64, events - seq);
        }
        assert!(entries.is_empty() && entries.bytes() == 0 && entries.segments.is_empty());
        assert!(entries.oldest().is_none() && entries.pop_oldest().is_none());
    }

    #[test]
    fn the_newest_event_is_taken_back_with_its_text() {
        let mut entries = Entries::default();
        for seq in 1..=1_000 {
            push(
                &mut entries,
                seq,
                Recipients::One(Sid::random()),
                &event("kept"),
            );
            let (bytes, texts) = (
                entries.bytes(),
                entries.segments.back().unwrap().texts.len(),
            );
            push(
                &mut entries,
                seq + 1,
                Recipients::One(Sid::random()),
                &event("taken back"),
            );
            entries.pop_newest();
            assert_eq!(entries.bytes(), bytes);
            assert_eq!(entries.segments.back().unwrap().texts.len(), texts);
        }
        assert_eq!(kept(&entries, 998), [999, 1_000]);
        assert_eq!(
            entries.after(Place::of(999)).next().unwrap().packet(),
            event("kept")
        );
        entries = Entries::default();
        push(
            &mut entries,
            1,
            Recipients::One(Sid::random()),
            &event("taken back"),
        );
        entries.pop_newest();
        assert!(entries.is_empty() && entries.segments.is_empty());
    }
}
