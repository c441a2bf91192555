//! [`Offset`]: a place in the log of a namespace, as clients know it.

use std::fmt;

use base64::Engine as _;

use super::Place;

/// The identity of a log: positions of different epochs can't be compared. Kept as text, since it is written into every event for clients
/// that can recover their sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Epoch([u8; EPOCH_TEXT]);

const EPOCH_BYTES: usize = 6;
/// In base64, which has 4 characters for 3 bytes.
const EPOCH_TEXT: usize = EPOCH_BYTES / 3 * 4;

impl Epoch {
    pub(crate) fn random() -> Self {
        let mut bytes = [0; EPOCH_BYTES];
        getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
        Self::from_bytes(bytes)
    }

    /// Creates an epoch from a random number.
    pub(crate) fn of(random: u64) -> Self {
        let [a, b, c, d, e, f, ..] = random.to_ne_bytes();
        Self::from_bytes([a, b, c, d, e, f])
    }

    fn from_bytes(bytes: [u8; EPOCH_BYTES]) -> Self {
        let mut text = [0; EPOCH_TEXT];
        base64::engine::general_purpose::URL_SAFE_NO_PAD
            .encode_slice(bytes, &mut text)
            .expect("6 bytes are 8 characters");
        Epoch(text)
    }

    /// Parses what [`Display`](fmt::Display) writes; `None` for any other text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; EPOCH_BYTES];
        let decoded =
            base64::engine::general_purpose::URL_SAFE_NO_PAD.decode_slice(text, &mut bytes);
        // The text encodes exactly 6 bytes, so it is the only text for them.
        let is_epoch = decoded == Ok(EPOCH_BYTES);
        text.as_bytes()
            .try_into()
            .ok()
            .filter(|_| is_epoch)
            .map(Epoch)
    }
}

impl Epoch {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("base64 is ASCII")
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place in a log, with the epoch of the log. As text: `q83vEjRW.17`.
///
/// An event of a history that is sent again has a new place, so that the offsets of a client only increase. Behind it stands the place at which the
/// event was sent to the room, which is its [position](super::Position): `q83vEjRW.17-12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offset {
    pub(crate) epoch: Epoch,
    pub(crate) seq: Place,
}

impl Offset {
    /// Parses the offset of an event; `None` for any other text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::parse_both(text).map(|(offset, _)| offset)
    }

    /// Parses the position of an event in the history of a room from its offset; `None` for any other text.
    pub(crate) fn parse_in_history(text: &str) -> Option<Self> {
        let (Offset { epoch, seq }, sent_at) = Self::parse_both(text)?;
        let seq = sent_at.unwrap_or(seq);
        Some(Offset { epoch, seq })
    }

    fn parse_both(text: &str) -> Option<(Self, Option<Place>)> {
        let (epoch, places) = text.split_once('.')?;
        let (seq, sent_at) = match places.split_once('-') {
            Some((seq, sent_at)) => (seq, Some(Place::parse(sent_at)?)),
            None => (places, None),
        };
        let (epoch, seq) = (Epoch::parse(epoch)?, Place::parse(seq)?);
        Some((Offset { epoch, seq }, sent_at))
    }

    /// Returns the text of the offset of an event that was sent to a room at `sent_at`, and is sent again.
    pub(super) fn of_history(self, sent_at: Place) -> String {
        let mut text = self.to_string();
        text.push('-');
        sent_at.push_to(&mut text);
        text
    }

    /// Appends it as text.
    pub(crate) fn push_to(&self, text: &mut String) {
        text.push_str(self.epoch.as_str());
        text.push('.');
        self.seq.push_to(text);
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

/// The text of the latest offset of a log. The text of the next offset is made by counting up, which costs less than formatting the number
/// again, since every event for recoverable clients has an offset.
#[derive(Debug)]
pub(super) struct OffsetText {
    latest: Offset,
    text: String,
}

impl OffsetText {
    /// Creates the text for a log that begins at this offset.
    pub(super) fn new(latest: Offset) -> Self {
        OffsetText {
            text: latest.to_string(),
            latest,
        }
    }

    /// Returns the text of the offset of a place in the log.
    pub(super) fn at(&mut self, seq: Place) -> &str {
        let before = self.latest.seq;
        if seq != before {
            self.latest.seq = seq;
            if before.local() == 0 && seq == before.next() {
                self.count_up();
            } else {
                self.text.clear();
                self.latest.push_to(&mut self.text);
            }
        }
        &self.text
    }

    /// Adds one to the number at the end of the text, after the point.
    fn count_up(&mut self) {
        let counted = self.text.trim_end_matches('9').len();
        let nines = self.text.len() - counted;
        self.text.truncate(counted);
        match self.text.pop() {
            Some(digit @ '0'..='8') => self.text.push(char::from(digit as u8 + 1)),
            before => {
                self.text.extend(before);
                self.text.push('1');
            }
        }
        self.text.extend(std::iter::repeat_n('0', nines));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_read_as_it_is_written() {
        for seq in [0, 1, 17, u64::MAX >> 20] {
            let offset = Offset {
                epoch: Epoch::random(),
                seq: Place::of(seq),
            };
            assert!(offset.to_string().ends_with(&format!(".{seq}")));
            assert_eq!(Offset::parse(&offset.to_string()), Some(offset));
            let seq = offset.seq.next_local();
            let behind = Offset { seq, ..offset };
            assert_eq!(Offset::parse(&behind.to_string()), Some(behind));
            assert_eq!(behind.to_string(), format!("{offset}.1"));
        }
    }

    #[test]
    fn the_offset_of_an_event_that_is_sent_again_has_its_place_in_the_history() {
        let epoch = Epoch::random();
        let offset = |seq| Offset { epoch, seq };
        let behind = offset(Place::of(17).next_local());
        let text = behind.of_history(Place::of(12));
        assert_eq!(text, format!("{epoch}.17.1-12"));
        assert_eq!(Offset::parse(&text), Some(behind));
        assert_eq!(Offset::parse_in_history(&text), Some(offset(Place::of(12))));
        let plain = offset(Place::of(17));
        assert_eq!(Offset::parse_in_history(&plain.to_string()), Some(plain));
    }

    #[test]
    fn the_text_is_that_of_the_offset_of_each_place() {
        let epoch = Epoch::random();
        let offset = |seq| Offset { epoch, seq };
        let mut text = OffsetText::new(offset(Place::START));
        let counted = (0..1_200).chain([99_999, 100_000, 100_001, 7, 8]);
        for seq in counted.map(Place::of) {
            assert_eq!(text.at(seq), offset(seq).to_string());
        }
        let local = Place::of(8).next_local();
        for seq in [
            local,
            local,
            local.next_local(),
            Place::of(9),
            Place::of(10),
        ] {
            assert_eq!(text.at(seq), offset(seq).to_string());
        }
        for last in [u64::MAX - 1, u64::MAX] {
            let seq = Place::of(last);
            assert_eq!(text.at(seq), offset(seq).to_string());
        }
    }

    #[test]
    fn other_texts_are_no_offsets() {
        for text in [
            "",
            ".",
            "17",
            "q83vEjRW",
            "q83vEjRW.",
            "q83vEjRW.-1",
            "q83vEjRW.+1",
            "q83vEjRW.01",
            "q83vEjRW.1 ",
            "q83vEjRW.1.0",
            "q83vEjRW.1.02",
            "q83vEjRW.1.2.3",
            "q83vEjRW.1.1048576",
            "q83vEjRW.2-",
            "q83vEjRW.2-01",
            "q83vEjRW.2-1-1",
            "q83vEjRW.-1-1",
            "q83vEjR.1",
            "q83vEjRWW.1",
            "q83vEj+W.1",
            "q83vEjRW.18446744073709551616",
        ] {
            assert_eq!(Offset::parse(text), None, "{text}");
        }
    }
}
