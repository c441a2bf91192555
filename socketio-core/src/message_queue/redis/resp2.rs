//! Finds the messages among the replies of a subscribed connection, in the protocol RESP2.

use std::io;

use bytes::{Bytes, BytesMut};

/// The longest line before the content of a value.
const MAX_LINE: usize = 64 * 1024;

/// One reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The payload of a message.
    Message(Bytes),
    /// The bytes of any other reply: the response to a command.
    Response(Bytes),
}

/// Takes the first reply, if it is complete.
///
/// # Errors
///
/// If it is not RESP2.
pub(super) fn next_reply(buffer: &mut BytesMut) -> io::Result<Option<Reply>> {
    let Some(found) = Scan::of(buffer)? else {
        return Ok(None);
    };
    let reply = buffer.split_to(found.end).freeze();
    Ok(Some(match found.payload {
        Some((start, end)) => Reply::Message(reply.slice(start..end)),
        None => Reply::Response(reply),
    }))
}

/// The end of a reply and, if it is a message, the place of its payload.
struct Scan {
    end: usize,
    payload: Option<(usize, usize)>,
}

impl Scan {
    fn of(bytes: &[u8]) -> io::Result<Option<Self>> {
        let Some((kind, length, mut end)) = head(bytes, 0)? else {
            return Ok(None);
        };
        if kind != b'*' {
            let end = value_end(bytes, 0)?;
            return Ok(end.map(|end| Scan { end, payload: None }));
        }
        let mut values = [(0, 0); 3];
        for index in 0..length.unwrap_or(0) {
            let Some((_, _, start)) = head(bytes, end)? else {
                return Ok(None);
            };
            let Some(next) = value_end(bytes, end)? else {
                return Ok(None);
            };
            if let Some(value) = values.get_mut(index) {
                *value = (start, next.saturating_sub(2).max(start));
            }
            end = next;
        }
        let [(start, stop), _, payload] = values;
        let is_message = length == Some(3) && &bytes[start..stop] == b"message";
        Ok(Some(Scan {
            end,
            payload: is_message.then_some(payload),
        }))
    }
}

/// Returns the first byte of the value at `start`, the length that follows it if it is a number, and where its content begins.
fn head(bytes: &[u8], start: usize) -> io::Result<Option<(u8, Option<usize>, usize)>> {
    let bytes = &bytes[start..];
    let line = &bytes[..bytes.len().min(MAX_LINE)];
    let Some(end) = line.windows(2).position(|pair| pair == b"\r\n") else {
        return match line.len() {
            MAX_LINE => Err(invalid()),
            _ => Ok(None),
        };
    };
    let (kind, text) = line[..end].split_first().ok_or_else(invalid)?;
    // `-1` is the length of a missing value.
    let length = str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    Ok(Some((*kind, length, start + end + 2)))
}

/// Returns where the value at `start` ends, if it is complete. Arrays in arrays are not sent to subscribers.
fn value_end(bytes: &[u8], start: usize) -> io::Result<Option<usize>> {
    let Some((kind, length, content)) = head(bytes, start)? else {
        return Ok(None);
    };
    match (kind, length) {
        (b'+' | b'-' | b':', _) | (b'$', None) => Ok(Some(content)),
        (b'$', Some(length)) => {
            let end = content
                .checked_add(length)
                .and_then(|end| end.checked_add(2));
            let end = end.ok_or_else(invalid)?;
            Ok((end <= bytes.len()).then_some(end))
        }
        _ => Err(invalid()),
    }
}

fn invalid() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "invalid RESP2 of the broker")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(payload: &[u8]) -> Vec<u8> {
        let head = format!("*3\r\n$7\r\nmessage\r\n$2\r\nch\r\n${}\r\n", payload.len());
        [head.as_bytes(), payload, b"\r\n"].concat()
    }

    #[test]
    fn a_message_is_told_from_responses() {
        for payload in [&b""[..], b"hello", b"\r\n*3\r\n", &[0; 100_000]] {
            let mut buffer = BytesMut::from(&message(payload)[..]);
            buffer.extend_from_slice(b"+PONG\r\n");
            let reply = next_reply(&mut buffer).unwrap().unwrap();
            assert_eq!(reply, Reply::Message(Bytes::copy_from_slice(payload)));
            let reply = next_reply(&mut buffer).unwrap().unwrap();
            assert_eq!(reply, Reply::Response(Bytes::from_static(b"+PONG\r\n")));
            assert_eq!(next_reply(&mut buffer).unwrap(), None);
        }
        for response in [
            "*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n",
            "*2\r\n$4\r\npong\r\n$0\r\n\r\n",
            "*2\r\n$4\r\npong\r\n$-1\r\n",
            "*-1\r\n",
            "*0\r\n",
            "$7\r\nmessage\r\n",
            "-ERR no\r\n",
            ":7\r\n",
        ] {
            let mut buffer = BytesMut::from(response);
            let expected = Reply::Response(Bytes::from_static(response.as_bytes()));
            assert_eq!(
                next_reply(&mut buffer).unwrap(),
                Some(expected),
                "{response}"
            );
            assert!(buffer.is_empty());
        }
    }

    #[test]
    fn an_incomplete_reply_is_waited_for() {
        let whole = message(b"hello");
        for length in 0..whole.len() {
            let mut buffer = BytesMut::from(&whole[..length]);
            assert_eq!(next_reply(&mut buffer).unwrap(), None, "{length}");
            assert_eq!(buffer.len(), length);
        }
    }

    #[test]
    fn what_is_not_resp2_is_an_error() {
        for bytes in [
            "?\r\n",
            "\r\n",
            ">3\r\n",
            "*1\r\n*1\r\n:1\r\n",
            "$99999999999999999999\r\n$\r\n?\r\n",
        ] {
            let mut buffer = BytesMut::from(bytes);
            let mut replied = next_reply(&mut buffer);
            while let Ok(Some(_)) = replied {
                replied = next_reply(&mut buffer);
            }
            assert!(replied.is_err(), "{bytes:?}");
        }
        let mut endless = BytesMut::from(&vec![b'+'; MAX_LINE][..]);
        assert!(next_reply(&mut endless).is_err());
    }
}
