use super::*;

/// Refuses the text, at this line, with these words and with the file's name.
#[track_caller]
fn refused(text: &str, line: usize, words: &str) {
    let error = inject(source(text), &Users::All, "kcc-cache").err();
    let message = error.expect("was not refused").to_string();
    let place = format!("{PATH}:{line}: ");
    assert!(message.starts_with(&place), "{message}");
    assert!(message.contains(words), "{message}");
    assert!(message.ends_with("nothing was changed"), "{message}");
}

#[test]
fn what_stands_in_two_places_is_not_edited() {
    let v1 = "apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never";
    let two = |first: &str, second: &str| {
        format!("users:\n- name: u\n  user: {first}\n- name: v\n  user: {second}\n")
    };
    let user = format!("&u {{exec: {{{v1}, command: aws}}}}");
    refused(&two(&user, "*u"), 3, "repeats user by its anchor");
    let exec = format!("{{exec: &e {{{v1}, command: aws}}}}");
    refused(&two(&exec, "{exec: *e}"), 3, "repeats exec by its anchor");
    let list = |list| format!("{{exec: {{{v1}, command: aws, args: {list}}}}}");
    refused(
        &two(&list("&a [x]"), &list("*a")),
        3,
        "repeats args by its anchor",
    );
    let list = |list| format!("{{exec: {{{v1}, command: aws, env: {list}}}}}");
    let text = format!("x: &a [{{name: A, value: b}}]\n{}", two(&list("*a"), "{}"));
    refused(&text, 4, "alias (*name) stands for env");
    let text = two(
        "{token: &c aws}",
        &format!("{{exec: {{{v1}, command: *c}}}}"),
    );
    refused(&text, 5, "alias (*name) stands for command");
    let text = format!("x: &u\n  name: u\n  user: {{exec: {{{v1}, command: aws}}}}\nusers: [*u]\n");
    refused(&text, 4, "does not stand plainly");
    let text = format!(
        "x: &x {{{v1}}}\nusers:\n- name: u\n  user:\n    exec:\n      <<: *x\n      command: aws\n"
    );
    refused(&text, 6, "merge key");
    let text =
        format!("x: &x {{exec: {{{v1}, command: aws}}}}\nusers:\n- name: u\n  user:\n    <<: *x\n");
    refused(&text, 5, "merge key");
}

#[test]
fn an_anchor_that_nobody_repeats_is_no_hindrance() {
    becomes(
        "      command: &c aws\n      args: &a\n      - &x eks\n      - *x\n",
        "      command: &c kcc-cache\n      env:\n      - name: KUBE_CREDENTIAL_CACHE_USER\n        value: u\n      - name: KUBE_CREDENTIAL_CACHE_API_VERSION\n        value: client.authentication.k8s.io/v1\n      args: &a\n      - aws\n      - &x eks\n      - *x\n",
    );
}

#[test]
fn odd_keys_and_documents_are_refused() {
    let good = user("      command: aws\n");
    refused(
        &user("      command: aws\n      command: aws\n"),
        6,
        "second time",
    );
    refused(
        &user("      command: aws\n      args: []\n      \"args\": []\n"),
        7,
        "second time",
    );
    refused(&format!("{good}users: []\n{good}"), 8, "second time");
    refused(&format!("{good}---\n{good}"), 8, "second YAML document");
    refused(&user("      command:\taws\n"), 5, "spaces for tabs");
    refused(&format!("{good}...\n]\n"), 9, "not valid YAML");
}

#[test]
fn odd_commands_are_refused() {
    for (command, line) in [
        ("|-\n        aws", 6),
        ("aws\n        two", 5),
        ("\"aws\\\n        two\"", 5),
        ("!!str aws", 5),
    ] {
        refused(
            &user(&format!("      command: {command}\n")),
            line,
            "on one line",
        );
    }
    refused(
        &user("      ? command\n      : aws\n      args:\n      -\n        x\n"),
        8,
        "the layout of args",
    );
}

#[test]
fn variables_that_are_the_injections_own_are_refused() {
    let with = |name: &str| {
        let text = format!(
            "      command: aws\n      env:\n      - name: {name}\n        value: x\n      - name: A\n        value: b\n"
        );
        user(&text)
    };
    refused(&with("KUBE_CREDENTIAL_CACHE_USER"), 6, "remove it first");
    refused(
        &with("KUBE_CREDENTIAL_CACHE_CACHEKEY_ENV_LIST"),
        6,
        "without A",
    );
    refused(&with("\"B C\""), 6, "cannot be part of a cache key");
    let own = "      command: aws\n      env:\n      - name: KUBE_CREDENTIAL_CACHE_CACHEKEY_ENV_LIST\n        value: A,Z\n      - name: A\n        value: b\n      - name: KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN\n        value: 1m\n";
    let expected = own
        .replace(
            "command: aws",
            "command: kcc-cache\n      args:\n      - aws",
        )
        .replace(
            "env:\n",
            "env:\n      - name: KUBE_CREDENTIAL_CACHE_USER\n        value: u\n      - name: KUBE_CREDENTIAL_CACHE_API_VERSION\n        value: client.authentication.k8s.io/v1\n",
        );
    becomes(own, &expected);
    becomes(&own.replace("A,Z", "A"), &expected.replace("A,Z", "A"));
    refused(&user(&own.replace("A,Z", "\"A,\"")), 6, "remove it first");
}

#[test]
fn another_encoding_is_refused_and_an_unreadable_file_is_said() {
    let text: Vec<u8> = std::iter::once(0xFEFF)
        .chain(user("      command: aws\n").encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let utf16 = SourceFile {
        path: Path::new(PATH),
        bytes: &text,
    };
    let error = inject(utf16, &Users::All, "kcc-cache").err().unwrap();
    assert!(error.to_string().contains("save it as UTF-8"), "{error}");
    let error = inject(source("users: ["), &Users::All, "kcc-cache").err();
    assert!(matches!(error, Some(EditError::Kubeconfig(_))));
}

#[test]
fn users_without_a_plugin_for_the_cache_are_left_alone() {
    let text = "users:\n- name: t\n  user: {token: x}\n- name: z\n  user: null\n- name: a\n  user: {exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: aws}}\n- name: k\n  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: kcc, args: [exec, aws, eks]}}\n";
    let edited = inject(source(text), &Users::All, "kcc-cache").unwrap();
    assert_eq!(edited.text, None);
    let actions: Vec<_> = edited
        .users
        .into_iter()
        .map(|outcome| (outcome.line, outcome.action))
        .collect();
    let plugin = "aws".to_owned();
    let version = "client.authentication.k8s.io/v1alpha1".to_owned();
    assert_eq!(
        actions,
        [
            (2, Action::NoPlugin),
            (4, Action::NoPlugin),
            (6, Action::OtherVersion { version }),
            (8, Action::AlreadyInjected { plugin })
        ]
    );
    assert!(ejected(text).contains("command: aws, args: [eks]}"));
}

#[test]
fn only_the_named_users_are_edited() {
    let one = user("      command: aws\n");
    let text = format!(
        "{one}{}",
        one.replace("users:\n", "").replace("name: u", "name: v")
    );
    let named = Users::Named(["v".to_owned()].into());
    let edited = inject(source(&text), &named, "/opt/kcc-cache").unwrap();
    let after = edited.text.unwrap();
    assert!(after.starts_with(&one));
    assert!(after.contains("command: /opt/kcc-cache\n"));
    assert_eq!(edited.users.len(), 1);
    let edited = eject(source(&after), &Users::Named(["u".to_owned()].into()), &[]).unwrap();
    assert_eq!(edited.text, None);
    assert_eq!(ejected(&after), text);
}
