//! Whose credential it is: whatever a kubeconfig user declares decides that, also where nothing was
//! injected.

use serde_json::json;

use crate::{Desk, quiet};

/// Two users of one plugin that differ in a variable of a name that tells nothing.
fn two_users() -> Desk {
    let mut desk = Desk::new();
    for who in ["dev", "prod"] {
        let exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": desk.plugin.path(),
            "args": ["same"],
            "env": [{ "name": "WHOSE", "value": who }],
            "interactiveMode": "Never",
        });
        desk.add_context(who, &json!({ "exec": exec }));
    }
    desk
}

#[test]
fn users_that_differ_in_what_they_declare_are_two() {
    let desk = two_users();
    let warmed = desk.run(&["warm", "dev"]);
    assert!(quiet(&warmed).starts_with("dev: fetched in "));
    let explain = |context: &str| quiet(&desk.run(&["explain", context])).to_owned();
    assert!(explain("dev").contains("would be a hit"));
    let prod = explain("prod");
    assert!(prod.contains("would run the plugin"), "{prod}");
    assert!(prod.contains("WHOSE="), "{prod}");
    desk.run(&["warm"]);
    assert_eq!(desk.plugin.runs(), 2);
    desk.run(&["clear", "--context", "prod"]);
    assert!(explain("dev").contains("would be a hit"));
    assert!(explain("prod").contains("would run the plugin"));
}
