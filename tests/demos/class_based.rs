//! Flask-SocketIO's demo, as `examples/class_based.rs` has it.

#[allow(dead_code, reason = "`main` is for `cargo run`")]
#[path = "../../examples/class_based.rs"]
mod example;
mod played;

use socketio::SocketIo;

#[tokio::test]
async fn the_demo_does_what_flasks_does() {
    played::is_played(SocketIo::builder().build().unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn the_background_task_is_heard_every_ten_seconds() {
    let io = SocketIo::builder().build().unwrap();
    io.spawn(example::background);
    played::is_heard_by(io).await;
}
