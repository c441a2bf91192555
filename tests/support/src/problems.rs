//! The problems that `build()` reports.

use socketio_core::SocketIoBuilder;

/// Returns the problems of a server.
///
/// # Panics
///
/// If there are none.
#[track_caller]
pub fn problems(builder: SocketIoBuilder) -> Vec<String> {
    let error = builder.build().expect_err("something is wrong");
    error.problems().to_vec()
}

/// Asserts that a server has one problem, whose message contains all fragments.
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
