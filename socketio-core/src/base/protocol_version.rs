//! [`ProtocolVersion`]: which version of the protocol a client speaks.

/// The version of the protocol that a client speaks, named after that of Engine.IO.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProtocolVersion {
    /// Engine.IO 3 with Socket.IO 3 or 4: JavaScript clients 1.x and 2.x, Python clients 4.x, Java clients 1.x.
    Eio3,
    /// Engine.IO 4 with Socket.IO 5: all current clients.
    #[default]
    Eio4,
}
