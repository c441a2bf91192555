//! [`UploadError`]: why an upload is incomplete.

use std::{error::Error, fmt, time::Duration};

/// Why an [`Upload`](crate::Upload) ended before its last chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UploadError {
    /// The client has left, or its uploads were [cancelled](crate::Socket::cancel_streams).
    Aborted,
    /// No chunk has arrived for [`upload_timeout`](crate::SocketIoBuilder::upload_timeout).
    TimedOut(Duration),
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UploadError::Aborted => f.write_str("the upload was aborted"),
            UploadError::TimedOut(timeout) => {
                write!(f, "no chunk of the upload has arrived for {timeout:?}")
            }
        }
    }
}

impl Error for UploadError {}
