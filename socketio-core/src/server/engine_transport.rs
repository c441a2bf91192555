//! An Engine.IO session as a [`Transport`] of a connection.

use std::task::{Context, Poll};

use crate::{
    base::{ProtocolVersion, Reason},
    engine,
    transport::{Incoming, Outgoing, Transport},
};

impl Transport for engine::Session {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        outgoing: &mut dyn Outgoing,
        read: bool,
    ) -> Poll<Incoming> {
        engine::Session::poll(self, cx, outgoing, read).map(|event| match event {
            engine::Event::Message(message) => Incoming::Message(message, None),
            engine::Event::Closed(reason) => Incoming::Closed(reason.into()),
        })
    }

    fn can_write(&self) -> bool {
        engine::Session::can_write(self)
    }

    fn close(&mut self, reason: Reason) {
        engine::Session::close(
            self,
            match reason {
                Reason::ParseError => engine::CloseReason::ParseError,
                Reason::ServerShutdown => engine::CloseReason::ServerShutdown,
                // A client that reads too slowly.
                Reason::TransportError => engine::CloseReason::TransportError,
                _ => engine::CloseReason::ServerClose,
            },
        );
    }

    fn ask_for_arrival(&mut self) -> bool {
        engine::Session::ask_for_pong(self)
    }

    fn has_arrived(&self) -> bool {
        engine::Session::has_pong(self)
    }

    fn name(&self) -> &'static str {
        self.transport().as_str()
    }

    fn protocol_version(&self) -> ProtocolVersion {
        engine::Session::protocol_version(self)
    }
}

impl From<engine::CloseReason> for Reason {
    fn from(reason: engine::CloseReason) -> Self {
        use engine::CloseReason;

        match reason {
            CloseReason::ForcedClose => Reason::ClientClose,
            CloseReason::PingTimeout => Reason::PingTimeout,
            CloseReason::ParseError => Reason::ParseError,
            CloseReason::TransportError => Reason::TransportError,
            CloseReason::ServerClose => Reason::ServerClose,
            CloseReason::ServerShutdown => Reason::ServerShutdown,
            CloseReason::TransportClose => Reason::TransportClose,
        }
    }
}
