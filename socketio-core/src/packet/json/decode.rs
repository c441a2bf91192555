//! Decoding the head of a packet.

use std::{error::Error, fmt, ops::Range};

use serde::de::IgnoredAny;

use super::{
    Kind, TextPacket, expansion, lenient,
    placeholders::{is_whitespace, string_end},
    text_packet::{Name, position},
};
use crate::{admission::PacketLimits, base::Text, packet::is_reserved};

/// An invalid packet, or one that exceeds a limit. The protocol has no answer to it: the connection must be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError(&'static str);

impl DecodeError {
    pub(super) const fn new(what: &'static str) -> Self {
        DecodeError(what)
    }

    /// Returns whether a packet announced more than [`PacketLimits::max_attachments`].
    pub fn is_too_many_attachments(&self) -> bool {
        *self == TOO_MANY_ATTACHMENTS
    }
}

const TOO_MANY_ATTACHMENTS: DecodeError = DecodeError("too many attachments");
/// The memory that the values of any packet may take, whatever the limits are.
const LEAST_BUDGET: usize = 1 << 20;

const NOT_JSON: DecodeError = DecodeError("the payload is not valid JSON");

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for DecodeError {}

/// Reads the head of a packet: kind, number of attachments, namespace, id, an event's name.
///
/// The arguments are not read here, so that they are read only once, as the types of the handler's parameters.
/// [`Arguments`](crate::protocol::Arguments) reports invalid ones.
///
/// # Errors
///
/// If the text is not a packet, or exceeds a limit.
pub fn decode(text: Text, limits: &PacketLimits) -> Result<TextPacket, DecodeError> {
    try_decode(text, limits).map_err(|(error, _)| error)
}

/// As [`decode`], with the text beside the error, for the report.
#[inline]
pub(super) fn try_decode(
    text: Text,
    limits: &PacketLimits,
) -> Result<TextPacket, (DecodeError, Text)> {
    match read(&text, limits) {
        Ok(Parts {
            kind,
            attachments,
            namespace,
            id,
            event,
            payload,
            arguments,
            expands,
        }) => Ok(TextPacket {
            text,
            kind,
            expands,
            attachments: position(attachments),
            payload: position(payload),
            arguments: position(arguments),
            namespace: namespace.into(),
            id: id.unwrap_or_default().into(),
            event,
        }),
        Err(error) => Err((error, text)),
    }
}

/// The fields of a [`TextPacket`] beside its text.
struct Parts {
    kind: Kind,
    attachments: usize,
    namespace: Range<usize>,
    id: Option<Range<usize>>,
    event: Name,
    payload: usize,
    arguments: usize,
    expands: bool,
}

#[inline]
fn read(text: &str, limits: &PacketLimits) -> Result<Parts, DecodeError> {
    if u32::try_from(text.len()).is_err() {
        return Err(DecodeError("a packet of more than 4 GiB"));
    }
    let mut head = Head { text, position: 0 };
    let (kind, binary) = head.kind()?;
    let attachments = if binary { head.attachments(limits)? } else { 0 };
    let namespace = head.namespace(limits)?;
    let id = head.id(limits)?;
    head.whitespace();
    let payload = head.position;
    let mut event = Name::None;
    match kind {
        Kind::Connect => head.object_or_nothing()?,
        Kind::ConnectError => head.object_string_or_nothing()?,
        Kind::Disconnect if payload < text.len() => {
            return Err(DecodeError("a disconnect packet with a payload"));
        }
        Kind::Disconnect => {}
        Kind::Event => {
            head.array()?;
            event = head.event(limits)?;
        }
        Kind::Ack if id.is_none() => return Err(DecodeError("an ack without an id")),
        Kind::Ack => head.array()?,
    }
    let arguments = head.position;
    let budget = limits
        .max_attachment_bytes
        .saturating_mul(limits.max_expansion)
        .max(LEAST_BUDGET);
    let expands = expansion::exceeds(&text[payload..], budget);
    if expands && matches!(kind, Kind::Connect | Kind::ConnectError) {
        return Err(DecodeError("the values take too much memory"));
    }
    Ok(Parts {
        kind,
        attachments,
        namespace,
        id,
        event,
        payload,
        arguments,
        expands,
    })
}

/// A position in the head of a packet.
struct Head<'a> {
    text: &'a str,
    position: usize,
}

impl Head<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn whitespace(&mut self) {
        while self.peek().is_some_and(is_whitespace) {
            self.position += 1;
        }
    }

    fn digits(&mut self) -> Range<usize> {
        let start = self.position;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
        start..self.position
    }

    fn kind(&mut self) -> Result<(Kind, bool), DecodeError> {
        let kind = match self.peek() {
            Some(b'0') => (Kind::Connect, false),
            Some(b'1') => (Kind::Disconnect, false),
            Some(b'2') => (Kind::Event, false),
            Some(b'3') => (Kind::Ack, false),
            Some(b'4') => (Kind::ConnectError, false),
            Some(b'5') => (Kind::Event, true),
            Some(b'6') => (Kind::Ack, true),
            _ => return Err(DecodeError("unknown packet type")),
        };
        self.position += 1;
        Ok(kind)
    }

    fn attachments(&mut self, limits: &PacketLimits) -> Result<usize, DecodeError> {
        let digits = self.digits();
        if self.peek() != Some(b'-') {
            return Err(DecodeError(
                "a binary packet without its number of attachments",
            ));
        }
        self.position += 1;
        match self.text[digits].parse() {
            Ok(count) if count > limits.max_attachments => Err(TOO_MANY_ATTACHMENTS),
            Ok(0) | Err(_) => Err(DecodeError("illegal number of attachments")),
            Ok(count) => Ok(count),
        }
    }

    fn namespace(&mut self, limits: &PacketLimits) -> Result<Range<usize>, DecodeError> {
        let start = self.position;
        if self.peek() != Some(b'/') {
            return Ok(start..start);
        }
        let written = &self.text[start..];
        let written = match written.split_once(',') {
            Some((namespace, _)) => {
                self.position += namespace.len() + 1;
                namespace
            }
            None => {
                self.position = self.text.len();
                written
            }
        };
        let len = written.find('?').unwrap_or(written.len());
        if len > limits.max_namespace_len {
            return Err(DecodeError("namespace too long"));
        }
        if written[..len].bytes().any(|byte| byte.is_ascii_control()) {
            return Err(DecodeError("a control character in the namespace"));
        }
        Ok(start..start + len)
    }

    fn id(&mut self, limits: &PacketLimits) -> Result<Option<Range<usize>>, DecodeError> {
        let digits = self.digits();
        if digits.len() > limits.max_id_len {
            return Err(DecodeError("ack id too long"));
        }
        Ok((!digits.is_empty()).then_some(digits))
    }

    fn array(&mut self) -> Result<(), DecodeError> {
        if self.peek() != Some(b'[') {
            return Err(DecodeError("the payload is not an array"));
        }
        self.position += 1;
        Ok(())
    }

    fn object_or_nothing(&self) -> Result<(), DecodeError> {
        match self.peek() {
            None => Ok(()),
            Some(b'{') => self.json(),
            Some(_) => Err(DecodeError("the payload is not an object")),
        }
    }

    fn object_string_or_nothing(&self) -> Result<(), DecodeError> {
        match self.peek() {
            None => Ok(()),
            Some(b'{' | b'"') => self.json(),
            Some(_) => Err(DecodeError("the payload is neither an object nor a string")),
        }
    }

    fn json(&self) -> Result<(), DecodeError> {
        match lenient::is_value(&self.text[self.position..]) {
            true => Ok(()),
            false => Err(NOT_JSON),
        }
    }

    /// Reads the first element of an event's array, up to the comma or bracket after it.
    fn event(&mut self, limits: &PacketLimits) -> Result<Name, DecodeError> {
        self.whitespace();
        let start = self.position;
        let name = match self.peek() {
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return Err(DecodeError("an event without a name")),
        };
        if self.position - start > limits.max_event_len {
            return Err(DecodeError("event name too long"));
        }
        self.whitespace();
        match self.peek() {
            Some(b',' | b']') => Ok(name),
            _ => Err(NOT_JSON),
        }
    }

    fn string(&mut self) -> Result<Name, DecodeError> {
        let start = self.position;
        let Some(end) = string_end(self.text, start) else {
            return Err(NOT_JSON);
        };
        self.position = end;
        let inner = start + 1..end - 1;
        let written = &self.text[inner.clone()];
        let name = if written.bytes().any(|byte| byte == b'\\' || byte < b' ') {
            let name = lenient::unescape(&self.text[start..end]);
            Name::Unescaped(name.map_err(|_| NOT_JSON)?.into())
        } else {
            Name::Plain(inner.into())
        };
        let reserved = match &name {
            Name::Unescaped(name) => is_reserved(name),
            _ => is_reserved(written),
        };
        if reserved {
            Err(DecodeError("a reserved event name"))
        } else {
            Ok(name)
        }
    }

    /// Reads a number: some clients name events by numbers, and the reference server accepts them.
    fn number(&mut self) -> Result<Name, DecodeError> {
        let start = self.position;
        while self
            .peek()
            .is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
        {
            self.position += 1;
        }
        let number = start..self.position;
        match serde_json::from_str(&self.text[number.clone()]) {
            Ok(IgnoredAny) => Ok(Name::Plain(number.into())),
            Err(_) => Err(NOT_JSON),
        }
    }
}
