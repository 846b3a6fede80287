//! What a kubeconfig file may hold, and what it may not.

use super::cases::Case;

/// What plain words and tags mean.
pub(super) fn scalars() -> Vec<Case> {
    vec![
        Case::one(
            "quoted numbers",
            "current-context: '1'\nusers: [{name: '007', user: {token: \"12e3\"}}]",
        ),
        Case::one(
            "words like numbers",
            "current-context: 1.2.3\nusers:\n- name: 1:20\n- name: 2020-01-01\n- name: 1e400\n- name: 0x\n- name: 0o8x\n- name: +-1\n- name: 12ab\n- name: .\n- name: '-'\n",
        ),
        Case::one(
            "words like booleans",
            "users: [{name: yEs}, {name: nO}, {name: TrUe}, {name: nULL}, {name: 'yes'}, {name: \"null\"}]",
        ),
        Case::one(
            "booleans",
            "clusters:\n- {name: a, cluster: {insecure-skip-tls-verify: yes, disable-compression: On}}\n- {name: b, cluster: {insecure-skip-tls-verify: n, disable-compression: FALSE}}\n",
        ),
        Case::one(
            "tags",
            "current-context: !!str 12\nusers:\n- {name: !foo 12}\n- {name: !!binary YWJj}\n- {name: !!timestamp 2020-01-01}\n- {name: !<tag:yaml.org,2002:str> 13}\nclusters: !!seq\n- !!map {name: a, cluster: {insecure-skip-tls-verify: !!bool 'true'}}\n",
        ),
        Case::one(
            "colons and dashes",
            "users:\n- name: arn:aws:eks:eu-1:1:cluster/x\n- name: a:b:c@d\n- name: -x\n- name: a - b\n- name: ?x\n",
        ),
        Case::one(
            "keys of all kinds",
            "users: [{name: a, user: {as: b, as-user-extra: {yes: [a], 12: [b], 0x1f: [c], 1.5: [d], w: ['']}}}]",
        ),
        Case::one(
            "exec extension",
            "clusters:\n- name: a\n  cluster:\n    extensions:\n    - {name: other, extension: {a: 1}}\n    - name: client.authentication.k8s.io/exec\n      extension: {a: 0755, b: 1_000, c: 1.50, d: yes, e: ~, f: 2020-01-01, g: 0x10, h: [1, ~], 5: x, i: 1e3, j: 18446744073709551615, k: 1e400, l: -0, m: 0o17, p: 1e23, q: '1', r: {s: []}, 08: -.5}\n    - {extension: x}\n",
        ),
        Case::one(
            "exec extension that is a word",
            "clusters: [{name: a, cluster: {extensions: [{name: client.authentication.k8s.io/exec, extension: word}]}}]",
        ),
        Case::one(
            "exec extension that is null",
            "clusters: [{name: a, cluster: {extensions: [{name: client.authentication.k8s.io/exec, extension: ~}]}}]",
        ),
    ]
}

/// What an entry may have in it.
pub(super) fn entries() -> Vec<Case> {
    vec![
        Case::one(
            "exec with all fields",
            "users:\n- name: a\n  user:\n    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: /bin/plugin\n      args: [--a, '', 'b c']\n      env: [{name: A, value: b}, {name: A, value: ''}, {value: c}]\n      installHint: \"get \\e[1mit\"\n      provideClusterInfo: true\n      interactiveMode: Always\n      config: {a: b}\n",
        ),
        Case::one(
            "exec defaults",
            "users:\n- {name: a, user: {exec: {}}}\n- {name: b, user: {exec: ~}}\n- {name: c, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1}}}\n- {name: d, user: {exec: {apiVersion: client.authentication.k8s.io/v1alpha1, args: ~, env: []}}}\n- {name: e, user: {exec: {apiVersion: client.authentication.k8s.io/v1}}}\n- {name: f, user: {exec: {interactiveMode: Sometimes}}}\n",
        ),
        Case::one(
            "nulls in lists",
            "users: [{name: a, user: {as-groups: [~, g], exec: {args: [a, ~, '1'], env: [~, {name: X}, {value: '1'}]}}}]",
        ),
        Case::one(
            "null entries",
            "clusters: [~]\nusers: [{name: ~, user: ~}]\ncontexts:\n- name: a\n  context: null\n- {name: b, context: {user: ~, cluster: ''}}\n",
        ),
        Case::one(
            "null kind",
            "apiVersion: null\nkind: ~\npreferences: ~\ncurrent-context: a\n",
        ),
        Case::one(
            "empty kind",
            "apiVersion: ''\nkind: ''\ncurrent-context: a\n",
        ),
        Case::one(
            "odd version",
            "apiVersion: /v1\nkind: Config\ncurrent-context: a\n",
        ),
        Case::one(
            "all ways to be somebody",
            "users: [{name: a, user: {token: t, tokenFile: f, username: u, password: p, client-certificate: /c, client-certificate-data: YQ==, client-key: /k, client-key-data: YR==, as: s, as-uid: '1', as-groups: [g], as-user-extra: {k: [v]}, auth-provider: {name: gcp, config: {a: b, c: ~}}}}]",
        ),
        Case::one(
            "unknown fields",
            "x: {y: [z]}\nClusters: [{name: no}]\nclusters: [{name: a, Name: b, cluster: {Server: no, server: s, x: 1}, extra: 2}]\nusers: [{name: a, user: {Token: no, exec: {Command: no, command: c}}}]\npreferences: {colors: true}\nextensions: [{name: e, extension: {a: b}}]\n",
        ),
        Case::one(
            "one name in three lists",
            "users: [{name: a}]\nclusters: [{name: a}]\ncontexts: [{name: a}]\ncurrent-context: a",
        ),
    ]
}

pub(super) fn refusals() -> Vec<Case> {
    let refused = |name, text: &str| Case::one(name, text).refused();
    vec![
        refused(
            "equal names of users",
            "users: [{name: a, user: {token: s}}, {name: a}]",
        ),
        refused(
            "equal names of clusters",
            "clusters: [{name: a}, {name: b}, {name: a}]",
        ),
        refused("equal names of contexts", "contexts: [{}, {name: ''}]"),
        refused("another kind", "kind: Pod"),
        refused("another kind in other letters", "Kind: Pod"),
        refused("another version", "apiVersion: v2"),
        refused("a number as version", "apiVersion: 1"),
        refused("a word", "word"),
        refused("a list", "[]"),
        refused("a number as name", "current-context: 12"),
        refused(
            "a boolean as name",
            "contexts: [{name: x, context: {namespace: n}}]",
        ),
        refused("a grouped number as name", "current-context: 1_000"),
        refused(
            "a number as argument",
            "users: [{name: a, user: {exec: {args: [1]}}}]",
        ),
        refused("a mapping for a list", "clusters: {}"),
        refused("a list for a mapping", "users: [{name: a, user: []}]"),
        refused(
            "a word for a mapping",
            "users: [{name: a, user: {exec: plugin}}]",
        ),
        refused(
            "a quoted boolean",
            "clusters: [{name: a, cluster: {insecure-skip-tls-verify: 'true'}}]",
        ),
        refused(
            "base64 without padding",
            "users: [{name: a, user: {client-key-data: YQ}}]",
        ),
        refused(
            "base64 with a blank",
            "users: [{name: a, user: {client-key-data: 'YWJj ZGVm'}}]",
        ),
        refused("an unknown alias", "a: *b"),
        refused("an alias in its anchor", "a: &a [*a]"),
        refused("a merge of a word", "<<: word"),
        refused("a null key", "~: 1"),
        refused("a mapping as key", "{a: 1}: 1"),
        refused("infinity", "x: .inf"),
        refused("a tag that lies", "x: !!int word"),
        refused("version 1.2 of yaml", "%YAML 1.2\n---\na: b"),
        refused("a tab for indentation", "users:\n-\tname: a\n\tuser: {}\n"),
        refused(
            "a tab in a mapping",
            "users:\n- name: a\n  user:\n\ttoken: t\n",
        ),
        refused("an open bracket", "users: [{name: a}"),
        refused("an open quote", "current-context: 'a\n"),
        refused("a colon too many", "current-context: a: b"),
        refused("a bracket too many", "current-context: a\n]"),
        refused("wrong indentation", "users:\n  - name: a\n - name: b\n"),
        refused("a reserved character", "current-context: @a"),
        refused("a bad escape", "current-context: \"\\q\""),
        refused("a control character", "current-context: a\u{1}b"),
        Case::bytes("latin-1", b"current-context: k\xe4se".to_vec()).refused(),
        Case::bytes("half a utf-16 unit", b"\xff\xfea\0b".to_vec()).refused(),
    ]
}
