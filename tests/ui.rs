//! What the attributes accept, and what they say to what they don't.
//!
//! `TRYBUILD=overwrite cargo test --test ui` writes the messages anew: read the difference.

#[test]
fn messages_stand_under_the_users_tokens_with_the_cure() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/*.rs");
}
