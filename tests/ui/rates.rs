//! Invalid rates.

#[socketio::event(rate = "often")]
fn no_rate() {}

#[socketio::on("b", rate = "10/day")]
fn no_time() {}

#[socketio::on("c", rate = "10/s burst 0")]
fn no_burst() {}

#[socketio::on("d", rate = 10)]
fn no_text() {}

#[socketio::on("e", per = "user")]
fn no_rate_at_all() {}

#[socketio::on("f", rate = "10/s", per = "room")]
fn no_owner() {}

#[socketio::event(rate = "10/s")]
fn connect() {}

fn main() {}
