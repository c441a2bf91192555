//! [`Upload`]: the chunks of an upload, as an argument of its handler.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, Stream, future::BoxFuture};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{
    sync::mpsc,
    time::{Instant, Sleep, sleep},
};

use super::{
    upload_error::UploadError,
    upload_state::{Chunk, ChunkHeader, Known, UploadState, Uploads},
};
use crate::{
    base::BoxError,
    handler::{EventContext, FromEvent, Needs},
};

/// An upload: data that a client sends in chunks, one event for each, as a stream of `Bytes`.
///
/// The first argument of each event is an object with the `id` of the upload, which the client chooses, the `offset` of the chunk
/// and the `total` size in bytes; the second one is the chunk. The other entries of the object are `M`, such as a name and a type. The
/// handler runs once, from the first chunk on. A chunk is acknowledged with `{"received": bytes}` when the handler has taken it, the
/// last one with the handler's return value. A chunk that is sent again, because its acknowledgement was lost, is acknowledged and
/// not passed on.
///
/// ```
/// use futures_util::StreamExt;
/// use socketio_core::{Upload, UploadError};
///
/// #[derive(serde::Deserialize)]
/// struct File {
///     name: String,
/// }
///
/// async fn upload(mut upload: Upload<File>) -> Result<u64, UploadError> {
///     println!("{}: {} bytes", upload.meta().name, upload.total());
///     while let Some(chunk) = upload.next().await {
///         println!("{} bytes more", chunk?.len());
///     }
///     Ok(upload.received())
/// }
/// ```
///
/// The stream ends after `total` bytes; earlier, with an error, if the client leaves or sends nothing for
/// [`upload_timeout`](crate::SocketIoBuilder::upload_timeout). The client's other events, including those of other uploads, are
/// handled in the meantime. Limits: [`max_upload_size`](crate::SocketIoBuilder::max_upload_size) for an upload,
/// [`max_streams`](crate::SocketIoBuilder::max_streams) for uploads and streams of one connection together, and
/// [`max_http_buffer_size`](crate::SocketIoBuilder::max_http_buffer_size) for a chunk.
///
/// Guards and middleware run only for the first chunk.
#[must_use = "an upload waits until its chunks are taken"]
pub struct Upload<M = Value> {
    meta: M,
    state: Arc<UploadState>,
    chunks: mpsc::Receiver<Chunk>,
    received: u64,
    aborted: BoxFuture<'static, ()>,
    timeout: Duration,
    idle: Pin<Box<Sleep>>,
    is_over: bool,
}

impl<M> Upload<M> {
    /// Returns the other entries of the object that describes the upload, besides `id`, `offset` and `total`.
    pub fn meta(&self) -> &M {
        &self.meta
    }

    /// Returns the total size of all chunks in bytes, as the client has declared it. More is never received.
    pub fn total(&self) -> u64 {
        self.state.total
    }

    /// Returns how many bytes the stream has yielded.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Collects all chunks. Memory is allocated as they arrive.
    ///
    /// # Errors
    ///
    /// [`UploadError`] if the upload ends before its last chunk.
    pub async fn bytes(mut self) -> Result<Vec<u8>, UploadError> {
        let mut all = Vec::new();
        while let Some(chunk) = std::future::poll_fn(|cx| self.poll_chunk(cx)).await {
            all.extend_from_slice(&chunk?);
        }
        Ok(all)
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, UploadError>>> {
        if self.is_over || self.received == self.state.total {
            return Poll::Ready(None);
        }
        if let Poll::Ready(Some((chunk, taken))) = self.chunks.poll_recv(cx) {
            self.received += chunk.len() as u64;
            self.idle.as_mut().reset(Instant::now() + self.timeout);
            // Its event may have been dropped.
            let _ = taken.send(());
            return Poll::Ready(Some(Ok(chunk)));
        }
        let error = match self.aborted.poll_unpin(cx) {
            Poll::Ready(()) => UploadError::Aborted,
            Poll::Pending => {
                ready!(self.idle.as_mut().poll(cx));
                UploadError::TimedOut(self.timeout)
            }
        };
        self.is_over = true;
        Poll::Ready(Some(Err(error)))
    }
}

impl<M: Unpin> Stream for Upload<M> {
    type Item = Result<Bytes, UploadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_chunk(cx)
    }
}

impl<M> fmt::Debug for Upload<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("total", &self.state.total)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

impl<M: DeserializeOwned> FromEvent for Upload<M> {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        let argument: Value = cx.next()?;
        let header: ChunkHeader = serde_json::from_value(argument.clone())?;
        let meta = serde_json::from_value(argument)?;
        // The dispatcher has the chunk.
        let _: Bytes = cx.next()?;
        let socket = cx.socket();
        let uploads = socket.client().data::<Uploads>();
        let known = uploads.with(|uploads| uploads.get(cx.name(), &header.id));
        let Some(Known::Running(state)) = known else {
            return Err("an `Upload` is an argument of events alone".into());
        };
        let chunks = state.take_incoming();
        let chunks = chunks.ok_or("a handler takes one `Upload`")?;
        let timeout = socket.node().options.upload_timeout;
        let cancel = Arc::clone(&state.entry.cancel);
        Ok(Upload {
            meta,
            state,
            chunks,
            received: 0,
            aborted: async move { cancel.cancelled().await }.boxed(),
            timeout,
            idle: Box::pin(sleep(timeout)),
            is_over: false,
        })
    }

    fn needs(needs: &mut Needs) {
        needs.upload();
    }
}
