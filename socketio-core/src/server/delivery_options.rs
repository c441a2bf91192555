//! The builder's options of events that run once.

use super::SocketIoBuilder;
use crate::once::Once;

impl SocketIoBuilder {
    /// Sets the options of handlers with `once`: where their responses are stored, for how long and how many. Default:
    /// [`Once::default`], in the memory of this process.
    pub fn once(mut self, once: Once) -> Self {
        self.once = once;
        self
    }
}
