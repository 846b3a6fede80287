//! The built-in rule for names: words that may mean an identity, and what changes with a session.

use Position::{Anywhere, Ends, Last, Whole};

/// Where in a name a word has to stand. A part of a name is a run of letters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// Also glued to others: `KRB5CCNAME`, `SYSTEM_ACCESSTOKEN`.
    Anywhere,
    /// At the end of a part: `ACCESS_KEY`, `APIKEY`.
    Ends,
    /// A whole part: `OS_AUTH_URL`.
    Whole,
    /// A whole part, behind others and at the end: `BLUEMIX_HOME`, and not `HOME_PAGE`.
    Last,
}

/// The words by their first letter, from A to Z; a name is looked at letter by letter.
///
/// They are not a list of vendors: the variables of 30 plugins and tools (the tests name them) came to
/// these, and those of the next one will.
const WORDS: [&[(&str, Position)]; 26] = [
    &[
        ("ACCOUNT", Anywhere),
        ("ADDR", Whole),
        ("API", Whole),
        ("APPDATA", Anywhere),
        ("APPLICATION", Anywhere),
        ("APP_ID", Anywhere),
        ("ASSERTION", Anywhere),
        ("AUTH", Ends),
        ("AUTHENTICAT", Anywhere),
        ("AUTHN", Anywhere),
        ("AUTHORITY", Whole),
        ("AUTHORIZ", Anywhere),
    ],
    &[("BEARER", Anywhere)],
    &[
        ("CERT", Ends),
        ("CERTIFICATE", Anywhere),
        ("CLIENTID", Anywhere),
        ("CLIENT_ID", Anywhere),
        ("CLOUD", Anywhere),
        ("CLUSTER", Anywhere),
        ("COMPARTMENT", Anywhere),
        ("CONFIG", Ends),
        ("CONTEXT", Anywhere),
        ("CREDENTIAL", Anywhere),
        ("CREDS", Ends),
        ("CUSTOMER", Anywhere),
    ],
    &[("DOMAIN", Anywhere)],
    &[
        ("EMAIL", Whole),
        ("ENDPOINT", Anywhere),
        ("ENVIRONMENT", Anywhere),
    ],
    &[("FEDERAT", Anywhere), ("FOLDER", Whole)],
    &[],
    &[("HOME", Last), ("HOST", Last)],
    &[
        ("IAM", Whole),
        ("IDENTITY", Anywhere),
        ("IDP", Ends),
        ("IMPERSONAT", Anywhere),
        ("ISSUER", Anywhere),
    ],
    &[("JWT", Anywhere)],
    &[
        ("KERBEROS", Anywhere),
        ("KEY", Ends),
        ("KEYFILE", Anywhere),
        ("KEYID", Anywhere),
        ("KEYRING", Whole),
        ("KEYTAB", Anywhere),
        ("KRB", Anywhere),
    ],
    &[("LDAP", Anywhere), ("LOGIN", Whole)],
    &[("METADATA", Anywhere)],
    &[("NAMESPACE", Anywhere), ("NETRC", Whole)],
    &[
        ("OAUTH", Anywhere),
        ("OIDC", Anywhere),
        ("ORG", Whole),
        ("ORGANI", Anywhere),
    ],
    &[
        ("PASS", Whole),
        ("PASSCODE", Anywhere),
        ("PASSPHRASE", Anywhere),
        ("PASSW", Anywhere),
        ("PEM", Whole),
        ("PERSONA", Anywhere),
        ("PFX", Whole),
        ("PRINCIPAL", Anywhere),
        ("PROFILE", Anywhere),
        ("PROJECT", Anywhere),
        ("PROTOCOL", Whole),
        ("PSW", Whole),
        ("PWD", Last),
    ],
    &[],
    &[
        ("REALM", Anywhere),
        ("REGION", Anywhere),
        ("ROLE", Anywhere),
    ],
    &[
        ("SAML", Anywhere),
        ("SCOPE", Whole),
        ("SECRET", Anywhere),
        ("SERVER", Whole),
        ("SSO", Whole),
        ("STS", Whole),
        ("SUBJECT", Whole),
        ("SUBSCRIPTION", Anywhere),
    ],
    &[
        ("TEAM", Whole),
        ("TENAN", Anywhere),
        ("TICKET", Whole),
        ("TOKEN", Anywhere),
        ("TRUST", Whole),
    ],
    &[
        ("URI", Last),
        ("URL", Last),
        ("USER", Anywhere),
        ("USR", Whole),
    ],
    &[],
    &[("WORKLOAD", Anywhere), ("WORKSPACE", Anywhere)],
    &[],
    &[],
    &[],
];

/// Names that decide by themselves, or say which directory does.
const NAMES: &[&str] = &["HOME", "KUBECACHEDIR", "LOGNAME", "USER", "XDG_CONFIG_HOME"];

/// What all variables of known tools begin with: those without a word, too.
const VENDORS: &[&str] = &[
    "AAD_",
    "ALIBABA_CLOUD_",
    "ARM_",
    "AWS_",
    "AZURE_",
    "BOUNDARY_",
    "CLOUDSDK_",
    "DIGITALOCEAN_",
    "GOOGLE_",
    "IBMCLOUD_",
    "KOPS_",
    "OCI_",
    "OS_",
    "SCW_",
    "TELEPORT_",
    "TENCENTCLOUD_",
    "TSH_",
    "VAULT_",
    "YC_",
];

/// Names with such a word that change between two sessions, or two calls, of one person and say
/// nothing of who that is: of terminals, desktops, shells, editors, build tools and CI.
const OF_A_SESSION: &[&str] = &[
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_PAGER",
    "AWS_SDK_UA_APP_ID",
    "AZUREPS_HOST_ENVIRONMENT",
    "BUILD_URL",
    "BUILDKITE_BUILD_URL",
    "CHANGE_URL",
    "CIRCLE_BUILD_URL",
    "CI_JOB_URL",
    "CI_PIPELINE_URL",
    "CLOUDSDK_WRAPPER",
    "ICEAUTHORITY",
    "ITERM_PROFILE",
    "JAVA_HOME",
    "HUDSON_SERVER_COOKIE",
    "JENKINS_SERVER_COOKIE",
    "JOB_URL",
    "KITTY_PUBLIC_KEY",
    // What it says is in the key: command, arguments, user and cluster.
    "KUBECONFIG",
    "LLVM_PROFILE_FILE",
    "LOGIN_SHELL",
    "NIX_PROFILES",
    "NIX_USER_PROFILE_DIR",
    "PROFILEHOME",
    "PTYXIS_PROFILE",
    "PULSE_SERVER",
    "SSH_AUTH_SOCK",
    "SSH_USER_AUTH",
    "STARSHIP_SESSION_KEY",
    "USER_ZDOTDIR",
    "WORKSPACE",
    "WORKSPACE_TMP",
    "WT_PROFILE_ID",
    "XAUTHORITY",
    "__CF_USER_TEXT_ENCODING",
];

/// The same, by how they begin.
const SESSION_BEGINNINGS: &[&str] = &[
    "AWS_XRAY_",
    "BASH_FUNC_",
    "CLOUDSDK_METRICS_",
    "CLOUDSDK_PYTHON",
    "FONTCONFIG_",
    "FZF_",
    "GIT_CONFIG_",
    "GNOME_",
    "HELM_",
    "KDE_",
    "KUBERNETES_PORT",
    "KUBERNETES_SERVICE_",
    "KUBE_CREDENTIAL_CACHE_",
    "PAM_",
    "PKG_CONFIG_",
    "SNAP_",
    "SSH_SESSION_",
    "VSCODE_",
    "WEZTERM_",
    "XDG_",
    "npm_",
];

/// The same, by a piece: Kubernetes and `docker` tell a container of services so, whatever the services
/// are called; a user agent changes with the tool that calls; and whom one trusts is not who one is.
const SESSION_PIECES: &[&str] = &[
    "AUTHOR_EMAIL",
    "COMMITTER_EMAIL",
    "SSL_CERT_",
    "USER_AGENT",
    "_DISPLAY_URL",
    "_PORT_",
    "_SERVICE_HOST",
    "_SERVICE_PORT",
    "_VSCODE_",
];

/// For each letter the second letters of the words that begin with it, one bit each. A hit looks at
/// every name of its environment, and nearly all end here.
const SECOND_LETTERS: [u32; 26] = {
    let mut seconds = [0; 26];
    let mut first = 0;
    while first < WORDS.len() {
        let mut at = 0;
        while at < WORDS[first].len() {
            let word = WORDS[first][at].0.as_bytes();
            seconds[first] |= 1 << (word[1] - b'A');
            at += 1;
        }
        first += 1;
    }
    seconds
};

/// Whether a variable of this name may decide who one is.
pub(super) fn may_decide(name: &[u8]) -> bool {
    if NAMES.iter().any(|known| name == known.as_bytes()) {
        return true;
    }
    (has_word(name) || begins_with_one_of(name, VENDORS))
        && !begins_with_one_of(name, SESSION_BEGINNINGS)
        && !is_of_a_session(name)
}

fn begins_with_one_of(name: &[u8], beginnings: &[&str]) -> bool {
    let begins = |beginning: &&str| {
        let beginning = beginning.as_bytes();
        beginning.first() == name.first() && name.starts_with(beginning)
    };
    beginnings.iter().any(begins)
}

#[cfg(test)]
pub(super) fn is_of_known_vendor(name: &str) -> bool {
    VENDORS.iter().any(|vendor| name.starts_with(vendor))
}

fn is_of_a_session(name: &[u8]) -> bool {
    OF_A_SESSION.iter().any(|known| name == known.as_bytes())
        || (0..name.len()).any(|at| begins_with_one_of(&name[at..], SESSION_PIECES))
}

fn has_word(name: &[u8]) -> bool {
    let mut before = NO_LETTER;
    name.iter().enumerate().any(|(at, byte)| {
        let first = std::mem::replace(&mut before, letter(*byte));
        let begins = first < NO_LETTER && before < NO_LETTER;
        begins && SECOND_LETTERS[first] >> before & 1 == 1 && is_word(name, at - 1, WORDS[first])
    })
}

/// Whether one of these words stands at a place of a name, and may stand there.
fn is_word(name: &[u8], at: usize, words: &[(&str, Position)]) -> bool {
    let rest = &name[at..];
    words.iter().any(|(word, position)| {
        rest.len() >= word.len()
            && rest[..word.len()].eq_ignore_ascii_case(word.as_bytes())
            && fits(*position, name, at, at + word.len())
    })
}

const NO_LETTER: usize = WORDS.len();

/// The place of a letter in the alphabet.
fn letter(byte: u8) -> usize {
    let position = byte.to_ascii_uppercase().wrapping_sub(b'A');
    usize::from(position).min(NO_LETTER)
}

/// Whether `name[from..to]` stands where it has to.
fn fits(position: Position, name: &[u8], from: usize, to: usize) -> bool {
    let begins = from == 0 || !name[from - 1].is_ascii_alphabetic();
    let ends = to == name.len() || !name[to].is_ascii_alphabetic();
    match position {
        Anywhere => true,
        Ends => ends,
        Whole => begins && ends,
        Last => begins && from > 0 && to == name.len(),
    }
}
