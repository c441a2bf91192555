//! How much a connection may do before other tasks get their turn.
//!
//! The policy of a connection's task, in order: what others asked of it, the transport (which reads, writes and keeps the
//! heartbeat), then handlers. So handlers can't starve the I/O of their own connection: the transport is polled first, and
//! outside of tokio's cooperative budget, which handlers may have used up. A turn that is over is continued in the task's next
//! poll, when other tasks have run.

use std::{
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use crate::base::turn_clock;

/// Steps of one turn: packets read, or rounds of handlers.
const STEPS: usize = 64;

/// Bytes read in one turn.
const BYTES: usize = 256 * 1024;

/// How long handlers may run in one turn. One handler that computes for longer ends its turn, too.
const TIME: Duration = Duration::from_millis(1);

/// The share of one turn that is used up.
#[derive(Debug)]
pub(super) struct Turn {
    steps: usize,
    bytes: usize,
    /// A handler has run: the clock is read.
    is_timed: bool,
    over: bool,
}

impl Turn {
    pub(super) fn new() -> Self {
        Turn {
            steps: 0,
            bytes: 0,
            is_timed: false,
            over: false,
        }
    }

    /// Counts one round of the connection's task.
    pub(super) fn step(&mut self) {
        self.steps += 1;
        self.over |= self.steps >= STEPS;
    }

    /// Counts what was read.
    pub(super) fn read(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.over |= self.bytes >= BYTES;
    }

    /// A handler is about to run.
    pub(super) fn handler_starts(&mut self) {
        if !self.is_timed {
            self.is_timed = true;
            turn_clock::start(TIME);
        }
    }

    /// A handler has ended, or waits.
    pub(super) fn handler_paused(&mut self) {
        self.over |= turn_clock::is_over();
    }

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
    fn a_turn_ends_after_so_many_steps_or_bytes() {
        let mut turn = Turn::new();
        for _ in 1..STEPS {
            turn.step();
        }
        assert!(!turn.is_over());
        turn.step();
        assert!(turn.is_over());

        let mut turn = Turn::new();
        turn.read(BYTES - 1);
        assert!(!turn.is_over());
        turn.read(1);
        assert!(turn.is_over());
    }

    #[test]
    fn a_turn_ends_when_handlers_have_used_its_time() {
        let mut turn = Turn::new();
        turn.handler_starts();
        turn.handler_paused();
        assert!(!turn.is_over());
        let begun = turn_clock::recent();
        while turn_clock::elapsed(begun) < TIME {}
        turn.handler_paused();
        assert!(turn.is_over());
    }
}
