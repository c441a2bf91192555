//! [`Pending`]: an operation that has begun and can be awaited.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

/// An operation that can be awaited. What it sends has been sent already, so dropping it does not cancel it. Several can be
/// pending at once.
///
/// ```
/// # use socketio::SocketIo;
/// # use socketio_test::TestClient;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> socketio::Result {
/// # let io = SocketIo::bare().on("first", || ()).on("second", || 2).build()?;
/// # let client = TestClient::connect(&io, "/").await?;
/// drop(client.emit("first", ()));
/// let second = client.call::<u8>("second", ()); // does not wait for the first
/// assert_eq!(second.await?, 2);
/// # Ok(())
/// # }
/// ```
#[must_use = "await it to know how it ended, or `drop` it"]
pub struct Pending<T>(Pin<Box<dyn Future<Output = T> + Send>>);

impl<T> Pending<T> {
    pub(crate) fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        Pending(Box::pin(future))
    }
}

impl<T> Future for Pending<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.0.as_mut().poll(cx)
    }
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}
