//! The outputs for the example `contract`, word for word. `UPDATE_CONTRACT=1` writes them.

use socketio::{SocketIo, contract::Contract};

/// The example's contract.
fn contract() -> Contract {
    let io = SocketIo::builder().build().unwrap();
    io.contract().title("Chat").version("1.0.0")
}

#[test]
fn the_outputs_for_the_example_are_unchanged() {
    let contract = contract();
    assert_eq!(contract.warnings(), [""; 0]);
    for file in ["events.d.ts", "asyncapi.json", "contract.json"] {
        contract.assert_matches(format!("tests/contract/golden/{file}"));
    }
}
