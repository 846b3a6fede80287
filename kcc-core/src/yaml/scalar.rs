use serde_json::Number;

use super::problem::SyntaxProblem;

/// What a scalar means to the YAML library of kubectl (go.yaml.in/yaml/v2, resolve.go): YAML 1.1
/// with its own exceptions. `y` and `on` are booleans, `0755` and `1_000` are numbers, `1:20` and
/// dates are text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// Above `i64::MAX`.
    Uint(u64),
    Float(f64),
    /// The scalar's own text.
    Text,
}

impl Scalar {
    /// The meaning of a plain scalar without a tag.
    pub(super) fn of_plain(text: &str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Self::Null,
            "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
                return Self::Bool(true);
            }
            "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off"
            | "OFF" => return Self::Bool(false),
            ".nan" | ".NaN" | ".NAN" => return Self::Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
                return Self::Float(f64::INFINITY);
            }
            "-.inf" | "-.Inf" | "-.INF" => return Self::Float(f64::NEG_INFINITY),
            _ => {}
        }
        match text.as_bytes()[0] {
            b'.' => float(text).unwrap_or(Self::Text),
            b'0'..=b'9' | b'+' | b'-' => number(&text.replace('_', "")),
            _ => Self::Text,
        }
    }

    /// The meaning of a scalar with a tag of the namespace `tag:yaml.org,2002:`.
    pub(super) fn of_tagged(tag: &str, text: &str) -> Result<Self, SyntaxProblem> {
        let meaning = Self::of_plain(text);
        match (tag, meaning) {
            ("int", meaning @ (Self::Int(_) | Self::Uint(_)))
            | ("float", meaning @ Self::Float(_))
            | ("bool", meaning @ Self::Bool(_))
            | ("null", meaning @ Self::Null) => Ok(meaning),
            #[expect(clippy::cast_precision_loss, reason = "what the tag asks for")]
            ("float", Self::Int(value)) => Ok(Self::Float(value as f64)),
            ("int" | "float" | "bool" | "null", _) => Err(SyntaxProblem::Tag),
            _ => Ok(Self::Text),
        }
    }

    /// The scalar as a JSON number; none if it is not a number or not finite. A float without a
    /// fraction becomes an integer, as kubectl prints it.
    pub(super) fn to_number(&self) -> Option<Number> {
        match *self {
            Self::Int(value) => Some(value.into()),
            Self::Uint(value) => Some(value.into()),
            #[expect(clippy::cast_possible_truncation, reason = "within 2^53")]
            Self::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => {
                Some((value as i64).into())
            }
            Self::Float(value) => Number::from_f64(value),
            _ => None,
        }
    }

    /// The scalar as a mapping's key (sigs.k8s.io/yaml, `convertToJSONableObject`).
    pub(super) fn to_key(&self, text: &str) -> Option<String> {
        match *self {
            Self::Text => Some(text.to_owned()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Int(value) => Some(value.to_string()),
            Self::Float(value) if value.is_nan() => Some(".nan".to_owned()),
            Self::Float(value) if value.is_infinite() => {
                Some(if value > 0.0 { ".inf" } else { "-.inf" }.to_owned())
            }
            Self::Float(value) => Some(value.to_string()),
            Self::Null | Self::Uint(_) => None,
        }
    }
}

/// A scalar that begins like a number, underscores removed.
fn number(text: &str) -> Scalar {
    let (negative, digits) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    match magnitude(digits).map(|value| (negative, value, i64::try_from(value))) {
        Some((false, _, Ok(value))) => Scalar::Int(value),
        Some((true, _, Ok(value))) => Scalar::Int(-value),
        Some((true, value, Err(_))) if value == i64::MIN.unsigned_abs() => Scalar::Int(i64::MIN),
        // Only an unsigned spelling reaches the second half of the range.
        Some((false, value, Err(_))) if !text.starts_with('+') => Scalar::Uint(value),
        _ if is_decimal_float(digits) => float(text).unwrap_or(Scalar::Text),
        _ => Scalar::Text,
    }
}

/// An integer without its sign, in Go's spelling for base 0: `0x`, `0o`, `0b`, and `0` for octal.
fn magnitude(digits: &str) -> Option<u64> {
    let prefix: String = digits
        .chars()
        .take(2)
        .flat_map(char::to_lowercase)
        .collect();
    let (radix, digits) = match prefix.as_str() {
        "0x" => (16, &digits[2..]),
        "0o" => (8, &digits[2..]),
        "0b" => (2, &digits[2..]),
        "0" => (10, digits),
        octal if octal.starts_with('0') => (8, digits),
        _ => (10, digits),
    };
    // `from_str_radix` would take a second sign.
    if !digits.bytes().all(|digit| digit.is_ascii_alphanumeric()) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// `[0-9]+(\.[0-9]*)?` or `\.[0-9]+`, then perhaps an exponent.
fn is_decimal_float(digits: &str) -> bool {
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    all_digits(whole)
        && all_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && all_digits(exponent)
        })
}

/// A float; none if it is not one, or too large for one.
fn float(text: &str) -> Option<Scalar> {
    let value: f64 = text.parse().ok()?;
    value.is_finite().then_some(Scalar::Float(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_mean_what_they_mean_to_kubectl() {
        for (text, meaning) in [
            ("", Scalar::Null),
            ("NULL", Scalar::Null),
            ("nULL", Scalar::Text),
            ("y", Scalar::Bool(true)),
            ("Off", Scalar::Bool(false)),
            ("yEs", Scalar::Text),
            ("0", Scalar::Int(0)),
            ("-0", Scalar::Int(0)),
            ("0755", Scalar::Int(493)),
            ("08", Scalar::Float(8.0)),
            ("0o17", Scalar::Int(15)),
            ("0x", Scalar::Text),
            ("0X1f", Scalar::Int(31)),
            ("-0b11", Scalar::Int(-3)),
            ("1_000", Scalar::Int(1000)),
            ("+-1", Scalar::Text),
            ("-", Scalar::Text),
            ("-9223372036854775808", Scalar::Int(i64::MIN)),
            ("18446744073709551615", Scalar::Uint(u64::MAX)),
            (
                "18446744073709551616",
                Scalar::Float(18_446_744_073_709_551_616.0),
            ),
            ("1e3", Scalar::Float(1000.0)),
            ("1e400", Scalar::Text),
            (".5", Scalar::Float(0.5)),
            ("5.", Scalar::Float(5.0)),
            (".", Scalar::Text),
            ("1:20", Scalar::Text),
            ("2020-01-01", Scalar::Text),
            ("1.2.3", Scalar::Text),
            ("é", Scalar::Text),
            ("0é", Scalar::Text),
        ] {
            assert_eq!(Scalar::of_plain(text), meaning, "{text}");
        }
    }

    #[test]
    fn a_tag_decides_or_refuses() {
        assert_eq!(Scalar::of_tagged("str", "12"), Ok(Scalar::Text));
        assert_eq!(Scalar::of_tagged("int", "12"), Ok(Scalar::Int(12)));
        assert_eq!(Scalar::of_tagged("float", "12"), Ok(Scalar::Float(12.0)));
        assert_eq!(Scalar::of_tagged("bool", "12"), Err(SyntaxProblem::Tag));
    }
}
