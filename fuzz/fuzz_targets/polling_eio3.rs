//! Bodies of POSTs: Engine.IO payloads of version 3, as text and binary, and the packets in them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use socketio_fuzz::Bench;

fuzz_target!(|input: &[u8]| {
    Bench::with(
        |builder| builder,
        async |io, _| {
            let bodies: Vec<_> = input.split(|byte| *byte == 0xfe).take(4).collect();
            Bench::poll(&io, "3", Some("8:40/chat,"), &bodies).await;
        },
    );
});
