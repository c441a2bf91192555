//! How much a connection may do before other tasks get their turn.
//!
//! The policy of a connection's task, in order: the requests of other tasks, the transport (which reads, writes and keeps the
//! heartbeat), then handlers. So handlers can't starve the I/O of their own connection: the transport is polled first, and
//! outside of tokio's cooperative budget, which handlers may have used up. A turn that is over is continued in the task's next
//! poll, when other tasks have run.

use std::{
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use crate::{base::turn_clock, counters::Counters};

/// Rounds of one turn. In each the transport is polled, which reads one message and writes up to 64 (`engine/websocket/mod.rs`).
const ROUNDS: usize = 64;

/// Bytes read in one turn, and bytes written.
const BYTES: usize = 256 * 1024;

/// How long handlers may run in one turn. One handler that computes for longer ends its turn, too.
const TIME: Duration = Duration::from_millis(1);

/// The share of one turn that is used up.
#[derive(Debug)]
pub(super) struct Turn {
    rounds: usize,
    messages_read: usize,
    read: usize,
    messages_written: usize,
    written: usize,
    /// A handler has run: the clock is read.
    is_timed: bool,
    over: bool,
}

impl Turn {
    pub(super) fn new() -> Self {
        Turn {
            rounds: 0,
            messages_read: 0,
            read: 0,
            messages_written: 0,
            written: 0,
            is_timed: false,
            over: false,
        }
    }

    /// Counts one round of the connection's task.
    #[inline]
    pub(super) fn round(&mut self) {
        self.rounds += 1;
        self.over |= self.rounds >= ROUNDS;
    }

    /// Counts a message that was read.
    #[inline]
    pub(super) fn read(&mut self, bytes: usize) {
        self.messages_read += 1;
        self.read += bytes;
        self.over |= self.read >= BYTES;
    }

    /// Counts written messages.
    #[inline]
    pub(super) fn write(&mut self, messages: usize, bytes: usize) {
        self.messages_written += messages;
        self.written += bytes;
        self.over |= self.written >= BYTES;
    }

    /// Adds what was read and written to the counters of the server.
    pub(super) fn count(&self, counters: &Counters) {
        if self.messages_read > 0 {
            counters.messages_received.add(self.messages_read as u64);
            counters.bytes_received.add(self.read as u64);
        }
        if self.messages_written > 0 {
            counters.messages_sent.add(self.messages_written as u64);
            counters.bytes_sent.add(self.written as u64);
        }
    }

    /// A handler is about to run.
    #[inline]
    pub(super) fn handler_starts(&mut self) {
        if !self.is_timed {
            self.is_timed = true;
            turn_clock::start(TIME);
        }
    }

    /// A handler has ended, or waits.
    #[inline]
    pub(super) fn handler_paused(&mut self) {
        self.over |= turn_clock::is_over();
    }

    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Ends the poll of the task, to be continued after other tasks.
    ///
    /// As `yield_now`, not by waking the task itself: it is woken after the runtime has looked for I/O. A task that wakes itself
    /// would keep a worker from that for dozens of its polls, and all other clients with it.
    pub(super) fn yield_to_others(cx: &mut Context<'_>) -> Poll<()> {
        let _ = pin!(tokio::task::yield_now()).poll(cx);
        Poll::Pending
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.is_timed {
            turn_clock::stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_ends_at_its_limits_of_rounds_and_bytes() {
        let mut turn = Turn::new();
        for _ in 1..ROUNDS {
            turn.round();
        }
        assert!(!turn.is_over());
        turn.round();
        assert!(turn.is_over());

        let write = |turn: &mut Turn, bytes| turn.write(1, bytes);
        for count in [Turn::read, write] {
            let mut turn = Turn::new();
            count(&mut turn, BYTES - 1);
            assert!(!turn.is_over());
            count(&mut turn, 1);
            assert!(turn.is_over());
        }
    }

    #[test]
    fn a_turn_ends_when_handlers_have_used_its_time() {
        let mut turn = Turn::new();
        turn.handler_starts();
        turn.handler_paused();
        assert!(!turn.is_over());
        let begun = turn_clock::recent();
        while turn_clock::now().since(begun) < TIME {}
        turn.handler_paused();
        assert!(turn.is_over());
    }
}
