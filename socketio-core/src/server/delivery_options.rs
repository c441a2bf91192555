//! The builder's options of events that run once, and of events that are kept until they are acknowledged.

use super::SocketIoBuilder;
use crate::{delivery::Deliveries, once::Once};

impl SocketIoBuilder {
    /// Sets the options of handlers with `once`: where their responses are stored, for how long and how many. Default:
    /// [`Once::default`], in the memory of this process.
    pub fn once(mut self, once: Once) -> Self {
        self.once = once;
        self
    }

    /// Sets the options of [`To::deliver`](crate::To::deliver): where events are kept, for how long and how many, and what happens to
    /// those that could not be delivered. Default: [`Deliveries::default`], in the memory of this process.
    pub fn deliveries(mut self, deliveries: Deliveries) -> Self {
        self.deliveries = deliveries;
        self
    }
}
