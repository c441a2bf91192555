//! [`ResponseBody`]: the body of a response of this server.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use tokio::sync::mpsc;

/// The body of a response of this server: text or bytes, or a stream of
/// [Server-Sent Events](crate::SocketIoBuilder::history_http).
#[derive(Debug)]
pub struct ResponseBody(Form);

#[derive(Debug)]
enum Form {
    Full(Full<Bytes>),
    Stream(mpsc::Receiver<Bytes>),
}

impl ResponseBody {
    /// Creates a body of the chunks that are sent until the sender is dropped.
    pub(crate) fn stream(chunks: mpsc::Receiver<Bytes>) -> Self {
        ResponseBody(Form::Stream(chunks))
    }
}

impl From<Full<Bytes>> for ResponseBody {
    fn from(body: Full<Bytes>) -> Self {
        ResponseBody(Form::Full(body))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            Form::Full(body) => Pin::new(body).poll_frame(cx),
            Form::Stream(chunks) => {
                let chunk = ready!(chunks.poll_recv(cx));
                Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Form::Full(body) => body.is_end_stream(),
            Form::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Form::Full(body) => body.size_hint(),
            Form::Stream(_) => SizeHint::default(),
        }
    }
}
