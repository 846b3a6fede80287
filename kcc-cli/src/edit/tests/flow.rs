//! The rest of YAML's flow style.

use super::*;

/// Spellings of `args`, six spaces in.
const ARGS: &[&str] = &[
    "args: [\n        eks,\n        get-token\n      ]\n",
    "args: [\n      eks,\n      get-token\n      ]\n",
    "args: [\n        eks,\n        get-token,\n      ]\n",
    "args: [\n        eks, # c\n        # about the next\n        get-token # d\n      ]\n",
    "args: [ # c\n        eks,\n        \"get-token\"\n      ]\n",
    "args: [\n        # first\n        eks,\n        'get-token'\n        ]\n",
    "args: [eks,\n        \"get-token\"\n      ]\n",
    "args: [eks,\n        \"get-token\"\n]\n",
    "args: [\n\n        eks\n\n        ,\n        get-token\n\n      ]\n",
    "args:\n        [eks, get-token]\n",
    "args:\n        [\n          eks,\n          get-token\n        ]\n",
    "args: [\n      ]\n",
    "args: [\n        # nothing\n      ]\n",
    "args: [   ] # c\n",
    "args: [ # nothing yet\n      ] # c\n",
    "args: [\n# nothing yet\n]\n",
    "args: [\n  \"eks\",\n  \"get-token\"\n]\n",
    "args: [\n'eks',\n'get-token',\n]\n",
    "args: [\n        eks\n      ] # c\n",
    "args: [\"eks\", \"get-token\"]\n",
    "args: [\"eks\", \"get\\\n        token\"]\n",
    "args: [eks get\n        token]\n",
    "args: [ eks , get-token , ]\n",
    "args: [\"eks\"\n        , \"get-token\"\n        ,]\n",
    "args: [eks, get-token\n      ]\n",
    "args: [\n      eks\n    ]\n",
    "args: !!seq [eks]\n",
    "args: &a [eks]\n",
    "args: [!!str eks, &x get]\n",
];

const ENVS: &[&str] = &[
    "env: [\n        {name: A, value: b},\n        {name: B, value: c}\n      ]\n",
    "env: [\n      {name: A, value: b}\n      ]\n",
    "env: [{\n        name: A,\n        value: b\n      }]\n",
    "env: [\n        {\n          name: A,\n          value: \"b\"\n        },\n      ]\n",
    "env: [{name: A, value: b,}]\n",
    "env: [{\"name\":\"A\",\"value\":\"b\"}]\n",
    "env: [\n        # c\n        {name: A, # d\n         value: b} # e\n        ,\n      ]\n",
    "env: [name: A, value: b]\n",
    "env: [{name: A,\n        value: b\n      }\n      ]\n",
    "env: [{value: b, name: A}]\n",
    "env: [\n      ]\n",
    "env: [\n        # nothing\n      ]\n",
    "env: [ # nothing\n]\n",
    "env: [{? name : A, value: b}]\n",
    "env:\n      - {\n          name: A,\n          value: b\n        }\n",
    "env:\n      - {name: A, value: b,\n        }\n      - {name: B,\n         value: c}\n",
    "env:\n      - {\n        name: A,\n        value: b\n      }\n",
];

/// Spellings of a whole `exec`, behind its colon.
const EXECS: &[&str] = &[
    "{\n        command: aws,\n        VERSION,\n        args: [\n          eks,\n          \"get-token\"\n        ],\n      }",
    "{\n      command: aws, # c\n      VERSION,\n      # about the next\n      args: [\n      eks,\n      ],\n    }",
    "{command: \"aws\",\n VERSION,\n env: [{\n  name: A,\n  value: b }\n ]\n}",
    "{ \"command\": \"aws\"\n    , \"args\": [ \"eks\"\n    , \"get-token\"\n    ]\n    , VERSION\n    }",
    "{VERSION, args: [], env: [\n    # nothing\n    ], command: aws}",
    "{VERSION, args: [ # nothing\n], command: aws,}",
    "{VERSION,\n  command: aws\n}",
    "{VERSION,\n  command: aws # the last\n,}",
];

/// Injects, injects again without effect, and comes back to the byte.
#[track_caller]
fn comes_back(text: &str) {
    let after = injected(text);
    let again = inject(source(&after), &Users::All, "other").unwrap();
    assert_eq!(again.text, None, "{after}");
    assert_eq!(ejected(&after), text, "{after}");
    for comment in text.split('#').skip(1) {
        let comment = comment.lines().next().unwrap();
        assert!(after.contains(&format!("#{comment}")), "{after}");
    }
    let seen = Kubeconfig::parse(Path::new(PATH), after.as_bytes()).unwrap();
    let exec = seen.users["u"].value.exec.as_ref().unwrap();
    assert_eq!(
        (&*exec.command, &*exec.args[0]),
        ("kcc-cache".as_ref(), "aws")
    );
}

#[test]
fn lists_between_brackets_come_back_from_every_layout() {
    for list in ARGS.iter().chain(ENVS) {
        for newline in ["\n", "\r\n"] {
            let text = user(&format!("      command: aws\n      {list}"));
            comes_back(&text.replace('\n', newline));
            let text = user(&format!("      {list}      command: \"aws\"\n"));
            comes_back(&text.replace('\n', newline));
        }
    }
    for args in ARGS {
        for env in ENVS {
            comes_back(&user(&format!(
                "      {args}      command: aws\n      {env}"
            )));
        }
    }
}

#[test]
fn users_between_braces_come_back_from_every_layout() {
    let version = format!("apiVersion: {}, interactiveMode: Never", VERSIONS[0]);
    for exec in EXECS {
        let exec = exec.replace("VERSION", &version);
        comes_back(&format!("users:\n- name: u\n  user:\n    exec: {exec}\n"));
        comes_back(&format!("users:\n- name: u\n  user: {{exec: {exec}}}\n"));
        comes_back(&format!(
            "users: [{{name: u, user: {{exec: {exec}\n}}\n}}\n,]\n"
        ));
        comes_back(&format!(
            "{{users: [\n{{\nname: u,\nuser: {{\nexec: {exec}}}}}]}}"
        ));
    }
}

/// Users that cannot be edited, each by another fault.
const ODD: &[&str] = &[
    "      command: |-\n        aws\n",
    "      command:\taws\n",
    "      command: aws\n      command: aws\n",
    "      command: aws\n      env:\n      - name: KUBE_CREDENTIAL_CACHE_USER\n        value: x\n",
    "      command: !!str aws\n",
    "      command: a,b\n      args: [x]\n",
    "      <<: {}\n      command: aws\n",
    "      command: &other aws\n      x: *other\n",
];

#[test]
fn an_odd_user_keeps_no_other_from_being_edited() {
    let good = user("      command: aws\n");
    for odd in ODD {
        let odd = user(odd)
            .replace("name: u\n", "name: odd\n")
            .replacen("users:\n", "", 1);
        for text in [
            format!("{good}{odd}"),
            format!("users:\n{odd}{}", &good["users:\n".len()..]),
        ] {
            let expected = text.replacen(
                &good["users:\n".len()..],
                &injected(&good)["users:\n".len()..],
                1,
            );
            let named = Users::Named(["u".to_owned()].into());
            let of_named = inject(source(&text), &named, "kcc-cache").unwrap();
            assert_eq!(of_named.text.as_ref().unwrap().as_str(), expected);
            let of_all = inject_each(source(&text), &Users::All, "kcc-cache").unwrap();
            assert_eq!(of_all.text.unwrap().as_str(), expected);
            let actions: Vec<_> = of_all.users.iter().map(|outcome| &outcome.action).collect();
            assert_eq!(actions.len(), 2);
            assert!(
                actions
                    .iter()
                    .any(|action| matches!(action, Action::Injected { .. }))
            );
            let refused = actions.iter().find_map(|action| match action {
                Action::Refused { problem } => Some(problem),
                _ => None,
            });
            assert!(refused.unwrap().starts_with(PATH), "{refused:?}");
            let odd = Users::Named(["odd".to_owned()].into());
            assert!(inject_each(source(&text), &odd, "kcc-cache").is_err());
            let back = eject_each(source(&expected), &Users::All, &[]).unwrap();
            assert_eq!(back.text.unwrap().as_str(), text);
        }
    }
}

#[test]
fn what_stands_elsewhere_in_the_file_keeps_no_user_from_being_edited() {
    let good = user("      command: aws\n");
    for other in [
        "x-odd:\tone\n",
        "clusters:\n- name:\tc\n",
        "x-odd: [\nx\n]\n",
    ] {
        for text in [format!("{other}{good}"), format!("{good}{other}")] {
            comes_back(&text);
        }
    }
}
