//! `describe()` lists what a server handles.

use socketio::{SocketIo, handlers};

use crate::definitions::{Hall, count, on_error};

#[test]
fn a_server_describes_what_it_handles() {
    let io = SocketIo::bare()
        .handlers(handlers![count, on_error])
        .namespace(Hall)
        .state(1_u32)
        .build()
        .unwrap();
    let table = io.describe().to_string();
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(
        lines[0].starts_with("/      count     count(State<u32>)  tests/startup/definitions.rs:"),
        "{table}"
    );
    assert!(lines[1].contains("on_error(HandlerError)"), "{table}");
    assert!(
        lines[2].starts_with("/hall  hello     Hall::on_hello()"),
        "{table}"
    );
}
