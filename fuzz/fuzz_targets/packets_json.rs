//! Packets of Socket.IO as JSON, with attachments.

#![no_main]

use libfuzzer_sys::fuzz_target;
use socketio_core::parser::{Codec, Json};
use socketio_fuzz::{messages, round_trip};

fuzz_target!(|input: &[u8]| {
    round_trip(&Codec::new(Json::default()), messages(input));
});
