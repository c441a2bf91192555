//! The upgrade of a session: the probe of a WebSocket, and its end.

use std::{
    fmt,
    task::{Context, Poll},
};

use super::{Progress, Session, Transport};
use crate::{base::Problem, engine::upgrade::Probe};

impl Session {
    /// Drives an upgrade. Returns `true` when the transport has changed.
    #[inline(always)]
    pub(super) fn poll_probe(&mut self, cx: &mut Context<'_>) -> bool {
        self.probe.is_some() && self.drive_probe(cx)
    }

    fn drive_probe(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(probe) = &mut self.probe else {
            return false;
        };
        let Poll::Ready(outcome) = probe.poll(cx) else {
            return false;
        };
        let Some(probe) = self.probe.take() else {
            return false;
        };
        match outcome {
            Ok(()) => {
                let last = self.shared.complete_upgrade(probe.is_probed());
                if let Some(polling) = &mut self.polling {
                    polling.first_poll = None;
                    polling.posts.extend(last);
                }
                self.transport = Transport::WebSocket(Box::new(probe.into_socket()));
                self.progress = Progress::default();
                true
            }
            Err(reason) => {
                self.abandon(*probe, &reason, cx);
                false
            }
        }
    }

    pub(super) fn abandon(
        &mut self,
        mut probe: Probe,
        reason: &dyn fmt::Display,
        cx: &mut Context<'_>,
    ) {
        match probe.take_failure() {
            Some(failure) => self.report_failure(Problem::UpgradeAbandoned, &failure),
            None => self.report(Problem::UpgradeAbandoned, |details| details.detail(reason)),
        }
        probe.abandon(cx);
        self.shared.abandon_upgrade();
    }

    /// Returns whether an upgrade is under way for which the client stops polling.
    pub(super) fn is_probed(&self) -> bool {
        self.probe.as_ref().is_some_and(|probe| probe.is_probed())
    }
}
