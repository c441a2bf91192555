//! Drops waiting events of an [`OutboxQueue`] for a new one, under the overflow policies `DropOldest` and `LatestPerKey`.

use std::sync::Arc;

use super::outbox_queue::OutboxQueue;
use crate::base::Message;

impl OutboxQueue {
    /// Drops events until there is room for a new event with this key. Returns false if there is not enough that may be dropped.
    pub(super) fn make_room(
        &mut self,
        added: usize,
        size: usize,
        times: usize,
        key: Option<&Arc<str>>,
    ) -> bool {
        while self.exceeds(added, size, times) {
            let victim = self
                .droppable
                .as_mut()
                .and_then(|droppable| droppable.take(key.map(|key| &**key)));
            let Some(victim) = victim else {
                return false;
            };
            match victim.is_superseded {
                true => self.replaced.superseded += 1,
                false => self.replaced.oldest += 1,
            }
            // Can't underflow: `written` removes events before the position of the first waiting message.
            let index = (victim.position - self.position) as usize;
            for message in self.messages.range_mut(index..index + victim.messages) {
                let dropped = std::mem::replace(message, Message::Text("".into()));
                self.share.take(dropped.len(), self.bytes);
                self.bytes -= dropped.len();
            }
            self.holes += victim.messages;
            self.compact();
        }
        true
    }

    /// Removes the holes, if there are more of them than messages.
    fn compact(&mut self) {
        let sparse = self
            .droppable
            .as_ref()
            .is_some_and(|droppable| droppable.is_sparse());
        let holes = self.holes > 64 && self.holes > self.messages.len() / 2;
        let Some(droppable) = self.droppable.as_mut().filter(|_| sparse || holes) else {
            return;
        };
        let mut before = 0;
        let mut examined = 0;
        let (first, messages) = (self.position, &self.messages);
        **droppable = droppable.renumbered(|position| {
            let index = (position - first) as usize;
            before += messages
                .range(examined..index)
                .filter(|one| is_hole(one))
                .count() as u64;
            examined = index;
            position - before
        });
        self.messages.retain(|message| !is_hole(message));
        self.holes = 0;
    }
}

/// Returns whether a message was dropped. Packets have no empty messages.
pub(super) fn is_hole(message: &Message) -> bool {
    matches!(message, Message::Text(text) if text.is_empty())
}
