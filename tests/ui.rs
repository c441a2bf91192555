//! The code that the attributes accept, and their messages for other code.
//!
//! `TRYBUILD=overwrite cargo test --test ui` writes the messages again: read the difference.

#[test]
fn messages_point_to_the_users_tokens_and_name_the_cure() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/*.rs");
}
