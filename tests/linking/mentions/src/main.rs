//! A program that mentions the library only by its name, which is enough to link its handlers.

use handlers as _;

fn main() {
    println!("{:?}", socketio::SocketIo::builder().build());
}

#[cfg(test)]
mod tests {
    use socketio::SocketIo;

    #[test]
    fn a_library_that_is_mentioned_registers_its_functions_and_structs() {
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
