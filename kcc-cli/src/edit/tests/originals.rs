//! Files that the Go injectors wrote: client-go's own layout, the variable last, once more for each
//! run of the original; its fork also sets `provideClusterInfo`.

use super::*;

fn written(args: &str, env: &str, cluster_info: bool) -> String {
    format!(
        "apiVersion: v1
clusters: null
contexts: null
kind: Config
users:
- name: arn:aws:eks:eu-west-1:1:cluster/prod
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:{args}
      command: kcc-cache
      env:{env}
      interactiveMode: IfAvailable
      provideClusterInfo: {cluster_info}
"
    )
}

const OURS: &str = "
      - name: KUBE_CREDENTIAL_CACHE_USER
        value: arn:aws:eks:eu-west-1:1:cluster/prod";

#[test]
fn the_originals_injection_is_ejected() {
    let profile = "\n      - name: AWS_PROFILE\n        value: prod";
    let args = "\n      - aws\n      - eks\n      - get-token";
    for times in 1..4 {
        let env = format!("{profile}{}", OURS.repeat(times));
        let after = ejected(&written(args, &env, false));
        let expected = written("\n      - eks\n      - get-token", profile, false);
        assert_eq!(after, expected.replace("kcc-cache", "aws"));
    }
}

#[test]
fn lists_of_the_injectors_own_go_whole() {
    let after = ejected(&written("\n      - /opt/plugin", OURS, true));
    let expected = written("", "", true)
        .replace("      args:\n", "")
        .replace("      env:\n", "")
        .replace("kcc-cache", "/opt/plugin");
    assert_eq!(after, expected);
}

#[test]
fn an_injection_by_the_original_is_not_injected_again_and_gets_the_version() {
    let version = "
      - name: KUBE_CREDENTIAL_CACHE_API_VERSION
        value: client.authentication.k8s.io/v1beta1";
    let text = written("\n      - aws", OURS, false);
    let edited = inject(source(&text), &Users::All, "kcc-cache").unwrap();
    let expected = written("\n      - aws", &format!("{OURS}{version}"), false);
    let found = edited.text.unwrap();
    assert_eq!(found.replace('"', ""), expected);
    assert!(matches!(edited.users[0].action, Action::Updated { .. }));
    let again = inject(source(&found), &Users::All, "kcc-cache").unwrap();
    assert_eq!(again.text, None);
    assert!(matches!(
        again.users[0].action,
        Action::AlreadyInjected { .. }
    ));
}

#[test]
fn another_command_of_the_original_is_ejected_by_its_name() {
    let text = written("\n      - aws", OURS, false).replace("kcc-cache", "/opt/mine");
    let edited = eject(source(&text), &Users::All, &[]).unwrap();
    assert_eq!(edited.text, None);
    let names = ["/opt/mine".to_owned()];
    let edited = eject(source(&text), &Users::All, &names).unwrap();
    assert!(edited.text.unwrap().contains("command: aws\n"));
}

#[test]
fn what_somebody_set_for_the_cache_stays() {
    let own = "
      - name: KUBE_CREDENTIAL_CACHE_REFRESH_MARGIN
        value: 1m
      - name: KUBE_CREDENTIAL_CACHE_CACHEKEY_ENV_LIST
        value: A,B";
    let after = ejected(&written(
        "\n      - aws\n      - eks",
        &format!("{own}{OURS}"),
        false,
    ));
    assert!(after.contains(own) && !after.contains(OURS), "{after}");
}

#[test]
fn an_injection_that_kubectl_has_rewritten_is_ejected() {
    // The keys in alphabetical order, long values folded, quotes changed, comments gone.
    let text = written(
        "\n      - ./bin/aws\n      - eks",
        "
      - name: KUBE_CREDENTIAL_CACHE_USER
        value: u
      - name: KUBE_CREDENTIAL_CACHE_CACHEKEY_ENV_LIST
        value: A,
      - name: KUBE_CREDENTIAL_CACHE_COMMAND_DIR
        value: /home/u/.kube
      - name: KUBE_CREDENTIAL_CACHE_INSTALL_HINT
        value: |
          Get it

          there.
      - name: A
        value: b",
        false,
    );
    let expected = written(
        "\n      - eks",
        "\n      - name: A\n        value: b",
        false,
    )
    .replace("kcc-cache", "./bin/aws");
    assert_eq!(ejected(&text), expected);
}

#[test]
fn variables_that_came_or_went_after_the_injection_are_no_hindrance() {
    let injected = written(
        "\n      - aws",
        "
      - name: KUBE_CREDENTIAL_CACHE_USER
        value: u
      - name: KUBE_CREDENTIAL_CACHE_CACHEKEY_ENV_LIST
        value: 'A,B,'
      - name: A
        value: a
      - name: B
        value: b
      - name: CAME
        value: c",
        false,
    );
    let after = ejected(&injected);
    assert!(!after.contains("KUBE_CREDENTIAL_CACHE"), "{after}");
    assert!(after.contains("env:\n      - name: A\n"), "{after}");
    let after = ejected(&injected.replace("- name: B\n", "- name: C\n"));
    assert!(!after.contains("KUBE_CREDENTIAL_CACHE"), "{after}");
    let own = injected.replace("'A,B,'", "A,B");
    assert_eq!(ejected(&own).matches("KUBE_CREDENTIAL_CACHE").count(), 1);
}
