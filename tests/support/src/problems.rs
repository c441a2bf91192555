//! What `build()` finds out.

use socketio_core::SocketIoBuilder;

/// Returns what is wrong with a server.
///
/// # Panics
///
/// When nothing is.
#[track_caller]
pub fn problems(builder: SocketIoBuilder) -> Vec<String> {
    let error = builder.build().expect_err("something is wrong");
    error.problems().to_vec()
}

/// Asserts that one thing is wrong with a server, and that its message contains all fragments.
#[track_caller]
pub fn problem(builder: SocketIoBuilder, fragments: &[&str]) {
    let problems = problems(builder);
    let [problem] = &problems[..] else {
        panic!("one problem expected: {problems:#?}");
    };
    for fragment in fragments {
        assert!(problem.contains(fragment), "{fragment:?} in {problem:?}");
    }
}
