//! What a person reads who uses the attributes well, and who does not: one program for each.

#[test]
fn programs_compile_or_say_why_not() {
    let programs = trybuild::TestCases::new();
    programs.pass("tests/ui/pass/*.rs");
    programs.compile_fail("tests/ui/fail/*.rs");
}
