//! The builder's limits of what clients may send, and of what the server stores for them.

use std::time::Duration;

use super::SocketIoBuilder;
use crate::admission::OverflowPolicy;

impl SocketIoBuilder {
    /// Sets how many events of one client may be handled concurrently, where that is allowed. Default: 64.
    pub fn max_concurrent_events(mut self, events: usize) -> Self {
        self.options.concurrent_events = events;
        self
    }

    /// Sets how many events of one client may wait for their handler, in each namespace. While more wait, the server
    /// does not read from the connection. Default: 256.
    pub fn max_waiting_events(mut self, events: usize) -> Self {
        self.options.inbox_events = events;
        self
    }

    /// Sets how much may wait to be written to one client. Default: 65,536 messages and 16 MiB (16,777,216 bytes).
    ///
    /// What a handler emits between two awaits can't be written meanwhile, so a burst may take four times as much. A handler
    /// that emits more to its own client fails: [`EmitError::is_outbox_full`](crate::EmitError::is_outbox_full). A client that
    /// has had its turn to read and stays over the limits is treated as the
    /// [`overflow_policy`](SocketIoBuilder::overflow_policy) says.
    pub fn max_outbox(mut self, messages: usize, bytes: usize) -> Self {
        self.options.outbox.messages = messages;
        self.options.outbox.bytes = bytes;
        self
    }

    /// Sets what happens when [`max_outbox`](SocketIoBuilder::max_outbox) is exceeded. Default: the client is
    /// disconnected if it stays over the limits for one second.
    pub fn overflow_policy(mut self, policy: OverflowPolicy) -> Self {
        self.options.outbox.policy = policy;
        self
    }

    /// Sets how many namespaces one connection may be in. Default: 100.
    pub fn max_namespaces(mut self, namespaces: usize) -> Self {
        self.options.namespaces = namespaces;
        self
    }

    /// Sets how many [streams](crate::EventStream) may run for one connection, in all its namespaces. One more fails: its event is
    /// acknowledged with `{"error": "too many streams"}`. Default: 16.
    pub fn max_streams(mut self, streams: usize) -> Self {
        self.options.streams = streams;
        self
    }

    /// Sets how many [detached](crate::StreamTo::detached) streams, which continue without their clients, may run on the server. One
    /// more fails as with [`max_streams`](SocketIoBuilder::max_streams). Default: 1,000.
    pub fn max_detached_streams(mut self, streams: usize) -> Self {
        self.options.detached_streams = streams;
        self
    }

    /// Sets how long a stream may take. It is dropped then, and its event is acknowledged with
    /// `{"error": "the stream took too long"}`. Default: one hour.
    pub fn max_stream_duration(mut self, duration: Duration) -> Self {
        self.options.stream_duration = duration;
        self
    }

    /// Sets the size of the largest [upload](crate::Upload), in bytes. One that declares more is refused at its first chunk. Default:
    /// 64 MiB (67,108,864 bytes).
    pub fn max_upload_size(mut self, bytes: u64) -> Self {
        self.options.upload_size = bytes;
        self
    }

    /// Sets how long a client may take to send the next chunk of an [upload](crate::Upload). The upload then ends with
    /// [`UploadError::TimedOut`](crate::UploadError::TimedOut). Default: 60 seconds.
    pub fn upload_timeout(mut self, timeout: Duration) -> Self {
        self.options.upload_timeout = timeout;
        self
    }

    /// Sets how many rooms one client may be in. Default: 1,000.
    pub fn max_rooms(mut self, rooms: usize) -> Self {
        self.options.limits.rooms = rooms;
        self
    }

    /// Sets how many acknowledgements of one client may be pending; of all clients of one connection, four times as many. When
    /// it is exceeded, the oldest pending callback is dropped. Default: 1,000.
    pub fn max_pending_acks(mut self, acks: usize) -> Self {
        self.options.limits.pending_acks = acks;
        self
    }

    /// Sets how many [callbacks](crate::To::callback) may run for acknowledgements of one connection, in all its namespaces. While as
    /// many run, the server does not read from the connection. Default: 256.
    pub fn max_running_callbacks(mut self, callbacks: usize) -> Self {
        self.options.running_callbacks = callbacks;
        self
    }

    /// Sets how many attachments (binary values) one packet of a client may have. One with more closes the connection.
    /// Default: 10, as in the JavaScript parser.
    pub fn max_attachments(mut self, attachments: usize) -> Self {
        self.options.packets.max_attachments = attachments;
        self
    }

    /// Sets how many attachments (binary values) one packet to clients may have. An event with more is not sent: `emit`
    /// fails, and a return value is replaced by the acknowledgement of a failed event. Default: 10, because current
    /// JavaScript clients disconnect with `parse error` when they receive more.
    ///
    /// Applies to the default parser; other parsers decide for themselves.
    pub fn max_outgoing_attachments(mut self, attachments: usize) -> Self {
        self.options.outgoing_attachments = attachments;
        self
    }
}
