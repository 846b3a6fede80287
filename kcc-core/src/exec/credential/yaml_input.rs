use std::fmt::{self, Display};

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer, Visitor};

use crate::yaml::{Item, Value};

/// A value of a YAML document, for serde.
#[derive(Clone, Copy)]
pub(super) struct YamlInput<'a>(pub(super) &'a Item);

/// Where a value has not the form that is wanted.
#[derive(Debug)]
pub(super) struct WrongForm {
    /// 0 while that is not known.
    line: usize,
}

impl WrongForm {
    pub(super) fn line(&self) -> usize {
        self.line
    }
}

impl<'de> Deserializer<'de> for YamlInput<'_> {
    type Error = WrongForm;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WrongForm> {
        let read = match &*self.0.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            // Nothing that is looked at is a number, so that which one it is does not matter.
            Value::Number(_) => visitor.visit_i64(0),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(items) => {
                visitor.visit_seq(SeqDeserializer::new(items.iter().map(YamlInput)))
            }
            Value::Map(members) => {
                let members = members.iter();
                let members = members.map(|(name, item)| (name.as_str(), YamlInput(item)));
                visitor.visit_map(MapDeserializer::new(members))
            }
        };
        read.map_err(|error| match error.line {
            0 => WrongForm { line: self.0.line },
            _ => error,
        })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

impl IntoDeserializer<'_, WrongForm> for YamlInput<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// What serde would say may quote the value.
impl de::Error for WrongForm {
    fn custom<T: Display>(_: T) -> Self {
        Self { line: 0 }
    }
}

impl Display for WrongForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)
    }
}

impl std::error::Error for WrongForm {}
