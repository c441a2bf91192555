//! Packets of Socket.IO as MessagePack.

#![no_main]

use libfuzzer_sys::fuzz_target;
use socketio_core::{
    Message,
    parser::{Codec, MsgPack},
};
use socketio_fuzz::{messages, round_trip};

fuzz_target!(|input: &[u8]| {
    let codec = Codec::new(MsgPack::default());
    // Most inputs are one message.
    round_trip(&codec, vec![Message::Binary(input.to_vec().into())]);
    round_trip(&codec, messages(input));
});
