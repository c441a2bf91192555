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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offset {
    pub(crate) epoch: Epoch,
    pub(crate) seq: Place,
}

impl Offset {
    /// Parses what [`Display`](fmt::Display) writes; `None` for any other text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (epoch, seq) = text.split_once('.')?;
        Some(Offset {
            epoch: Epoch::parse(epoch)?,
            seq: Place::parse(seq)?,
        })
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
            "q83vEjR.1",
            "q83vEjRWW.1",
            "q83vEj+W.1",
            "q83vEjRW.18446744073709551616",
        ] {
            assert_eq!(Offset::parse(text), None, "{text}");
        }
    }
}
