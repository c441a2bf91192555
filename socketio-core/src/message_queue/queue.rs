//! The traits of a message queue: what a broker implements, and what the cluster's tasks call.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;

use crate::BoxError;

/// A boxed future, which the methods of [`MessageQueue`], [`Publisher`] and [`Subscription`] return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A broker that carries messages from each node of a cluster to all others.
///
/// # Contract
///
/// * A message that is published on a channel reaches every subscription to that channel that was open before, including those of the
///   publisher's own process, and no other channel. Messages need not be kept for later subscriptions.
/// * The messages of one [`Publisher`] arrive in the order in which they were published.
/// * Messages are arbitrary bytes.
/// * Publishers and subscriptions use separate connections, so that the failure of one does not affect the others. Dropping one frees
///   its connection.
/// * No operation retries by itself after a failure: the caller opens a new connection after a pause.
/// * An error of [`publisher`](Self::publisher) or [`subscription`](Self::subscription) names the broker's address, without the
///   password.
/// * A broker that has stopped responding is an error: of [`Subscription::receive`] within a minute, of all others within 30 seconds.
///
/// `MessageQueueContract` of the crate `socketio-test` checks all of this.
pub trait MessageQueue: Send + Sync + 'static {
    /// Opens a connection to publish over.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what has been opened.
    fn publisher<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Publisher>, BoxError>>;

    /// Opens a connection and subscribes to a channel. The future is ready when the broker has confirmed the subscription, which then
    /// receives everything that is published.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what has been opened.
    fn subscription<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, BoxError>>;
}

/// Lets a program choose a queue at run time.
impl<Q: MessageQueue + ?Sized> MessageQueue for Arc<Q> {
    fn publisher<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Publisher>, BoxError>> {
        (**self).publisher(channel)
    }

    fn subscription<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, BoxError>> {
        (**self).subscription(channel)
    }
}

/// Lets a program choose a queue at run time.
impl<Q: MessageQueue + ?Sized> MessageQueue for Box<Q> {
    fn publisher<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Publisher>, BoxError>> {
        (**self).publisher(channel)
    }

    fn subscription<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, BoxError>> {
        (**self).subscription(channel)
    }
}

/// A connection to publish over.
pub trait Publisher: Send + 'static {
    /// Publishes messages in this order. The future is ready when the broker has confirmed all of them.
    ///
    /// # Errors
    ///
    /// A [`Refused`] means that the broker will never accept one message, and has accepted those before it: the caller drops that message
    /// and publishes the remaining ones over the same connection. After any other error the caller drops the connection and publishes
    /// all of `messages` over a new one, so that some of them may arrive twice.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, any of the messages may have been published. The next call either works or returns an error.
    fn publish<'a>(&'a mut self, messages: &'a [Bytes]) -> BoxFuture<'a, Result<(), BoxError>>;
}

/// The error of [`Publisher::publish`] for a message that the broker will never accept, usually because it is too large. The messages
/// before it have been published.
#[derive(Debug)]
pub struct Refused {
    index: usize,
    reason: String,
}

impl Refused {
    /// Creates the error. `index` is the position of the message in the slice, from 0.
    pub fn new(index: usize, reason: impl Into<String>) -> Self {
        Refused {
            index,
            reason: reason.into(),
        }
    }

    /// Returns the position of the refused message in the slice, from 0.
    pub fn index(&self) -> usize {
        self.index
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Refused {}

/// A connection that receives the messages of a channel.
pub trait Subscription: Send + 'static {
    /// Waits for the next message.
    ///
    /// # Errors
    ///
    /// After an error the caller drops the subscription and opens a new one. A broker that has stopped responding is an error within a
    /// minute.
    ///
    /// # Cancel safety
    ///
    /// No message is lost when the future is dropped.
    fn receive(&mut self) -> BoxFuture<'_, Result<Bytes, BoxError>>;
}
