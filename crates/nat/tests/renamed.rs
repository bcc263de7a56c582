//! The attributes in a crate that calls the facade something else (`tests/renamed`).

use nat::Scope;
use nat::runtime::Registry;
use nat_core::ComponentKind;
use nat_renamed_fixture as _;

#[test]
fn a_renamed_facade_registers_like_any_other() {
    let registry = Registry::linked().unwrap();
    let echo = registry.find(ComponentKind::FUNCTION, "renamed_echo").unwrap().registration();
    assert_eq!(echo.scope(), Scope::Shared);
    assert_eq!((echo.site().package, echo.site().version), ("nat-renamed-fixture", "7.8.9"));
    assert!(echo.site().file.ends_with("tests/renamed/src/lib.rs"), "{}", echo.site());

    let letters = registry.find(ComponentKind::FUNCTION_GROUP, "renamed_letters").unwrap();
    assert_eq!(letters.registration().scope(), Scope::PerUser);
    assert_eq!(letters.interfaces()[0].0, "count");
}
