//! Puts values where Go's decoder would put them. serde's derived readers differ: they refuse a
//! name that comes twice, and a `null` for a text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Unexpected, Visitor};

use crate::base64;

/// Something that is given a value, perhaps more than once; the last one stands.
pub(super) trait Sink {
    /// Whether it is made of members.
    fn is_mapping(&self) -> bool {
        false
    }

    /// A mapping begins.
    fn begin(&mut self) {}

    /// Where a member goes; `None` where nobody wants it.
    fn member(&mut self, _name: &str) -> Option<Box<dyn Sink + '_>> {
        None
    }

    fn take_null(&mut self) {}

    /// Whether it can be a text, and this one.
    fn take_text(&mut self, _text: &str) -> bool {
        false
    }

    /// Whether it can be true or false.
    fn takes_bool(&self) -> bool {
        false
    }
}

/// Reads one value.
pub(super) fn read_into<'de, D: Deserializer<'de>>(
    sink: &mut dyn Sink,
    input: D,
) -> Result<(), D::Error> {
    At(sink).deserialize(input)
}

/// What is not used and still has to have its form, or client-go refuses the whole.
pub(super) enum Shape {
    Spec,
    Cluster,
    Text,
    Bool,
    Base64,
}

impl Sink for Shape {
    fn is_mapping(&self) -> bool {
        matches!(self, Self::Spec | Self::Cluster)
    }

    fn member(&mut self, name: &str) -> Option<Box<dyn Sink + '_>> {
        let shape = match (self, name) {
            (Self::Spec, "cluster") => Self::Cluster,
            (Self::Spec, "interactive")
            | (Self::Cluster, "insecure-skip-tls-verify" | "disable-compression") => Self::Bool,
            (Self::Cluster, "certificate-authority-data") => Self::Base64,
            (Self::Cluster, "server" | "tls-server-name" | "proxy-url") => Self::Text,
            _ => return None,
        };
        Some(Box::new(shape))
    }

    fn take_text(&mut self, text: &str) -> bool {
        match self {
            Self::Text => true,
            Self::Base64 => base64::decode(text).is_some(),
            Self::Spec | Self::Cluster | Self::Bool => false,
        }
    }

    fn takes_bool(&self) -> bool {
        matches!(self, Self::Bool)
    }
}

struct At<'a>(&'a mut dyn Sink);

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_any(self)
    }
}

/// An error never quotes what was found.
impl<'de> Visitor<'de> for At<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the expected form")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.0.take_null();
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        let fits = self.0.takes_bool();
        fits.then_some(()).ok_or_else(|| wrong(&self, "a boolean"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let fits = self.0.take_text(text);
        fits.then_some(()).ok_or_else(|| wrong(&self, "a text"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if !self.0.is_mapping() {
            return Err(wrong(&self, "a mapping"));
        }
        self.0.begin();
        while let Some(name) = map.next_key::<String>()? {
            match self.0.member(&name) {
                Some(mut sink) => map.next_value_seed(At(&mut *sink))?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

fn wrong<E: Error>(at: &At<'_>, found: &str) -> E {
    E::invalid_type(Unexpected::Other(found), at)
}
