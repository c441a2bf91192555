//! The frames of WebSocket (RFC 6455, section 5.2), as a client writes and reads them.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// A WebSocket frame. Fragments are not supported: the server sends none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Text: all Engine.IO packets except binary messages.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// The code and reason of a closing handshake, if there is one.
    Close(Option<(u16, String)>),
    /// A ping of WebSocket, not of Engine.IO.
    Ping(Vec<u8>),
    /// A pong of WebSocket, not of Engine.IO.
    Pong(Vec<u8>),
}

impl Frame {
    fn opcode(&self) -> u8 {
        match self {
            Frame::Text(_) => 1,
            Frame::Binary(_) => 2,
            Frame::Close(_) => 8,
            Frame::Ping(_) => 9,
            Frame::Pong(_) => 10,
        }
    }

    fn payload(&self) -> Vec<u8> {
        match self {
            Frame::Text(text) => text.as_bytes().to_vec(),
            Frame::Binary(bytes) | Frame::Ping(bytes) | Frame::Pong(bytes) => bytes.clone(),
            Frame::Close(None) => Vec::new(),
            Frame::Close(Some((code, reason))) => {
                let mut payload = code.to_be_bytes().to_vec();
                payload.extend_from_slice(reason.as_bytes());
                payload
            }
        }
    }

    /// Returns the frame's bytes, masked as a client has to (with zeros, so the payload is readable).
    pub fn encode(&self) -> Vec<u8> {
        const MASKED: u8 = 0x80;
        let payload = self.payload();
        let mut bytes = vec![0x80 | self.opcode()];
        match payload.len() {
            short @ 0..126 => bytes.push(MASKED | short as u8),
            medium @ 126..0x1_0000 => {
                bytes.push(MASKED | 126);
                bytes.extend_from_slice(&(medium as u16).to_be_bytes());
            }
            long => {
                bytes.push(MASKED | 127);
                bytes.extend_from_slice(&(long as u64).to_be_bytes());
            }
        }
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&payload);
        bytes
    }

    /// Takes the first frame out of `buffer`, reading from `stream` until it is complete. Dropping the future loses nothing.
    pub(super) async fn read(
        stream: &mut (impl AsyncRead + Unpin + ?Sized),
        buffer: &mut Vec<u8>,
    ) -> io::Result<Self> {
        loop {
            if let Some((opcode, start, end)) = bounds(buffer) {
                let payload = buffer[start..end].to_vec();
                buffer.drain(..end);
                return decode(opcode, payload);
            }
            if stream.read_buf(buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// The opcode of the first frame and where its payload starts and ends, if all of it is there.
fn bounds(buffer: &[u8]) -> Option<(u8, usize, usize)> {
    let (&first, &second) = (buffer.first()?, buffer.get(1)?);
    assert_eq!(first & 0xf0, 0x80, "one frame a message, no extensions");
    let (start, length) = match second {
        126 => {
            let bytes = buffer.get(2..4)?.try_into().unwrap();
            (4, usize::from(u16::from_be_bytes(bytes)))
        }
        127 => {
            let bytes = buffer.get(2..10)?.try_into().unwrap();
            (10, u64::from_be_bytes(bytes) as usize)
        }
        length => {
            assert!(length < 126, "a server does not mask");
            (2, usize::from(length))
        }
    };
    let end = start + length;
    (buffer.len() >= end).then_some((first & 0x0f, start, end))
}

fn decode(opcode: u8, payload: Vec<u8>) -> io::Result<Frame> {
    let text = |bytes| String::from_utf8(bytes).map_err(io::Error::other);
    Ok(match opcode {
        1 => Frame::Text(text(payload)?),
        2 => Frame::Binary(payload),
        8 => match payload.split_first_chunk() {
            Some((code, reason)) => {
                Frame::Close(Some((u16::from_be_bytes(*code), text(reason.to_vec())?)))
            }
            None => Frame::Close(None),
        },
        9 => Frame::Ping(payload),
        10 => Frame::Pong(payload),
        other => return Err(io::Error::other(format!("opcode {other}"))),
    })
}
