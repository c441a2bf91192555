//! [`Step`]: an action of a handler, requested by its client.

use serde::{Deserialize, Serialize};

use crate::random::Random;

/// One action of a handler, chosen by the client that sent the event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Step {
    Yield(u64),
    Sleep(u64),
    Panic,
    Fail,
    /// Emits to the client.
    Emit(u64),
    /// Emits binary data of this size to the client.
    Binary(usize),
    /// Emits a value that panics while it is encoded.
    Bomb,
    Join(u64),
    Leave(u64),
    CloseRoom(u64),
    ToRoom(u64),
    Broadcast,
    /// Calls the client and waits for this many milliseconds at most.
    Call(u64),
    Callback,
    /// Emits later, from a task.
    Spawn(u64),
    LeaveNamespace,
    CloseConnection,
}

impl Step {
    /// Chooses steps of an event.
    pub(crate) fn of_event(random: &mut Random) -> Vec<Step> {
        let count = random.below(4);
        (0..count).map(|_| Step::any(random)).collect()
    }

    fn any(random: &mut Random) -> Step {
        match random.below(100) {
            0..14 => Step::Yield(1 + random.below(4)),
            14..24 => Step::Sleep(random.below(300)),
            24..29 => Step::Panic,
            29..33 => Step::Fail,
            33..47 => Step::Emit(1 + random.below(6)),
            47..52 => Step::Binary(random.pick(&[1, 200, 3_000])),
            52..54 => Step::Bomb,
            54..62 => Step::Join(random.below(4)),
            62..65 => Step::Leave(random.below(4)),
            65..67 => Step::CloseRoom(random.below(4)),
            67..77 => Step::ToRoom(random.below(4)),
            77..82 => Step::Broadcast,
            82..88 => Step::Call(1 + random.below(3_000)),
            88..93 => Step::Callback,
            93..97 => Step::Spawn(random.below(500)),
            97..99 => Step::LeaveNamespace,
            _ => Step::CloseConnection,
        }
    }

    /// Chooses steps of `connect`, where calls fail and nothing reaches others before the client is accepted.
    pub(crate) fn of_connect(random: &mut Random) -> Vec<Step> {
        let count = random.below(3);
        let step = |random: &mut Random| match random.below(100) {
            0..25 => Step::Yield(1 + random.below(4)),
            25..45 => Step::Sleep(random.below(2_000)),
            45..52 => Step::Panic,
            52..59 => Step::Fail,
            59..75 => Step::Emit(1 + random.below(3)),
            75..97 => Step::Join(random.below(4)),
            _ => Step::CloseConnection,
        };
        (0..count).map(|_| step(random)).collect()
    }

    /// Chooses steps of `disconnect`.
    pub(crate) fn of_disconnect(random: &mut Random) -> Vec<Step> {
        let count = random.below(3);
        let step = |random: &mut Random| match random.below(6) {
            0 => Step::Yield(2),
            1 => Step::Sleep(random.below(300)),
            2 => Step::Panic,
            3 => Step::Broadcast,
            4 => Step::Join(1),
            _ => Step::Call(100),
        };
        (0..count).map(|_| step(random)).collect()
    }
}
