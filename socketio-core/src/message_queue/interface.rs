//! What a message queue has to do.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;

use crate::BoxError;

/// What the operations of a queue return: a future, in a box, that may fail.
pub type Eventually<'a, T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send + 'a>>;

/// A broker that carries messages from each server of a cluster to all others.
///
/// What is published on a channel comes to everyone who is subscribed to it by then, the publisher itself included. Messages need
/// not be kept for those who come later. The order of one publisher's messages has to be kept.
///
/// Publishing and listening are connections of their own, so that trouble with one leaves the other alone. Each is opened anew when
/// it has failed, after a pause; no operation here tries anything again by itself.
pub trait MessageQueue: Send + Sync + 'static {
    /// Opens a connection to publish over.
    ///
    /// Dropping the future gives up.
    fn publisher<'a>(&'a self, channel: &'a str) -> Eventually<'a, Box<dyn Publisher>>;

    /// Opens a connection and subscribes. Ready when the broker has confirmed it: what is published from then on comes.
    ///
    /// Dropping the future gives up.
    fn subscription<'a>(&'a self, channel: &'a str) -> Eventually<'a, Box<dyn Subscription>>;
}

/// So that a program can choose among several at run time.
impl<Q: MessageQueue + ?Sized> MessageQueue for Arc<Q> {
    fn publisher<'a>(&'a self, channel: &'a str) -> Eventually<'a, Box<dyn Publisher>> {
        (**self).publisher(channel)
    }

    fn subscription<'a>(&'a self, channel: &'a str) -> Eventually<'a, Box<dyn Subscription>> {
        (**self).subscription(channel)
    }
}

/// As for `Arc`.
impl<Q: MessageQueue + ?Sized> MessageQueue for Box<Q> {
    fn publisher<'a>(&'a self, channel: &'a str) -> Eventually<'a, Box<dyn Publisher>> {
        (**self).publisher(channel)
    }

    fn subscription<'a>(&'a self, channel: &'a str) -> Eventually<'a, Box<dyn Subscription>> {
        (**self).subscription(channel)
    }
}

/// A connection to publish over.
pub trait Publisher: Send + 'static {
    /// Publishes messages, in this order; ready when the broker has taken all of them.
    ///
    /// After an error this connection is dropped, and all of `messages` are published over a new one: some of them may come twice. An
    /// error that is a [`Refused`] says instead that one message will never be taken, and that those before it were: it is dropped,
    /// and what follows is published over the same connection.
    fn publish<'a>(&'a mut self, messages: &'a [Bytes]) -> Eventually<'a, ()>;
}

/// A message that the broker will never take, too large mostly; those before it have been taken. An error for
/// [`Publisher::publish`].
#[derive(Debug)]
pub struct Refused {
    index: usize,
    why: String,
}

impl Refused {
    /// `index` is its place among the messages, counted from 0.
    pub fn new(index: usize, why: impl Into<String>) -> Self {
        Refused {
            index,
            why: why.into(),
        }
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Refused {}

/// A connection to listen on.
pub trait Subscription: Send + 'static {
    /// Waits for the next message. To drop the future must lose none.
    ///
    /// After an error this connection is dropped, and a new one is opened. A broker that has vanished without a word has to be an
    /// error within a minute or so.
    fn next(&mut self) -> Eventually<'_, Bytes>;
}
