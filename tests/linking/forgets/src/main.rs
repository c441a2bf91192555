//! A program that depends on the library and does not mention it: the compiler leaves it out, and its handlers with it.
//!
//! This is how Rust links. The test is here so that the documentation, which says so, stays true.

fn main() {
    println!("{:?}", socketio::SocketIo::builder().build());
}

#[cfg(test)]
mod tests {
    use socketio::SocketIo;

    #[test]
    fn a_library_that_is_not_mentioned_brings_nothing() {
        SocketIo::builder().build().expect("no handler asks for anything");
    }
}
