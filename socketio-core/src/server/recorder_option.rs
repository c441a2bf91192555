//! The recorder of a server: its option, and its start in `build()`.

use std::sync::Arc;

use super::SocketIoBuilder;
use crate::{
    activity::ActivityOptions,
    base::BuildError,
    recorder::{Recorder, RecordingSink},
};

impl SocketIoBuilder {
    /// Adds a [`Recorder`], which writes connections and events into files. A server has at most one. Default: none.
    pub fn recorder(mut self, recorder: Recorder) -> Self {
        if self.recorder.replace(recorder).is_some() {
            self.problems.push(String::from(
                "`recorder` is given twice, but a server has one: remove one",
            ));
        }
        self
    }
}

/// Starts the recorder of a node, once the options of the server are valid.
pub(super) fn start(
    recorder: Option<Recorder>,
    node: &str,
    activity: &mut ActivityOptions,
) -> Result<Option<Arc<RecordingSink>>, BuildError> {
    let Some(recorder) = recorder else {
        return Ok(None);
    };
    match recorder.start(node) {
        Ok(recorder) => {
            activity.sinks.push(Arc::clone(&recorder) as _);
            Ok(Some(recorder))
        }
        Err(error) => {
            let problem = format!("`recorder`: the system provides no thread ({error})");
            BuildError::check(vec![problem]).map(|()| None)
        }
    }
}
