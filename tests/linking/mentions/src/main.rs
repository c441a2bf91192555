//! A program that mentions the library, by name only: that is enough.

use handlers as _;

fn main() {
    println!("{:?}", socketio::SocketIo::builder().build());
}

#[cfg(test)]
mod tests {
    use socketio::SocketIo;

    #[test]
    fn a_library_that_is_mentioned_brings_its_functions_and_its_structs() {
        let error = SocketIo::builder().build().expect_err("a state is missing");
        let problems = error.problems().join("\n");
        assert!(problems.contains("`hello`"), "{problems}");
        assert!(problems.contains("on_hello"), "{problems}");
        assert!(problems.contains("handlers/src/lib.rs:"), "{problems}");
    }

    #[test]
    fn a_bare_server_has_none_of_them() {
        assert!(SocketIo::bare().build().is_ok());
    }
}
