//! The small files by which known plugins tell who is active.
//!
//! None of them is rewritten when the plugin refreshes a token: such a file would bring a run at each
//! refresh. So gcloud's `credentials.db` and `access_tokens.db`, az's `msal_token_cache.json`, all
//! under `~/.aws/sso/cache`, `~/.aws/cli/cache` and `~/.aws/login/cache`, kubelogin's tokens and tsh's
//! keys are not here, nor Rancher's `cli2.json` and pinniped's `sessions.yaml`, which hold tokens.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::files::{Look, Watched};
use crate::environment::Environment;

/// A plugin, by its name and the words that its arguments hold in a row.
struct Plugin {
    command: &'static str,
    words: &'static [&'static str],
    /// What an option, or a variable, has to say; an empty word stands for any.
    only: Option<Only>,
    files: &'static [File],
}

/// A choice that a plugin is given: it has another meaning, or other files, without it.
struct Only {
    by: By,
    says: &'static str,
}

/// The options, or else the variable, by which somebody says something.
#[derive(Clone, Copy)]
struct By {
    options: &'static [&'static str],
    variable: &'static str,
}

const NOTHING: By = By {
    options: &[],
    variable: "",
};

/// Where a file is.
struct File {
    /// What names the file itself.
    named_by: By,
    /// Its directory where that does not.
    directory: Directory,
    /// Its path in there.
    path: &'static str,
    look: Look,
    /// Of a pointer: what chooses the active file, whatever stands in it.
    chosen_by: By,
}

/// A directory that a tool keeps its files in.
struct Directory {
    named_by: By,
    /// Below the home directory.
    default: &'static str,
}

impl By {
    const fn variable(variable: &'static str) -> Self {
        Self {
            options: &[],
            variable,
        }
    }

    const fn options(options: &'static [&'static str]) -> Self {
        Self {
            options,
            variable: "",
        }
    }
}

impl Directory {
    const fn at(default: &'static str) -> Self {
        Self::named_by("", default)
    }

    const fn named_by(variable: &'static str, default: &'static str) -> Self {
        Self {
            named_by: By::variable(variable),
            default,
        }
    }
}

impl File {
    const fn state(directory: Directory, path: &'static str) -> Self {
        Self {
            named_by: NOTHING,
            directory,
            path,
            look: Look::State,
            chosen_by: NOTHING,
        }
    }

    const fn or_named_by(mut self, named_by: By) -> Self {
        self.named_by = named_by;
        self
    }

    /// Only whether it is there, and since when: its content changes with each refresh, and who logs
    /// out removes it.
    const fn presence(mut self) -> Self {
        self.look = Look::Presence;
        self
    }

    /// The name in it, or what `chosen_by` says, is that of the active file, between these two.
    const fn pointer(mut self, chosen_by: By, before: &'static str, after: &'static str) -> Self {
        self.look = Look::Pointer { before, after };
        self.chosen_by = chosen_by;
        self
    }
}

/// As Go's `os.UserConfigDir`.
const CONFIG: Directory = if cfg!(target_os = "macos") {
    Directory::at("Library/Application Support")
} else {
    Directory::named_by("XDG_CONFIG_HOME", ".config")
};

const AWS: &[File] = &[
    File::state(Directory::at(".aws"), "config").or_named_by(By::variable("AWS_CONFIG_FILE")),
    File::state(Directory::at(".aws"), "credentials")
        .or_named_by(By::variable("AWS_SHARED_CREDENTIALS_FILE")),
];

const GCLOUD: Directory = Directory::named_by("CLOUDSDK_CONFIG", ".config/gcloud");

const GCLOUD_ACTIVE: File = File::state(GCLOUD, "active_config").pointer(
    By {
        options: &["--configuration"],
        variable: "CLOUDSDK_ACTIVE_CONFIG_NAME",
    },
    "configurations/config_",
    "",
);

const GOOGLE_DEFAULT: File = File::state(GCLOUD, "application_default_credentials.json")
    .or_named_by(By::variable("GOOGLE_APPLICATION_CREDENTIALS"));

const AZ: Directory = Directory::named_by("AZURE_CONFIG_DIR", ".azure");

const TSH_ACTIVE: File = File::state(
    Directory::named_by("TELEPORT_HOME", ".tsh"),
    "current-profile",
)
.pointer(
    By {
        options: &["--proxy"],
        variable: "TELEPORT_PROXY",
    },
    "",
    ".yaml",
);

/// The record of who logged in; what is refreshed is in the system's keyring.
const KUBELOGIN_RECORD: File = File::state(
    Directory {
        named_by: By {
            options: &["--cache-dir", "--token-cache-dir"],
            variable: "KUBECACHEDIR",
        },
        default: ".kube/cache/kubelogin",
    },
    "auth.json",
);

const OIDC_LOGIN: &[File] = &[File::state(
    Directory::named_by("KUBECACHEDIR", ".kube/cache"),
    "oidc-login",
)
.or_named_by(By::options(&["--token-cache-dir"]))
.presence()];

/// How kubelogin of Azure is told to log in.
const fn login(says: &'static str) -> Only {
    Only {
        by: By {
            options: &["--login", "-l"],
            variable: "AAD_LOGIN_METHOD",
        },
        says,
    }
}

const fn option(options: &'static [&'static str]) -> Only {
    Only {
        by: By::options(options),
        says: "",
    }
}

const fn plugin(
    command: &'static str,
    words: &'static [&'static str],
    only: Option<Only>,
    files: &'static [File],
) -> Plugin {
    Plugin {
        command,
        words,
        only,
        files,
    }
}

/// Each that fits counts.
const PLUGINS: &[Plugin] = &[
    plugin("aws", &["eks", "get-token"], None, AWS),
    plugin("aws-iam-authenticator", &["token"], None, AWS),
    plugin("gke-gcloud-auth-plugin", &[], None, &[GCLOUD_ACTIVE]),
    plugin(
        "gke-gcloud-auth-plugin",
        &[],
        Some(option(&["--use_application_default_credentials"])),
        &[GOOGLE_DEFAULT],
    ),
    plugin(
        "gcloud",
        &["config", "config-helper"],
        None,
        &[GCLOUD_ACTIVE],
    ),
    plugin(
        "kubelogin",
        &["get-token"],
        Some(login("azurecli")),
        &[
            File::state(AZ, "azureProfile.json"),
            File::state(AZ, "config"),
            File::state(AZ, "clouds.config"),
        ],
    ),
    plugin(
        "kubelogin",
        &["get-token"],
        Some(login("azd")),
        &[File::state(
            Directory::named_by("AZD_CONFIG_DIR", ".azd"),
            "auth.json",
        )],
    ),
    plugin(
        "kubelogin",
        &["get-token"],
        Some(option(&["--server-id"])),
        &[KUBELOGIN_RECORD],
    ),
    plugin(
        "kubelogin",
        &["get-token"],
        Some(option(&["--oidc-issuer-url"])),
        OIDC_LOGIN,
    ),
    plugin("kubectl-oidc_login", &["get-token"], None, OIDC_LOGIN),
    plugin("kubectl", &["oidc-login", "get-token"], None, OIDC_LOGIN),
    plugin(
        "oc",
        &["get-token"],
        None,
        &[File::state(Directory::at(".kube/cache"), "oc").presence()],
    ),
    plugin("tsh", &["kube", "credentials"], None, &[TSH_ACTIVE]),
    plugin(
        "doctl",
        &["kubernetes", "cluster", "kubeconfig", "exec-credential"],
        None,
        &[File::state(CONFIG, "doctl/config.yaml").or_named_by(By {
            options: &["--config", "-c"],
            variable: "DIGITALOCEAN_CONFIG",
        })],
    ),
    plugin(
        "oci",
        &["ce", "cluster", "generate-token"],
        None,
        &[
            File::state(Directory::at(".oci"), "config").or_named_by(By {
                options: &["--config-file"],
                variable: "OCI_CLI_CONFIG_FILE",
            }),
            File::state(Directory::at(".oci"), "oci_cli_rc").or_named_by(By {
                options: &["--cli-rc-file"],
                variable: "OCI_CLI_RC_FILE",
            }),
        ],
    ),
    plugin(
        "scw",
        &["k8s", "exec-credential"],
        None,
        &[File::state(
            Directory::named_by("XDG_CONFIG_HOME", ".config"),
            "scw/config.yaml",
        )
        .or_named_by(By {
            options: &["--config", "-c"],
            variable: "SCW_CONFIG_PATH",
        })],
    ),
];

/// The files that say who is active for a plugin; none where it is not known.
///
/// A known plugin may stand behind other programs, as in `aws-vault exec prod -- aws eks get-token`.
pub(crate) fn files_of(program: &OsStr, args: &[OsString], env: &Environment) -> Vec<Watched> {
    let mut found = vec![];
    for at in 0..=args.len() {
        let command = if at == 0 { program } else { &args[at - 1] };
        let Some(name) = Path::new(command).file_name().and_then(OsStr::to_str) else {
            continue;
        };
        let call = Call {
            args: &args[at..],
            env,
        };
        for plugin in PLUGINS.iter().filter(|plugin| plugin.command == name) {
            if call.is_of(plugin) {
                found.extend(plugin.files.iter().filter_map(|file| call.watched(file)));
            }
        }
    }
    found
}

/// A plugin's call, as far as it tells where its files are.
struct Call<'a> {
    args: &'a [OsString],
    env: &'a Environment,
}

impl Call<'_> {
    fn is_of(&self, plugin: &Plugin) -> bool {
        let words = plugin.words;
        let has_words =
            words.is_empty() || self.args.windows(words.len()).any(|args| args == words);
        has_words && plugin.only.as_ref().is_none_or(|only| self.fits(only))
    }

    fn fits(&self, only: &Only) -> bool {
        let said = self.said(only.by);
        said.is_some_and(|said| only.says.is_empty() || said == only.says)
    }

    /// What an option says, else a variable.
    fn said(&self, by: By) -> Option<&OsStr> {
        let named = Some(by.variable).filter(|variable| !variable.is_empty());
        let by_variable = || named.and_then(|variable| self.env.non_empty(variable));
        self.option(by.options).or_else(by_variable)
    }

    /// What stands behind an option: `--name value`, `--name=value`; something where it is a switch.
    fn option(&self, options: &[&str]) -> Option<&OsStr> {
        for (at, arg) in self.args.iter().enumerate() {
            let arg = arg.as_bytes();
            for option in options {
                match arg.strip_prefix(option.as_bytes()) {
                    Some(b"") => {
                        let value = self.args.get(at + 1);
                        return Some(value.map_or(OsStr::new(""), OsString::as_os_str));
                    }
                    Some([b'=', value @ ..]) => return Some(OsStr::from_bytes(value)),
                    _ => {}
                }
            }
        }
        None
    }

    fn watched(&self, file: &File) -> Option<Watched> {
        if let Some(named) = self.said(file.named_by) {
            return self.path(named).map(|path| Watched::new(path, file.look));
        }
        let directory = match self.said(file.directory.named_by) {
            Some(named) => self.path(named)?,
            None => self.home()?.join(file.directory.default),
        };
        let watched = Watched::new(directory.join(file.path), file.look);
        match self.said(file.chosen_by) {
            Some(chosen) => watched.pointing_to(chosen.as_bytes()),
            None => Some(watched),
        }
    }

    /// A path as the tools read it: they all know `~`.
    fn path(&self, text: &OsStr) -> Option<PathBuf> {
        expand(text, self.env)
    }

    fn home(&self) -> Option<PathBuf> {
        self.env.non_empty("HOME").map(PathBuf::from)
    }
}

/// A path with `~/` in front as one below the home directory.
pub(crate) fn expand(text: &OsStr, env: &Environment) -> Option<PathBuf> {
    match text.as_bytes().strip_prefix(b"~/") {
        None => Some(PathBuf::from(text)),
        Some(rest) => {
            let home = env.non_empty("HOME")?;
            Some(Path::new(home).join(OsStr::from_bytes(rest)))
        }
    }
}

#[cfg(test)]
mod tests;
