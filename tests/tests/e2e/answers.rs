//! What a plugin may print: real kubectl is the judge, alone and with `kcc-cache` in front.

use std::fs;
use std::path::Path;

use harness::CacheHome;
use harness::cluster::{Cluster, ExecUser, KubeconfigFile, KubeconfigUser, TokenUser};
use libtest_mimic::Trial;

use crate::plugin_user::{stdout, user_of};
use crate::trial::{Outcome, Run, check, cluster_for_testers, on_cluster};

pub(crate) fn trials() -> Vec<Trial> {
    let all: [(&str, Run); 3] = [
        ("odd_json_is_read_as_kubectl_reads_it", || judge(ODD_JSON)),
        ("odd_yaml_is_read_as_kubectl_reads_it", || judge(ODD_YAML)),
        ("odd_times_are_read_as_kubectl_reads_them", odd_times),
    ];
    on_cluster("answers", &all)
}

/// An output, and the user that the server knows kubectl by; none where kubectl refuses the output.
/// `@V1` stands for the version, `@ONE` and `@TWO` for the tokens of the users `one` and `two`.
type Case = (&'static [u8], Option<&'static str>);

const ONE: Option<&str> = Some("one");
const TWO: Option<&str> = Some("two");

const ODD_JSON: &[Case] = &[
    (br#"{"kind":"ExecCredential","apiVersion":"@V1","status":{"token":"@ONE"}}"#, ONE),
    // A name twice: the last one counts, `null` changes nothing, objects are put together.
    (br#"{"apiVersion":"@V1","status":{"token":"@ONE","token":"@TWO"}}"#, TWO),
    (br#"{"apiVersion":"@V1","status":{"token":"@ONE","token":null}}"#, ONE),
    (br#"{"apiVersion":"@V1","status":{"token":"@ONE","token":""}}"#, None),
    (br#"{"apiVersion":"@V1","status":{"token":"@ONE"},"status":{"other":1}}"#, ONE),
    (br#"{"apiVersion":"@V1","status":{"token":"@ONE"},"status":{"token":"@TWO"}}"#, TWO),
    (br#"{"apiVersion":"@V1","status":{"token":"@ONE"},"status":null}"#, None),
    (br#"{"apiVersion":"@V1","status":null,"status":{"token":"@ONE"}}"#, ONE),
    (br#"{"apiVersion":"v1","apiVersion":"@V1","status":{"token":"@ONE"}}"#, ONE),
    (br#"{"apiVersion":"@V1","apiVersion":"v1","status":{"token":"@ONE"}}"#, None),
    (br#"{"kind":"Pod","kind":"ExecCredential","apiVersion":"@V1","status":{"token":"@ONE"}}"#, ONE),
    (br#"{"apiVersion":"@V1","status":{"token":5,"token":"@ONE"}}"#, None),
    (br#"{"apiVersion":"@V1","status":{"expirationTimestamp":"soon","expirationTimestamp":null,"token":"@ONE"}}"#, None),
    (br#"{"apiVersion":"@V1","status":{"expirationTimestamp":"2040-01-02T03:04:05Z","expirationTimestamp":null,"token":"@ONE"}}"#, ONE),
    // Version and kind in any case, everything else not.
    (br#"{"KIND":"ExecCredential","ApiVersion":"@V1","status":{"token":"@ONE"}}"#, ONE),
    (br#"{"kind":"ExecCredential","Kind":"Pod","apiVersion":"@V1","status":{"token":"@ONE"}}"#, None),
    ("{\"\u{212a}ind\":\"ExecCredential\",\"api\u{56}er\u{17f}ion\":\"@V1\",\"status\":{\"token\":\"@ONE\"}}".as_bytes(), ONE),
    (br#"{"apiVersion":"@V1","Status":{"token":"@ONE"}}"#, None),
    (br#"{"apiVersion":"@V1","status":{"Token":"@ONE"}}"#, None),
    // No kind is the kind that is expected; no version is another one.
    (br#"{"apiVersion":"@V1","status":{"token":"@ONE"}}"#, ONE),
    (br#"{"kind":"","apiVersion":"@V1","status":{"token":"@ONE"}}"#, ONE),
    (br#"{"kind":null,"apiVersion":"@V1","status":{"token":"@ONE"}}"#, ONE),
    (br#"{"kind":"execCredential","apiVersion":"@V1","status":{"token":"@ONE"}}"#, None),
    (br#"{"kind":"ExecCredential","status":{"token":"@ONE"}}"#, None),
    (br#"{"kind":"ExecCredential","apiVersion":"@V1beta1","status":{"token":"@ONE"}}"#, None),
    (br#"{"kind":"ExecCredential","apiVersion":"@V1alpha1","status":{"token":"@ONE"}}"#, None),
    // Names that nobody knows, and what has not its form although nobody needs it.
    (br#"{"apiVersion":"@V1","metadata":{"a":[1e999]},"status":{"token":"@ONE","x":{}}}"#, ONE),
    (br#"{"apiVersion":"@V1","spec":null,"status":{"token":"@ONE"}}"#, ONE),
    (br#"{"apiVersion":"@V1","spec":{"interactive":true,"cluster":{"server":"https://a","config":[1]}},"status":{"token":"@ONE"}}"#, ONE),
    (br#"{"apiVersion":"@V1","spec":[],"status":{"token":"@ONE"}}"#, None),
    (br#"{"apiVersion":"@V1","spec":{"interactive":"no"},"status":{"token":"@ONE"}}"#, None),
    (br#"{"apiVersion":"@V1","spec":{"cluster":{"server":1}},"status":{"token":"@ONE"}}"#, None),
    (br#"{"apiVersion":"@V1","spec":{"cluster":{"certificate-authority-data":"%"}},"status":{"token":"@ONE"}}"#, None),
    // Values of another form.
    (br#"{"apiVersion":"@V1","status":{"token":12345}}"#, None),
    (br#"{"apiVersion":"@V1","status":{"token":true}}"#, None),
    (br#"{"apiVersion":"@V1","status":{"token":["@ONE"]}}"#, None),
    (br#"{"apiVersion":"@V1","status":[{"token":"@ONE"}]}"#, None),
    (br#"{"apiVersion":"@V1","status":"@ONE"}"#, None),
    (br#"{"apiVersion":"@V1","status":{"token":"@ONE","clientKeyData":null,"clientCertificateData":""}}"#, ONE),
    (br#"{"apiVersion":"@V1","status":{"token":"@ONE","expirationTimestamp":5}}"#, None),
    (br#"{"apiVersion":"@V1","status":{"token":"@ONE","expirationTimestamp":""}}"#, None),
    // What stands around the object.
    (b"\xef\xbb\xbf{\"apiVersion\":\"@V1\",\"status\":{\"token\":\"@ONE\"}}", ONE),
    (b" \r\n\t{\"apiVersion\":\"@V1\",\"status\":{\"token\":\"@ONE\"}} \r\n\n", ONE),
    (b"{\"apiVersion\":\"@V1\",\"status\":{\"token\":\"@ONE\"}}{}", None),
    (b"{\"apiVersion\":\"@V1\",\"status\":{\"token\":\"@ONE\"}}\n---\n", None),
    (b"{\"apiVersion\":\"@V1\",\"status\":{\"token\":\"@ONE\"}}\0", None),
    (b"{\"apiVersion\":\"@V1\",\"status\":{\"token\":\"@ONE\"}} # said", None),
    (b"{\"apiVersion\":\"@V1\",\"status\":{\"token\":\"@ONE\"},}", None),
    (b"{'apiVersion':'@V1','status':{'token':'@ONE'}}", None),
    (b"[{\"apiVersion\":\"@V1\",\"status\":{\"token\":\"@ONE\"}}]", None),
    (b"null", None),
    (b"Logged in.\n{\"apiVersion\":\"@V1\",\"status\":{\"token\":\"@ONE\"}}", None),
    // Texts.
    (br#"{"apiVersion":"@V1","status":{"\u0074oken":"@O\u004eE"}}"#, ONE),
    (br#"{"apiVersion":"@V1","note":"\ud800","status":{"token":"@ONE"}}"#, ONE),
    (b"{\"apiVersion\":\"@V1\",\"note\":\"\xff\",\"\xff\":1,\"status\":{\"token\":\"@ONE\"}}", ONE),
    (b"{\"apiVersion\":\"@V1\",\"note\":\"a\nb\",\"status\":{\"token\":\"@ONE\"}}", None),
    (br#"{"apiVersion":"@V1","note":"\x","status":{"token":"@ONE"}}"#, None),
];

const ODD_YAML: &[Case] = &[
    (
        b"apiVersion: @V1\nkind: ExecCredential\nstatus:\n  token: @ONE\n",
        ONE,
    ),
    (
        b"# said\n---\napiVersion: @V1\nstatus: {token: @ONE}\n",
        ONE,
    ),
    // A key twice: the last one counts, and takes all of the first one away.
    (
        b"apiVersion: @V1\nstatus:\n  token: @ONE\n  token: @TWO\n",
        TWO,
    ),
    (
        b"apiVersion: @V1\nstatus:\n  token: @ONE\n  token: null\n",
        None,
    ),
    (
        b"apiVersion: @V1\nstatus: {token: @ONE}\nstatus: {other: 1}\n",
        None,
    ),
    (
        b"apiVersion: @V1\nstatus: {token: @ONE}\nstatus: {token: @TWO}\n",
        TWO,
    ),
    // The first document counts, and what stands behind it does not.
    (
        b"apiVersion: @V1\nstatus: {token: @ONE}\n---\napiVersion: @V1\nstatus: {token: @TWO}\n",
        ONE,
    ),
    (b"apiVersion: @V1\nstatus: {token: @ONE}\n---\n}{\n", ONE),
    (b"apiVersion: @V1\nstatus: {token: @ONE}\n...\nbye\n", ONE),
    (b"---\n---\napiVersion: @V1\nstatus: {token: @ONE}\n", None),
    (
        b"Logged in.\napiVersion: @V1\nstatus: {token: @ONE}\n",
        None,
    ),
    (b"- apiVersion: @V1\n", None),
    // Words that are no texts.
    (b"apiVersion: @V1\nstatus: {token: 12345}\n", None),
    (b"apiVersion: @V1\nstatus: {token: yes}\n", None),
    (b"apiVersion: @V1\nstatus: {token: 1e3}\n", None),
    (b"apiVersion: @V1\nstatus: {token: ~}\n", None),
    (
        b"apiVersion: @V1\nstatus: {token: @ONE, clientKeyData: , clientCertificateData: ''}\n",
        ONE,
    ),
    (b"apiVersion: @V1\nstatus: {token: !!str @ONE}\n", ONE),
    (
        b"apiVersion: @V1\nstatus: {token: @ONE, expirationTimestamp: 2040-01-02T03:04:05Z}\n",
        ONE,
    ),
    (
        b"apiVersion: @V1\nstatus: {token: @ONE, expirationTimestamp: 2040-01-02}\n",
        None,
    ),
    (
        b"apiVersion: @V1\nnote: .nan\nstatus: {token: @ONE}\n",
        None,
    ),
    (
        b"apiVersion: @V1\nnote: {1: a, yes: b, 1.5: c}\nstatus: {token: @ONE}\n",
        ONE,
    ),
    (
        b"apiVersion: @V1\nnote: {null: a}\nstatus: {token: @ONE}\n",
        None,
    ),
    (
        b"apiVersion: @V1\nnote: {[a]: b}\nstatus: {token: @ONE}\n",
        None,
    ),
    // Anchors, merges, other cases, blocks, line ends and a byte-order mark.
    (
        b"note: &a {token: @ONE}\napiVersion: @V1\nstatus: *a\n",
        ONE,
    ),
    (
        b"note: &a {token: @ONE}\napiVersion: @V1\nstatus:\n  <<: *a\n  other: 1\n",
        ONE,
    ),
    (
        b"APIVERSION: @V1\nKind: ExecCredential\nstatus: {token: @ONE}\n",
        ONE,
    ),
    (
        b"Kind: Pod\nkind: ExecCredential\napiVersion: @V1\nstatus: {token: @ONE}\n",
        ONE,
    ),
    (b"apiVersion: @V1\nSTATUS: {token: @ONE}\n", None),
    (b"apiVersion: @V1\nstatus:\n  token: >-\n    @ONE\n", ONE),
    (b"apiVersion: @V1\r\nstatus:\r\n  token: \"@ONE\"\r\n", ONE),
    (b"\xef\xbb\xbfapiVersion: @V1\nstatus: {token: @ONE}\n", ONE),
    (b"apiVersion: @V1\nstatus: {token: \"@O\\x4eE\"}\n", ONE),
    (
        b"apiVersion: @V1\nnote: \xff\nstatus: {token: @ONE}\n",
        None,
    ),
    (
        b"%YAML 1.1\n---\napiVersion: @V1\nstatus: {token: @ONE}\n",
        ONE,
    ),
    (b"apiVersion: @V1\n\tstatus: {token: @ONE}\n", None),
    (
        b"apiVersion: @V1\nspec: {interactive: yes}\nstatus: {token: @ONE}\n",
        ONE,
    ),
    (
        b"apiVersion: @V1\nspec: {interactive: 1}\nstatus: {token: @ONE}\n",
        None,
    ),
];

const TIMES: &[(&str, bool)] = &[
    ("2040-01-02T03:04:05Z", true),
    ("2040-01-02T03:04:05.678Z", true),
    ("2040-01-02T03:04:05,678Z", true),
    ("2040-01-02T03:04:05,678+02:00", true),
    ("2040-01-02T03:04:05.1234567890123456789Z", true),
    ("2040-01-02T3:04:05Z", true),
    ("2040-01-02T03:04:05+24:00", true),
    ("2040-01-02T03:04:05+00:60", true),
    ("2040-02-29T03:04:05Z", true),
    ("9999-12-31T23:59:59Z", true),
    ("0001-01-01T00:00:00Z", true),
    ("2041-02-29T03:04:05Z", false),
    ("2040-01-02T03:04:60Z", false),
    ("2040-01-02T24:00:00Z", false),
    ("2040-01-02T03:04:05.Z", false),
    ("2040-01-02T03:04:05,Z", false),
    ("2040-01-02T03:04:05", false),
    ("2040-01-02T03:04Z", false),
    ("2040-1-02T03:04:05Z", false),
    ("2040-01-02 03:04:05Z", false),
    ("2040-01-02t03:04:05z", false),
    ("2040-01-02T03:04:05+25:00", false),
    ("2040-01-02T03:04:05+00:61", false),
    ("2040-01-02T03:04:05+0000", false),
    (" 2040-01-02T03:04:05Z", false),
    ("2040-01-02T03:04:05Z ", false),
    ("1700000000", false),
];

fn odd_times() -> Outcome {
    let output = |time: &str| {
        let status = format!(r#"{{"token":"@ONE","expirationTimestamp":"{time}"}}"#);
        format!(r#"{{"apiVersion":"@V1","status":{status}}}"#).into_bytes()
    };
    let cases = TIMES
        .iter()
        .map(|(time, good)| (output(time), good.then_some("one")));
    let cases: Vec<(Vec<u8>, Option<&str>)> = cases.collect();
    Judge::of(
        cases
            .iter()
            .map(|(output, known_as)| (&output[..], *known_as)),
    )?
    .judge()
}

fn judge(cases: &[Case]) -> Outcome {
    Judge::of(cases.iter().copied())?.judge()
}

/// A kubeconfig with two users for each case: `cat FILE`, and `kcc-cache cat FILE`.
struct Judge<'a> {
    cluster: &'static Cluster,
    home: CacheHome,
    kubeconfig: KubeconfigFile,
    cases: Vec<(&'a [u8], Option<&'a str>)>,
}

impl<'a> Judge<'a> {
    fn of(
        cases: impl Iterator<Item = (&'a [u8], Option<&'a str>)>,
    ) -> Result<Self, libtest_mimic::Failed> {
        let cluster = cluster_for_testers()?;
        for user in ["one", "two"] {
            let token = format!("odd-{user}");
            cluster.add_token(TokenUser::new(&token, user, &["testers"]))?;
        }
        let home = CacheHome::new()?;
        let front = home.kcc_cache().get_program().to_owned();
        let cases: Vec<_> = cases.collect();
        let mut kubeconfig = cluster.kubeconfig();
        for (number, (output, _)) in cases.iter().enumerate() {
            let file = home.path().join(format!("output-{number}"));
            fs::write(&file, filled_in(output))?;
            let file = file.display().to_string();
            let alone = ExecUser::new("cat", &[&file]);
            let cached = ExecUser::new(Path::new(&front), &["cat", &file]);
            kubeconfig = kubeconfig
                .with_user(&format!("alone-{number}"), KubeconfigUser::Exec(alone))
                .with_user(&format!("cached-{number}"), KubeconfigUser::Exec(cached));
        }
        let kubeconfig = kubeconfig.write()?;
        Ok(Self {
            cluster,
            home,
            kubeconfig,
            cases,
        })
    }

    fn judge(&self) -> Outcome {
        let mut wrong = vec![];
        for (number, (output, expected)) in self.cases.iter().enumerate() {
            let alone = self.known_as(&format!("alone-{number}"));
            let cached = self.known_as(&format!("cached-{number}"));
            if alone.as_deref().ok() != *expected || cached.as_deref().ok() != *expected {
                let output = output.escape_ascii();
                wrong.push(format!(
                    "{output}\n  expected {expected:?}\n  kubectl alone {alone:?}\n  cached {cached:?}"
                ));
            }
        }
        check(wrong.is_empty(), wrong.join("\n"))
    }

    /// The user that the server knows kubectl by, or what kubectl says.
    fn known_as(&self, context: &str) -> Result<String, String> {
        let mut kubectl = self.cluster.kubectl_with(self.kubeconfig.path());
        kubectl.envs(self.home.variables());
        kubectl.args(["--context", context, "auth", "whoami", "-o", "json"]);
        let output = kubectl.output().map_err(|error| error.to_string())?;
        match stdout(&output) {
            Ok(review) => user_of(&review).map_err(|_| review),
            Err(_) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }
}

fn filled_in(output: &[u8]) -> Vec<u8> {
    let mut text = output.to_owned();
    for (from, to) in [
        ("@V1", "client.authentication.k8s.io/v1"),
        ("@ONE", "odd-one"),
        ("@O\\u004eE", "odd-on\\u0065"),
        ("@O\\x4eE", "odd-on\\x65"),
        ("@TWO", "odd-two"),
    ] {
        while let Some(at) = text
            .windows(from.len())
            .position(|part| part == from.as_bytes())
        {
            text.splice(at..at + from.len(), to.bytes());
        }
    }
    text
}
