mod flow;
mod generated;
mod generator;
mod originals;
mod refusals;

use std::path::Path;

use super::*;

const PATH: &str = "/home/u/.kube/config";

const VERSIONS: [&str; 2] = [
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
];

fn source(text: &str) -> SourceFile<'_> {
    SourceFile {
        path: Path::new(PATH),
        bytes: text.as_bytes(),
    }
}

fn injected(text: &str) -> String {
    let edited = inject(source(text), &Users::All, "kcc-cache").unwrap();
    edited.text.expect("nothing to inject").to_string()
}

fn ejected(text: &str) -> String {
    let edited = eject(source(text), &Users::All, &[]).unwrap();
    edited.text.expect("nothing to eject").to_string()
}

/// A kubeconfig with one user whose `exec` is the given lines, six spaces in.
fn user(exec: &str) -> String {
    format!(
        "users:\n- name: u\n  user:\n    exec:\n{exec}      apiVersion: client.authentication.k8s.io/v1\n      interactiveMode: Never\n"
    )
}

/// Injects, expects these lines instead, injects again without effect, and ejects.
#[track_caller]
fn becomes(exec: &str, expected: &str) {
    let (before, after) = (user(exec), injected(&user(exec)));
    assert_eq!(after, user(expected));
    let again = inject(source(&after), &Users::All, "other").unwrap();
    assert_eq!(again.text, None);
    assert_eq!(ejected(&after), before);
}

#[test]
fn the_command_moves_to_the_front_of_its_arguments() {
    becomes(
        "      command: aws # the cli\n      args:\n      # of eks\n      - eks # c\n      - get-token\n",
        "      command: kcc-cache # the cli\n      env:\n      - name: KUBE_CREDENTIAL_CACHE_USER\n        value: u\n      - name: KUBE_CREDENTIAL_CACHE_API_VERSION\n        value: client.authentication.k8s.io/v1\n      args:\n      # of eks\n      - aws\n      - eks # c\n      - get-token\n",
    );
}

#[test]
fn absent_lists_come_and_go() {
    becomes(
        "      command: 'aws'\t# c\n",
        "      command: 'kcc-cache'\t# c\n      args:\n      - 'aws'\n      env:\n      - name: KUBE_CREDENTIAL_CACHE_USER\n        value: 'u'\n      - name: KUBE_CREDENTIAL_CACHE_API_VERSION\n        value: 'client.authentication.k8s.io/v1'\n",
    );
}

#[test]
fn empty_lists_come_back_in_their_spelling() {
    becomes(
        "      args: [ ]\n      command: aws\n      env: null # none\n",
        "      args:\n      - aws\n      command: kcc-cache\n      env:\n      - name: KUBE_CREDENTIAL_CACHE_USER\n        value: u\n      - name: KUBE_CREDENTIAL_CACHE_API_VERSION\n        value: client.authentication.k8s.io/v1\n      - name: KUBE_CREDENTIAL_CACHE_ORIGINAL\n        value: \"args: [ ];env: null\" # none\n",
    );
    becomes(
        "      command: aws\n      args:\n      env:  ~\n",
        "      command: kcc-cache\n      args:\n      - aws\n      env:\n      - name: KUBE_CREDENTIAL_CACHE_USER\n        value: u\n      - name: KUBE_CREDENTIAL_CACHE_API_VERSION\n        value: client.authentication.k8s.io/v1\n      - name: KUBE_CREDENTIAL_CACHE_ORIGINAL\n        value: \"args:;env:  ~\"\n",
    );
}

#[test]
fn variables_are_put_before_those_that_are_there() {
    becomes(
        "      command: aws\n      args: [eks,get-token]\n      env:\n        -   name: \"AWS_PROFILE\"\n            value: |+\n              p\n\n        - {name: B, value: c}\n      installHint: |\n        Get it\n        there.\n",
        "      command: kcc-cache\n      args: [aws,eks,get-token]\n      env:\n        -   name: KUBE_CREDENTIAL_CACHE_USER\n            value: u\n        -   name: KUBE_CREDENTIAL_CACHE_API_VERSION\n            value: client.authentication.k8s.io/v1\n        -   name: KUBE_CREDENTIAL_CACHE_CACHEKEY_ENV_LIST\n            value: \"AWS_PROFILE,B,\"\n        -   name: KUBE_CREDENTIAL_CACHE_INSTALL_HINT\n            value: \"Get it\\nthere.\\n\"\n        -   name: \"AWS_PROFILE\"\n            value: |+\n              p\n\n        - {name: B, value: c}\n      installHint: |\n        Get it\n        there.\n",
    );
}

#[test]
fn a_relative_command_leaves_its_folder() {
    becomes(
        "      command: ./bin/aws\n      env: [{name: A, value: b}]\n",
        "      command: kcc-cache\n      args:\n      - ./bin/aws\n      env: [{name: KUBE_CREDENTIAL_CACHE_USER, value: u}, {name: KUBE_CREDENTIAL_CACHE_API_VERSION, value: client.authentication.k8s.io/v1}, {name: KUBE_CREDENTIAL_CACHE_CACHEKEY_ENV_LIST, value: \"A,\"}, {name: KUBE_CREDENTIAL_CACHE_COMMAND_DIR, value: /home/u/.kube}, {name: A, value: b}]\n",
    );
}

#[test]
fn json_stays_json() {
    let pretty = r#"{
  "users": [
    {
      "name": "u",
      "user": {
        "token": "t",
        "exec": {
          "apiVersion": "client.authentication.k8s.io/v1",
          "command": "aws",
          "interactiveMode": "Never"
        }
      }
    },
    {
      "name": "v",
      "user": {
        "exec": {
          "apiVersion": "client.authentication.k8s.io/v1",
          "args": [
            "eks"
          ],
          "command": "aws",
          "env": [
            {
              "name": "A",
              "value": "b"
            }
          ],
          "interactiveMode": "Never"
        }
      }
    }
  ]
}
"#;
    let after = injected(pretty);
    let expected = pretty
        .replacen("\"aws\"", &format!("\"kcc-cache\",{PRETTY_LISTS}"), 1)
        .replacen(
            "[\n            \"eks\"",
            "[\n            \"aws\",\n            \"eks\"",
            1,
        )
        .replacen("\"command\": \"aws\"", "\"command\": \"kcc-cache\"", 1)
        .replacen(
            "\"env\": [\n            {\n              \"name\": \"A\"",
            &format!("\"env\": [{PRETTY_VARIABLES}\"A\""),
            1,
        );
    assert_eq!(after, expected);
    assert!(serde_json::from_str::<serde_json::Value>(&after).is_ok());
    assert_eq!(ejected(&after), pretty);

    let value: serde_json::Value = serde_json::from_str(pretty).unwrap();
    let tight = serde_json::to_string(&value).unwrap();
    let after = injected(&tight);
    assert!(serde_json::from_str::<serde_json::Value>(&after).is_ok());
    assert!(!after.contains([' ', '\n']), "{after}");
    assert_eq!(ejected(&after), tight);
}

const PRETTY_LISTS: &str = r#"
          "args": [
            "aws"
          ],
          "env": [
            {
              "name": "KUBE_CREDENTIAL_CACHE_USER",
              "value": "u"
            },
            {
              "name": "KUBE_CREDENTIAL_CACHE_API_VERSION",
              "value": "client.authentication.k8s.io/v1"
            }
          ]"#;

const PRETTY_VARIABLES: &str = r#"
            {
              "name": "KUBE_CREDENTIAL_CACHE_USER",
              "value": "v"
            },
            {
              "name": "KUBE_CREDENTIAL_CACHE_API_VERSION",
              "value": "client.authentication.k8s.io/v1"
            },
            {
              "name": "KUBE_CREDENTIAL_CACHE_CACHEKEY_ENV_LIST",
              "value": "A,"
            },
            {
              "name": "#;

/// Injects, changes the injected file, injects again and expects these variables.
#[track_caller]
fn updated(text: &str, change: (&str, &str), expected: &[(&str, &str)]) {
    let before = injected(text).replacen(change.0, change.1, 1);
    let edited = inject(source(&before), &Users::All, "other").unwrap();
    let after = edited.text.expect("nothing to update");
    assert!(matches!(edited.users[0].action, Action::Updated { .. }));
    let seen = Kubeconfig::parse(Path::new(PATH), after.as_bytes()).unwrap();
    let env = &seen.users["u"].value.exec.as_ref().unwrap().env;
    let env = env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    assert_eq!(env.collect::<Vec<_>>(), expected);
    if text.starts_with('{') {
        assert!(serde_json::from_str::<serde_json::Value>(&after).is_ok());
    }
    assert_eq!(ejected(&after), ejected(&before));
    assert_eq!(inject(source(&after), &Users::All, "x").unwrap().text, None);
}

#[test]
fn an_injection_is_kept_up_to_date() {
    let cases = [
        "      command: aws\n      env:\n      - name: A\n        value: b\n",
        "      command: aws\n      env: [{name: A, value: b}]\n",
        "      command: aws\n      env:\n        - {\"name\": A, value: b}\n",
    ];
    for exec in cases {
        let expected = [
            ("KUBE_CREDENTIAL_CACHE_USER", "u"),
            ("KUBE_CREDENTIAL_CACHE_API_VERSION", VERSIONS[0]),
            ("KUBE_CREDENTIAL_CACHE_CACHEKEY_ENV_LIST", "C,"),
            ("C", "b"),
        ];
        let (from, to) = if exec.contains("name: A") {
            ("name: A", "name: C")
        } else {
            ("\"name\": A", "\"name\": C")
        };
        updated(&user(exec), (from, to), &expected);
    }
    // All that is there is the injection's own.
    let old = ("value: u", "value: renamed");
    let expected = [
        ("KUBE_CREDENTIAL_CACHE_USER", "u"),
        ("KUBE_CREDENTIAL_CACHE_API_VERSION", VERSIONS[0]),
    ];
    updated(&user("      command: aws\n"), old, &expected);
    let flow = format!(
        "users: [{{name: u, user: {{exec: {{command: aws, interactiveMode: Never, apiVersion: {}}}}}}}]",
        VERSIONS[0]
    );
    updated(&flow, old, &expected);
    let json = format!(
        r#"{{"users":[{{"name":"u","user":{{"exec":{{"command":"aws","apiVersion":"{}","interactiveMode":"Never"}}}}}}]}}"#,
        VERSIONS[0]
    );
    let old = (r#""value":"u""#, r#""value":"renamed""#);
    updated(&json, old, &expected);
}

#[test]
fn the_version_is_recorded_where_an_older_injection_did_not() {
    let version =
        |text: &str| format!("KUBE_CREDENTIAL_CACHE_API_VERSION\n        value: {text}\n");
    let after = injected(&user("      command: aws\n"));
    let recorded = format!("      - name: {}", version(VERSIONS[0]));
    assert!(after.contains(&recorded), "{after}");
    let of_older = after.replace(&recorded, "");
    assert_eq!(injected(&of_older), after);
    // The kubeconfig has gone over to the other one.
    let changed = after.replace(
        "apiVersion: client.authentication.k8s.io/v1",
        "apiVersion: client.authentication.k8s.io/v1beta1",
    );
    assert!(injected(&changed).contains(&version(VERSIONS[1])));
    assert_eq!(ejected(&of_older), ejected(&after));
}

#[test]
fn a_path_that_an_upgrade_removes_is_updated() {
    let old = "/home/u/.krew/store/kcc/v0.9.0/kcc-cache";
    let lasting = WrapperCommand::manager("/home/u/.krew/bin/kubectl-kcc");
    let cases = [
        user("      command: aws\n"),
        user("      command: aws\n      args: [eks]\n      env: []\n"),
        user("      args: [\n      'eks' # c\n      ]\n      command: \"aws\"\n"),
        user("      command: ./aws\n      env:\n      - name: A\n        value: b\n"),
        format!(
            r#"{{"users":[{{"name":"u","user":{{"exec":{{"command":"aws","apiVersion":"{}","interactiveMode":"Never"}}}}}}]}}"#,
            VERSIONS[0]
        ),
    ];
    for before in cases {
        let with = |text: &str, front: &WrapperCommand| {
            let edited = inject(source(text), &Users::All, front).unwrap();
            edited.text.map(|text| text.to_string())
        };
        let of_old = with(&before, &old.into()).unwrap();
        assert!(of_old.contains(old));
        for front in [
            &"kcc-cache".into(),
            &lasting,
            &"/opt/kcc/bin/kcc-cache".into(),
        ] {
            let updated = with(&of_old, front).unwrap();
            assert!(!updated.contains("v0.9.0"), "{updated}");
            assert_eq!(Some(&updated), with(&before, front).as_ref());
            assert_eq!(with(&updated, front), None);
            // What lasts is kept, also where another way is the usual one now.
            assert_eq!(with(&updated, &"kcc-cache".into()), None);
            assert_eq!(ejected(&updated), before);
        }
        // With the same kind of path nothing is better then.
        let newer = "/home/u/.krew/store/kcc/v0.9.1/kcc-cache".into();
        assert_eq!(with(&of_old, &newer), None);
    }
}

#[test]
fn a_manager_in_front_is_injected_kept_up_to_date_and_updated() {
    let before = user("      command: aws\n      args:\n      - eks\n");
    let old = WrapperCommand::manager("/home/u/.krew/store/kcc/v0.9.0/kcc");
    let after = inject(source(&before), &Users::All, &old).unwrap().text;
    let after = after.unwrap().to_string();
    assert!(
        after.contains("args:\n      - exec\n      - \"--\"\n      - aws\n      - eks\n"),
        "{after}"
    );
    let changed = after.replace("value: u\n", "value: x\n");
    let updated = inject(source(&changed), &Users::All, "kcc-cache").unwrap();
    assert_eq!(updated.text.unwrap().as_str(), injected(&before));
    assert_eq!(ejected(&after), before);
}
