//! [`Message`]: a text or bytes of a connection, shared between layers without copies.

use std::{cell::Cell, fmt, ops::Deref, str::Utf8Error};

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::fitted;

/// The largest buffer that a thread keeps for its next text.
const KEPT: usize = 16 * 1024;

thread_local! {
    /// Texts are written into this buffer and then copied into one allocation of their exact length, which is cheaper
    /// than growing each. It is taken out while in use, because serializing runs user code, which may emit.
    static BUFFER: Cell<String> = const { Cell::new(String::new()) };
}

/// One message of a connection, in either direction. Exhaustive, since Engine.IO has these two kinds of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// UTF-8 text.
    Text(Text),
    /// Bytes.
    Binary(Bytes),
}

impl Message {
    /// Returns the payload.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
        }
    }

    /// Returns the length of the payload, in bytes.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
        }
    }

    /// Returns whether the payload is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<Text> for Message {
    fn from(text: Text) -> Self {
        Message::Text(text)
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Message::Binary(bytes)
    }
}

/// Shared text that is stored with the Engine.IO packet type `4` (message) in front.
///
/// A broadcast is encoded once and written by many connections: none of them has to copy the text to add the type. It
/// dereferences to the text without the type.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(Utf8Bytes);

impl Text {
    /// The packet type of a message.
    pub(crate) const TYPE: char = '4';

    /// Returns an empty buffer for a text of about `capacity` bytes, to be passed to [`Text::from_buffer`].
    pub(crate) fn buffer(capacity: usize) -> String {
        let mut buffer = BUFFER.take();
        buffer.reserve(capacity + 1);
        buffer.push(Self::TYPE);
        buffer
    }

    /// Creates the text from a buffer of [`Text::buffer`].
    #[inline]
    pub(crate) fn from_buffer(mut buffer: String) -> Self {
        debug_assert!(buffer.starts_with(Self::TYPE));
        if buffer.capacity() > KEPT {
            return Text(fitted(buffer));
        }
        let text = Text(Utf8Bytes::from(&*buffer));
        buffer.clear();
        BUFFER.set(buffer);
        text
    }

    /// Creates the text from a part of a buffer of [`Text::buffer`]: from a packet type to the end.
    ///
    /// # Errors
    ///
    /// If it is not UTF-8.
    #[inline]
    pub(crate) fn from_bytes(mut buffer: Vec<u8>, start: usize) -> Result<Self, Utf8Error> {
        debug_assert_eq!(buffer.get(start), Some(&(Self::TYPE as u8)));
        if buffer.capacity() > KEPT {
            buffer.drain(..start);
            let text = String::from_utf8(buffer).map_err(|error| error.utf8_error())?;
            return Ok(Text(fitted(text)));
        }
        let text = Text(Utf8Bytes::from(str::from_utf8(&buffer[start..])?));
        buffer.clear();
        BUFFER.set(String::from_utf8(buffer).unwrap_or_default());
        Ok(text)
    }

    /// Creates the text from a string that begins with the packet type.
    pub(crate) fn from_framed_string(framed: String) -> Self {
        debug_assert!(framed.starts_with(Self::TYPE));
        Text(Utf8Bytes::from(framed))
    }

    /// Creates the text from a received frame; `None` if that is not a message packet.
    #[inline]
    pub(crate) fn from_framed(frame: Utf8Bytes) -> Option<Self> {
        frame.starts_with(Self::TYPE).then_some(Text(frame))
    }

    /// Returns the text with its packet type. By value, because the first clone of the bytes would allocate.
    pub(crate) fn into_framed(self) -> Utf8Bytes {
        self.0
    }

    /// Returns the text with its packet type.
    pub(crate) fn framed(&self) -> &Utf8Bytes {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        &self.0.as_str()[1..]
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut buffer = Self::buffer(text.len());
        buffer.push_str(text);
        Self::from_buffer(buffer)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
