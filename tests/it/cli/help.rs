//! Help and mistakes in typing, to the letter. `UPDATE_EXPECT=1` renews what is kept.

use std::fmt::Write;

use expect_test::expect_file;

use crate::kit::nat;

#[test]
fn every_command_helps() {
    let commands: [&[&str]; 13] = [
        &[],
        &["serve"],
        &["run"],
        &["start"],
        &["validate"],
        &["graph"],
        &["schema"],
        &["info"],
        &["info", "components"],
        &["workflow"],
        &["workflow", "create"],
        &["workflow", "delete"],
        &["completions"],
    ];
    let mut all = String::new();
    for words in commands {
        let mut words = words.to_vec();
        words.push("--help");
        let (code, out, err) = nat(&words);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{words:?}");
        let _ = writeln!(all, "$ nat {}\n{out}", words.join(" "));
    }
    expect_file!["snapshots/help.txt"].assert_eq(&all);
}

#[test]
fn mistakes_in_typing_are_told_with_2() {
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/front_ends/per_user_workflow/configs/config.yml");
    let cases: [&[&str]; 20] = [
        &[],
        &["bogus"],
        &["serv"],
        &["serve"],
        &["start"],
        &["start", "bogus"],
        &["serve", "--config_file", "/nonexistent/x.yml"],
        &["serve", "--config_file", "/tmp"],
        &["serve", "--config_file", config, "--zip"],
        &["serve", "--config_file", config, "--prot", "5"],
        &["serve", "--config_file", config, "--port", "many"],
        &["serve", "--config_file", config, "--workers", "0"],
        &["serve", "--config_file", config, "--use_gunicorn", "perhaps"],
        &["run", "--config_file", config, "--input", "x", "--override", "onlyone"],
        &["--log-level", "bogus", "validate", "--config_file", config],
        &["--log-level", "info", "validate"],
        &["--log-format", "json", "start", "--log-level", "info", "console", "--zip"],
        &["validate", "--config_file", config, "--strict=true"],
        &["info", "components", "-t", "bogus"],
        &["workflow", "create"],
    ];
    let mut all = String::new();
    for words in cases {
        let (code, out, err) = nat(words);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{words:?}");
        let _ = writeln!(all, "$ nat {}\n{err}", words.join(" ").replace(config, "config.yml"));
    }
    expect_file!["snapshots/mistakes.txt"].assert_eq(&all);
}

#[test]
fn the_version_is_the_programs() {
    let (code, out, _) = nat(&["--version"]);
    assert_eq!((code, out), (Some(0), format!("nat-conformance, version {}\n", env!("CARGO_PKG_VERSION"))));
}
