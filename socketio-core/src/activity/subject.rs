//! [`Subject`]: the client or namespace that a record is about.

use std::sync::{Arc, OnceLock};

use crate::base::Sid;

/// What records are about: a namespace, and the id and user of a client. Shared by all records of one client.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) namespace: Arc<str>,
    /// `None` if it is not exactly one client.
    pub(crate) socket: Option<Sid>,
    pub(crate) user: Option<Arc<str>>,
    /// The columns `socket` and `user` as JSON, once a recorder has written them.
    columns: OnceLock<Box<[u8]>>,
}

impl Subject {
    pub(crate) fn new(namespace: Arc<str>, socket: Option<Sid>, user: Option<Arc<str>>) -> Self {
        Subject {
            namespace,
            socket,
            user,
            columns: OnceLock::new(),
        }
    }

    /// Returns the columns `socket` and `user` as JSON, which `write` appends the first time.
    pub(super) fn columns(&self, write: impl FnOnce(&mut Vec<u8>, &Self)) -> &[u8] {
        self.columns.get_or_init(|| {
            let mut json = Vec::new();
            write(&mut json, self);
            json.into()
        })
    }
}
