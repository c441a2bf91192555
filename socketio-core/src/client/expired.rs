//! [`Expired`]: a kept session that its client did not recover.

use std::{fmt, sync::Arc};

use super::{Session, SocketIo};
use crate::{
    base::{Reason, Sid, fault},
    hub::KeptSession,
    node::Node,
};

/// A session that has ended without having been recovered, for [`Recovery::on_expired`](crate::Recovery::on_expired).
#[derive(Clone)]
pub struct Expired {
    io: SocketIo,
    session: Arc<KeptSession>,
}

impl Expired {
    pub(crate) fn new(node: Arc<Node>, session: Arc<KeptSession>) -> Self {
        Expired {
            io: SocketIo::new(node),
            session,
        }
    }

    /// Returns the id that the client had.
    pub fn sid(&self) -> &Sid {
        &self.session.sid
    }

    /// Returns the path of its namespace.
    pub fn namespace(&self) -> &str {
        &self.session.namespace
    }

    /// Returns the rooms that it was in, in the order of joining, without its own.
    pub fn rooms(&self) -> Vec<String> {
        let rooms = self.session.rooms.iter();
        rooms.map(|room| String::from(&**room)).collect()
    }

    /// Returns the key of its user, if it had one.
    pub fn user(&self) -> Option<String> {
        let user = self.session.user.as_ref();
        user.map(|user| String::from(&**user))
    }

    /// Returns why it was disconnected.
    pub fn reason(&self) -> Reason {
        self.session.reason
    }

    /// Returns its session value of type `T`.
    pub fn session<T: Default + Send + 'static>(&self) -> Session<T> {
        Session::new(self.session.value())
    }

    /// Returns the server.
    pub fn io(&self) -> &SocketIo {
        &self.io
    }

    /// Runs the user's handler for it. A panic is logged.
    pub(super) async fn run<F>(self, handler: impl FnOnce(Expired) -> F)
    where
        F: Future<Output = ()> + Unpin,
    {
        let ended = match fault::catch(|| handler(self)) {
            Ok(future) => fault::run(future).await,
            Err(panic) => Err(panic),
        };
        if let Err(panic) = ended {
            tracing::error!(target: "socketio", %panic, "the handler of an expired session panicked");
        }
    }
}

impl fmt::Debug for Expired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expired")
            .field("sid", self.sid())
            .field("namespace", &self.namespace())
            .finish_non_exhaustive()
    }
}
