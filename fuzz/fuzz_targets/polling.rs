//! Bodies of POSTs: Engine.IO payloads of version 4, and the packets in them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use socketio_fuzz::Bench;

fuzz_target!(|input: &[u8]| {
    Bench::with(
        |builder| builder,
        async |io, _| {
            let bodies: Vec<_> = input.split(|byte| *byte == 0xff).take(4).collect();
            Bench::poll(&io, "4", Some("40\u{1e}40/chat,"), &bodies).await;
        },
    );
});
