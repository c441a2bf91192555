//! [`Gate`]: the stream under a connection, which takes messages only as fast as they are received.

use std::{
    collections::VecDeque,
    io,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use ::redis::{PushInfo, PushKind, Value};
use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::resp2::{Reply, next_reply};

/// The size of a read while messages are taken out of the stream.
const READ: usize = 16 * 1024;

/// Messages that have been read and not been received yet. Bounded by the [`Gate`].
#[derive(Default)]
pub(super) struct Inbox {
    messages: Mutex<VecDeque<Bytes>>,
    takes_messages: AtomicBool,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Bytes>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pop(&self) -> Option<Bytes> {
        self.lock().pop_front()
    }

    /// Keeps a push of the broker (RESP3) if it is a message: the channel, then the payload.
    pub(super) fn push(&self, push: PushInfo) {
        if push.kind != PushKind::Message {
            return;
        }
        if let Some(Value::BulkString(payload)) = push.data.into_iter().nth(1) {
            self.lock().push_back(payload.into());
        }
    }

    /// Lets the gate take messages out of the stream from now on, for RESP2. Called between a response and the next command.
    pub(super) fn expect_messages(&self) {
        self.takes_messages.store(true, Ordering::Release);
    }
}

/// A stream that is not read while messages wait in the inbox, which therefore never holds more than the messages of one read.
///
/// In RESP2, messages look like responses. They are taken out of the stream here, so that the client only sees responses.
///
/// The reader needs no wake-up: after the last message has been taken, the connection is polled again.
pub(super) struct Gate<S> {
    stream: S,
    inbox: Arc<Inbox>,
    /// Bytes that are not a complete reply yet, for RESP2.
    partial: BytesMut,
    /// Responses for the client, for RESP2.
    responses: BytesMut,
}

impl<S> Gate<S> {
    pub(super) fn new(stream: S, inbox: Arc<Inbox>) -> Self {
        Self {
            stream,
            inbox,
            partial: BytesMut::new(),
            responses: BytesMut::new(),
        }
    }

    /// Divides the bytes that were read into messages and responses.
    fn sort(&mut self) -> io::Result<()> {
        while let Some(reply) = next_reply(&mut self.partial)? {
            match reply {
                Reply::Message(payload) => self.inbox.lock().push_back(payload),
                Reply::Response(bytes) => self.responses.extend_from_slice(&bytes),
            }
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gate<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.inbox.takes_messages.load(Ordering::Acquire) {
            if !this.inbox.lock().is_empty() {
                return Poll::Pending;
            }
            return Pin::new(&mut this.stream).poll_read(cx, buffer);
        }
        loop {
            if !this.responses.is_empty() {
                let length = this.responses.len().min(buffer.remaining());
                buffer.put_slice(&this.responses.split_to(length));
                return Poll::Ready(Ok(()));
            }
            if !this.inbox.lock().is_empty() {
                return Poll::Pending;
            }
            this.partial.reserve(READ);
            let read = pin!(this.stream.read_buf(&mut this.partial));
            if ready!(read.poll(cx))? == 0 {
                return Poll::Ready(Ok(()));
            }
            this.sort()?;
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gate<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn messages_of_resp2_go_to_the_inbox_and_responses_to_the_client() {
        let message = "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$4\r\n*3\r\n\r\n";
        let subscribed = "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n";
        let pong = "*2\r\n$4\r\npong\r\n$0\r\n\r\n";
        let stream = [subscribed, message, pong, message, message].concat();
        // However the stream is cut.
        for size in 1..stream.len() {
            let (ours, mut theirs) = duplex(1024);
            let inbox = Arc::new(Inbox::default());
            inbox.expect_messages();
            let mut gate = Gate::new(ours, inbox.clone());
            let mut responses = Vec::new();
            let mut messages = 0;
            let write = async {
                for part in stream.as_bytes().chunks(size) {
                    theirs.write_all(part).await.unwrap();
                    tokio::task::yield_now().await;
                }
                drop(theirs);
            };
            let read = async {
                loop {
                    while let Some(message) = inbox.pop() {
                        assert_eq!(&message[..], b"*3\r\n");
                        messages += 1;
                    }
                    let mut buffer = [0; 7];
                    let read = std::future::poll_fn(|cx| {
                        let read = pin!(gate.read(&mut buffer)).poll(cx);
                        match read {
                            Poll::Pending if !inbox.lock().is_empty() => Poll::Ready(None),
                            Poll::Pending => Poll::Pending,
                            Poll::Ready(read) => Poll::Ready(Some(read.unwrap())),
                        }
                    });
                    match read.await {
                        Some(0) => break,
                        Some(read) => responses.extend_from_slice(&buffer[..read]),
                        None => {}
                    }
                }
            };
            tokio::join!(write, read);
            assert_eq!(messages, 3, "{size}");
            let expected = [subscribed, pong].concat();
            assert_eq!(String::from_utf8(responses).unwrap(), expected, "{size}");
        }
    }
}
