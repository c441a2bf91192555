//! A program that depends on the library but does not mention it: the linker omits it, with its handlers.
//!
//! This is how Rust links. The test keeps the documentation of it correct.

fn main() {
    println!("{:?}", socketio::SocketIo::builder().build());
}

#[cfg(test)]
mod tests {
    use socketio::SocketIo;

    #[test]
    fn a_library_that_is_not_mentioned_registers_no_handlers() {
        SocketIo::builder().build().expect("no handler needs a state");
    }
}
