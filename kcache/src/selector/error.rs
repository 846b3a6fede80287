//! Why a selector was refused.

/// Why a selector was refused. Final: the same input is refused again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectorError {
    /// The text does not follow the grammar.
    #[error("found {found:?}, expected {expected}")]
    Syntax {
        /// The token that was read.
        found: String,
        /// What could have stood there.
        expected: &'static str,
    },
    /// The key is not a qualified name.
    #[error("invalid label key {key:?}: {reason}")]
    Key {
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A value is not a label value, or not one that the operator takes.
    #[error("invalid value {value:?} for label {key:?}: {reason}")]
    Value {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The operator does not take that number of values.
    #[error("operator {operator} of label {key:?} does not take {count} values")]
    Count {
        /// The key.
        key: String,
        /// The operator.
        operator: String,
        /// How many values there were.
        count: usize,
    },
    /// A `LabelSelector` names an operator that there is not.
    #[error("{0:?} is not a label selector operator")]
    Operator(String),
}
