//! Combinations of kubeconfig files, and ways to write them.

use super::content::{entries, refusals, scalars};

/// What both have to do with the files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    /// Read the same.
    Same,
    /// Refuse.
    Refused,
}

pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) expect: Expect,
    /// `KUBECONFIG`, with `@` for the folder of the files; none: not set, `HOME` is that folder.
    pub(super) list: Option<&'static str>,
    /// For `config view`.
    pub(super) args: Vec<&'static str>,
    pub(super) files: Vec<(&'static str, Vec<u8>)>,
}

impl Case {
    fn new(name: &'static str, list: &'static str, files: &[(&'static str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(file, text)| (*file, text.as_bytes().to_vec()))
            .collect();
        Self {
            name,
            expect: Expect::Same,
            list: Some(list),
            args: Vec::new(),
            files,
        }
    }

    /// One file.
    pub(super) fn one(name: &'static str, text: &str) -> Self {
        Self::new(name, "@/k", &[("k", text)])
    }

    pub(super) fn bytes(name: &'static str, bytes: Vec<u8>) -> Self {
        Self {
            files: vec![("k", bytes)],
            ..Self::one(name, "")
        }
    }

    pub(super) fn refused(self) -> Self {
        Self {
            expect: Expect::Refused,
            ..self
        }
    }

    fn args(self, args: &[&'static str]) -> Self {
        Self {
            args: args.to_vec(),
            ..self
        }
    }

    fn home(self) -> Self {
        Self { list: None, ..self }
    }
}

pub(super) fn all() -> Vec<Case> {
    [
        merging(),
        minified(),
        layout(),
        scalars(),
        entries(),
        refusals(),
        vec![paths()],
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Relative paths of two files in two folders, each with its own target.
pub(super) fn paths() -> Case {
    let config = |name: &str, up: &str| {
        format!(
            "clusters: [{{name: {name}, cluster: {{server: 'https://127.0.0.1:1', \
             certificate-authority: {up}./ca}}}}]\n\
             contexts: [{{name: {name}, context: {{cluster: {name}, user: {name}}}}}]\n\
             users:\n- name: {name}-cert\n  user: {{client-certificate: {up}cert, client-key: x/../key, \
             tokenFile: t/t}}\n- name: {name}\n  user: {{exec: {{command: ../bin/plugin, args: [./y], \
             apiVersion: client.authentication.k8s.io/v1beta1}}}}\n- name: {name}-bare\n  \
             user: {{exec: {{command: plugin}}, tokenFile: /abs/../t}}\n"
        )
    };
    // A certificate authority that is none: the client stops before it connects, after the plugin.
    let plugin = "#!/bin/sh\n: > \"${0%/*}/ran\"\nexit 1\n";
    Case::new(
        "relative paths",
        "@/a/config:@/b/config",
        &[
            ("a/config", &config("a", "")),
            (
                "b/config",
                &config("b", "../c/").replace("certificate-authority: ../c/./ca", "proxy-url: ''"),
            ),
            ("a/ca", "ca a"),
            ("a/cert", "cert a"),
            ("a/key", "key a"),
            ("b/key", "key b"),
            ("c/cert", "cert c"),
            ("bin/plugin", plugin),
        ],
    )
}

const A: &str = "\
clusters:
- name: c
  cluster: {server: 'https://a'}
users:
- name: u
  user: {token: a}
contexts:
- name: x
  context: {cluster: c, user: u}
";
const B: &str = "\
current-context: x
clusters:
- name: c
  cluster: {server: 'https://b', tls-server-name: b, certificate-authority: rel/ca, disable-compression: true}
- name: c2
  cluster: {server: 'https://b2', insecure-skip-tls-verify: true, proxy-url: 'http://proxy'}
users:
- name: u
  user: {token: b, username: ub, client-key: rel/k, as-groups: [g], exec: {command: ./c}}
- name: u2
  user: {client-certificate: ../x//y/, tokenFile: 'a b'}
contexts:
- name: x
  context: {cluster: c2, user: u2, namespace: ns}
- name: v
  context: {cluster: c2, user: u2, namespace: ns}
";
const C: &str = "\
current-context: v
clusters: [{name: c, cluster: {tls-server-name: from-c}}, {name: c3, cluster: {server: s}}]
contexts: [{name: v, context: {namespace: from-c}}, {name: z, context: {user: u}}]
";

fn merging() -> Vec<Case> {
    let all = [
        ("a", A),
        ("b", B),
        ("d/c", C),
        ("empty", ""),
        (".kube/config", A),
    ];
    let case = |name, list| Case::new(name, list, &all);
    vec![
        case("one file", "@/b"),
        case("overlap first wins whole", "@/a:@/b"),
        case("overlap the other way round", "@/b:@/a"),
        case("three files", "@/a:@/b:@/d/c"),
        case("three files backwards", "@/d/c:@/b:@/a"),
        case("the same file twice", "@/a:@/b:@/a"),
        case("the same file in two spellings", "@/b:@/d/../b"),
        case("missing files", "@/gone:@/a:@/d/gone:@/b"),
        case("all missing", "@/gone:@/gone2"),
        case("empty file first", "@/empty:@/b"),
        case("only an empty file", "@/empty"),
        case("empty elements", "::@/a::@/b:"),
        case("nothing but separators", "::"),
        case("empty variable means home", ""),
        case("home", "").home(),
        Case::one("no home file", A).home(),
        Case::new("old home file", "", &[(".kube/.kubeconfig", B)]).home(),
        Case::new(
            "later file with null lists",
            "@/a:@/n",
            &[
                ("a", A),
                (
                    "n",
                    "clusters: null\nusers: ~\ncontexts: []\ncurrent-context: null\n",
                ),
            ],
        ),
        Case::new(
            "empty current-context does not count",
            "@/n:@/b",
            &[("n", "current-context: ''\n"), ("b", B)],
        ),
        Case::new(
            "empty entry hides a full one",
            "@/n:@/b",
            &[
                (
                    "n",
                    "users: [{name: u}]\nclusters: [{name: c, cluster: ~}]\ncontexts: [{name: x}]\n",
                ),
                ("b", B),
            ],
        ),
        Case::new("yaml and json", "@/j:@/b", &[("j", JSON), ("b", B)]),
        Case::new(
            "a broken file among good ones",
            "@/a:@/n",
            &[("a", A), ("n", "a: [")],
        )
        .refused(),
        Case::new("a folder", "@/d", &[("d/x", A)]).refused(),
        Case::new("a file as a folder", "@/a/x", &[("a", A)]).refused(),
    ]
}

fn minified() -> Vec<Case> {
    let all = [("b", B), ("d/c", C)];
    let case = |name, list| Case::new(name, list, &all);
    let server = |context: &str| {
        format!(
            "current-context: x\nclusters: [{{name: c, cluster: {{server: s}}}}]\ncontexts: [{{name: x, context: {context}}}]"
        )
    };
    // kubectl's minify forgives an unreadable file, so the entries here have none.
    let b = B.replace("../x//y/", "''");
    vec![
        Case::new("minify", "@/b", &[("b", &b)]).args(&["--minify"]),
        Case::new("minify a named context", "@/b", &[("b", &b)]).args(&["--minify", "--context=v"]),
        Case::new(
            "minify over two files",
            "@/d/c:@/b",
            &[
                ("b", &b.replace("name: v", "name: z")),
                ("d/c", "current-context: x"),
            ],
        )
        .args(&["--minify"]),
        case("minify an unknown context", "@/b")
            .args(&["--minify", "--context=gone"])
            .refused(),
        Case::one("minify without a context", A)
            .args(&["--minify"])
            .refused(),
        Case::one("minify without its cluster", &server("{cluster: gone}"))
            .args(&["--minify"])
            .refused(),
        Case::one(
            "minify without its user",
            &server("{cluster: c, user: gone}"),
        )
        .args(&["--minify"])
        .refused(),
        Case::one("minify an anonymous context", &server("{cluster: c}")).args(&["--minify"]),
    ]
}

const JSON: &str = r#"{"kind": "Config", "apiVersion": "v1",
	"clusters": [{"name": "j\u00e9\"\\", "cluster": {"server": "https://j", "certificate-authority-data": "YQ=="}}],
	"users": [{"name": "u", "user": {"token": "\u20ac"}}], "contexts": [], "current-context": "j"}"#;
const ANCHORS: &str = "\
x-cluster: &cluster
  server: https://shared
  insecure-skip-tls-verify: true
x-more: &more {server: https://more, proxy-url: http://p}
x-name: &name shared-name
clusters:
- {name: *name, cluster: *cluster}
- name: early
  cluster:
    <<: *cluster
    server: https://own
- name: late
  cluster:
    server: https://own
    <<: *cluster
- name: several
  cluster: {<<: [*more, *cluster], tls-server-name: t}
- name: inline
  cluster: {<<: {server: s}}
- name: quoted
  cluster: {'<<': {server: s}}
users:
- &user {name: u1, user: {token: &t abc}}
- <<: *user
  name: u2
- {name: u3, user: {token: *t}}
";
const BLOCKS: &str = "\
users:
- name: >-
    folded
    name
  user:
    token: |
      two
        lines

    client-certificate-data: |
      YWJj
      ZGVm
    client-key-data: >
      YWJj

      ZGVm
    exec:
      command: a
      installHint: |+
        kept

      args:
      - |2-
          indented
      - \"double \\
        quoted\\ttab\"
      - 'single
        ''quoted'''
      - plain over
        two lines
";

/// How the file is written.
fn layout() -> Vec<Case> {
    let utf16 = |bom: u16, order: fn(u16) -> [u8; 2]| {
        std::iter::once(bom)
            .chain(B.encode_utf16())
            .flat_map(order)
            .collect()
    };
    vec![
        Case::one("json", JSON),
        Case::one("anchors aliases and merge keys", ANCHORS),
        Case::one("block scalars", BLOCKS),
        Case::one(
            "block scalar at the end without a newline",
            "current-context: |\n  a",
        ),
        Case::one("crlf", &B.replace('\n', "\r\n")),
        Case::one("crlf in block scalars", &BLOCKS.replace('\n', "\r\n")),
        Case::one("byte order mark", &format!("\u{feff}{B}")),
        Case::bytes("utf-16 little endian", utf16(0xFEFF, u16::to_le_bytes)),
        Case::bytes("utf-16 big endian", utf16(0xFEFF, u16::to_be_bytes)),
        Case::one(
            "comments",
            "# a\n\ncurrent-context: a#b # c\n# d\nusers: # e\n  # f\n- name: u # g\n#h\n  user: {token: 'x # y'} #i",
        ),
        Case::one(
            "tabs after values",
            "current-context: a\t# c\nusers:\t\n- name:\tu\t\n  user: {token:\tt\t,\tusername: m}\n",
        ),
        Case::one(
            "first document of several",
            "---\ncurrent-context: a\n---\ncurrent-context: b\n...\n: [ broken\n",
        ),
        Case::one(
            "garbage behind the end",
            "current-context: a\n...\n} garbage: [\n",
        ),
        Case::one("directive", "%YAML 1.1\n---\ncurrent-context: a\n"),
        Case::one(
            "tag directive",
            "%TAG !e! tag:example.com,2000:\n---\ncurrent-context: !e!x a\n",
        ),
        Case::one("only comments", "# nothing\n\n"),
        Case::one("only a document start", "---\n"),
        Case::one("null", "~\n"),
        Case::one(
            "flow without indentation",
            "clusters: [\n{name: a, cluster: {server: s,\n}},\n]\n",
        ),
        Case::one(
            "list at the level of its key",
            "users:\n- name: a\n  user:\n    as-groups:\n    - g\n    - h\ncurrent-context: z",
        ),
        Case::one(
            "explicit keys",
            "? current-context\n: a\n? users\n: - name: b\n",
        ),
        Case::one(
            "unicode",
            "current-context: käse 日本語 😀\nusers:\n- name: \"\\u00e9\\x41\\U0001F600\"\n  user: {token: 'ключ'}\n",
        ),
        Case::one(
            "equal keys",
            "current-context: a\ncurrent-context: b\nusers: [{name: a}]\nusers: [{name: b, name: c}]\n",
        ),
    ]
}
