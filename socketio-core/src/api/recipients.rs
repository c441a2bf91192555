//! [`Recipients`]: the part of a body that selects clients.

use serde::Deserialize;
use socketio_names::Pattern;

use super::reply::ApiError;
use crate::client::{SocketIo, To};

/// One name, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a string or an array of strings")]
pub(super) enum Names {
    One(String),
    Several(Vec<String>),
}

impl Names {
    pub(super) fn into_vec(self) -> Vec<String> {
        match self {
            Names::One(name) => vec![name],
            Names::Several(names) => names,
        }
    }
}

/// Selects clients of a namespace. Absent lists are ignored; empty lists match no client.
#[derive(Debug, Default)]
pub(super) struct Recipients {
    pub(super) namespace: Option<String>,
    pub(super) rooms: Option<Names>,
    pub(super) sockets: Option<Names>,
    pub(super) user: Option<String>,
    pub(super) except: Option<Names>,
    pub(super) skip: Option<Names>,
}

impl Recipients {
    /// Returns whether it names clients, rather than everyone.
    pub(super) fn is_narrow(&self) -> bool {
        self.rooms.is_some() || self.sockets.is_some() || self.user.is_some()
    }

    /// Returns them as recipients of an emit.
    pub(super) fn address(self, io: &SocketIo) -> Result<To, ApiError> {
        let mut to = io.of(&namespace(self.namespace)?);
        for names in [self.rooms, self.sockets].into_iter().flatten() {
            to = to.to(names.into_vec());
        }
        if let Some(user) = self.user {
            to = to.to_user(user);
        }
        if let Some(except) = self.except {
            to = to.except(except.into_vec());
        }
        if let Some(skip) = self.skip {
            to = to.skip(skip.into_vec());
        }
        Ok(to)
    }
}

/// Checks the path of a namespace. Default: `/`.
pub(super) fn namespace(path: Option<String>) -> Result<String, ApiError> {
    let path = path.unwrap_or_else(|| String::from("/"));
    match Pattern::parse_exact(&path) {
        Ok(Some(path)) => Ok(path),
        Ok(None) => Err(ApiError::invalid(
            "namespace",
            format!("`namespace` must be a path, not the pattern {path:?}"),
        )),
        Err(error) => Err(ApiError::invalid(
            "namespace",
            format!("a namespace {error}"),
        )),
    }
}
