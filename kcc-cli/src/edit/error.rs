use kcc_core::kubeconfig::{KubeconfigError, Origin};

/// Why a file is left as it is. Nothing of it shows a value that the file holds but for names.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// kubectl would not read the file either.
    #[error(transparent)]
    Kubeconfig(#[from] KubeconfigError),
    /// The file as a whole cannot be edited safely.
    #[error("{origin}: {problem}; nothing was changed")]
    File {
        /// Where the problem stands.
        origin: Origin,
        /// What it is, and what to do.
        problem: Refusal,
    },
    /// A user cannot be edited safely.
    #[error("{origin}: user {user:?}: {problem}; nothing was changed")]
    User {
        /// Where the problem stands.
        origin: Origin,
        /// The user.
        user: String,
        /// What it is, and what to do.
        problem: Refusal,
    },
}

impl EditError {
    /// For a user that is left as it is while others change.
    pub(super) fn of_user(&self, user: &str) -> String {
        match self {
            Self::Kubeconfig(error) => error.to_string(),
            Self::File { origin, problem }
            | Self::User {
                origin, problem, ..
            } => {
                format!("{origin}: user {user:?}: {problem}")
            }
        }
    }
}

/// What makes an edit unsafe, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A text in another encoding.
    #[error("the file is not UTF-8: save it as UTF-8 first")]
    Encoding,
    /// Something behind the first document that is no YAML.
    #[error("the file is not valid YAML here or just before: correct it first")]
    Syntax,
    /// A tab behind a colon.
    #[error("not every YAML parser reads this line: write it more simply, with spaces for tabs")]
    Tab,
    /// A second document, which kubectl ignores.
    #[error("the file has a second YAML document, which kubectl ignores: remove it first")]
    SecondDocument,
    /// A key that is there twice in one mapping.
    #[error("a key stands here for the second time in one mapping: remove one of the two first")]
    DuplicateKey,
    /// `<<` in a mapping that would be edited.
    #[error("a merge key (<<) stands in what would be edited: write its fields out first")]
    MergeKey,
    /// A key that is no plain word.
    #[error("a key here is no plain word: write it as one first")]
    OddKey,
    /// An alias in place of what would be edited.
    #[error(
        "an alias (*name) stands for {0}, so an edit would change other places too: write it out first"
    )]
    Alias(&'static str),
    /// An anchor that an alias repeats elsewhere.
    #[error(
        "an alias elsewhere repeats {0} by its anchor (&name), so an edit would change it there too: write one of them out first"
    )]
    Shared(&'static str),
    /// A user that the text does not show under this name.
    #[error("the user does not stand plainly in the list of users: write it out first")]
    Unreachable,
    /// A value on several lines, or with a tag, or of another type.
    #[error(
        "{0} is not a plain text on one line: write it on one line, without tag or anchor, first"
    )]
    NotOneLine(&'static str),
    /// A value in an unusual layout.
    #[error("the layout of {0} is unusual: write it as kubectl does first")]
    Layout(&'static str),
    /// A variable of the cache's in `exec.env`.
    #[error("exec.env already has {0}, which the injection writes: remove it first")]
    Variable(&'static str),
    /// A list of variables that leaves some out.
    #[error(
        "exec.env has {variable} without {missing}, which exec.env declares too: add it there, or remove {variable}"
    )]
    Incomplete {
        /// The list's name.
        variable: &'static str,
        /// What it leaves out.
        missing: String,
    },
    /// A name that the cache could not read in its list.
    #[error(
        "exec.env declares {0:?}, which cannot be part of a cache key: a name has no space, comma, star or equals sign"
    )]
    VariableName(String),
    /// The injector's way back does not lead to the same bytes.
    #[error(
        "an ejection could not restore the same bytes: write the user's exec as kubectl does first"
    )]
    NotReversible,
    /// A check of the result found something else than was meant.
    #[error(
        "the edited file would not say what is meant: write the users' exec as kubectl does first"
    )]
    Unverified,
}
