//! A plugin's output, read as client-go reads it: `UniversalDecoder(...).Decode` in its exec.go, and
//! behind it apimachinery's serializer/json with sigs.k8s.io/json and sigs.k8s.io/yaml.

use super::json_text;
use super::sink::{Shape, Sink, read_into};
use super::yaml_input::YamlInput;
use crate::exec::expiry;
use crate::exec::problem::OutputProblem;
use crate::secret::Secret;
use crate::yaml::{self, SyntaxProblem};

/// What is said of a credential, unchecked.
#[derive(Default)]
pub(super) struct Wire {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) status: Option<WireStatus>,
}

#[derive(Default)]
pub(super) struct WireStatus {
    pub(super) expiration_timestamp: Option<String>,
    pub(super) token: Option<Secret>,
    pub(super) client_certificate_data: Option<Secret>,
    pub(super) client_key_data: Option<Secret>,
}

impl Wire {
    /// What begins with a brace is JSON to client-go, and all else YAML. Parse errors are not passed
    /// on: they quote what they choke on.
    pub(super) fn parse(output: &[u8]) -> Result<Self, OutputProblem> {
        if output.trim_ascii().is_empty() {
            return Err(OutputProblem::Empty);
        }
        let mut wire = Self::default();
        if output.trim_ascii_start().starts_with(b"{") {
            wire.read_json(output)?;
        } else {
            wire.read_yaml(output)?;
        }
        Ok(wire)
    }

    fn read_json(&mut self, output: &[u8]) -> Result<(), OutputProblem> {
        let text = json_text::as_go_reads(output);
        let mut json = serde_json::Deserializer::from_slice(text.bytes());
        let read = read_into(self, &mut json).and_then(|()| json.end());
        read.map_err(|error| OutputProblem::Syntax {
            line: error.line() as u64,
        })
    }

    /// Of several documents the first one counts.
    fn read_yaml(&mut self, output: &[u8]) -> Result<(), OutputProblem> {
        let document = yaml::read(output).map_err(|error| match error.problem {
            SyntaxProblem::Encoding => OutputProblem::NotUtf8,
            _ => OutputProblem::Syntax {
                line: error.line as u64,
            },
        })?;
        // An empty document has neither version nor kind.
        let read = read_into(self, YamlInput(&document));
        read.map_err(|error| OutputProblem::Syntax {
            line: error.line() as u64,
        })
    }
}

impl Sink for Wire {
    fn is_mapping(&self) -> bool {
        true
    }

    fn take_null(&mut self) {}

    /// Version and kind are first looked for by Go's own decoder, which takes them in any case.
    fn member(&mut self, name: &str) -> Option<Box<dyn Sink + '_>> {
        match name {
            "spec" => Some(Box::new(Shape::Spec)),
            "status" => Some(Box::new(&mut self.status)),
            name => match folded(name).as_str() {
                "apiversion" => Some(Box::new(&mut self.api_version)),
                "kind" => Some(Box::new(&mut self.kind)),
                _ => None,
            },
        }
    }
}

/// A pointer to Go: `null` takes away what was there, and a second object adds to the first.
impl Sink for &mut Option<WireStatus> {
    fn is_mapping(&self) -> bool {
        true
    }

    fn take_null(&mut self) {
        **self = None;
    }

    fn begin(&mut self) {
        self.get_or_insert_default();
    }

    fn member(&mut self, name: &str) -> Option<Box<dyn Sink + '_>> {
        let status = self.get_or_insert_default();
        Some(match name {
            "expirationTimestamp" => Box::new(Time(&mut status.expiration_timestamp)),
            "token" => Box::new(&mut status.token),
            "clientCertificateData" => Box::new(&mut status.client_certificate_data),
            "clientKeyData" => Box::new(&mut status.client_key_data),
            _ => return None,
        })
    }
}

/// A string to Go: `null` changes nothing.
impl Sink for &mut String {
    fn take_text(&mut self, text: &str) -> bool {
        text.clone_into(self);
        true
    }
}

impl Sink for &mut Option<Secret> {
    fn take_text(&mut self, text: &str) -> bool {
        **self = Some(Secret::new(text.as_bytes().to_vec()));
        true
    }
}

/// A pointer to a time. What is no time stays: Go goes no further then, and it is told later.
struct Time<'a>(&'a mut Option<String>);

impl Time<'_> {
    fn is_none_or_good(&self) -> bool {
        let text = self.0.as_deref();
        text.is_none_or(|text| expiry::of_timestamp(text).is_ok())
    }
}

impl Sink for Time<'_> {
    fn take_null(&mut self) {
        if self.is_none_or_good() {
            *self.0 = None;
        }
    }

    fn take_text(&mut self, text: &str) -> bool {
        if self.is_none_or_good() {
            *self.0 = Some(text.to_owned());
        }
        true
    }
}

/// As `encoding/json` compares names: a Kelvin sign is a k, and a long s an s.
fn folded(name: &str) -> String {
    let fold = |c: char| match c {
        '\u{212a}' => 'k',
        '\u{17f}' => 's',
        c => c.to_ascii_lowercase(),
    };
    name.chars().map(fold).collect()
}
