//! A deserializer over what simd-json makes of a text.
//!
//! Not simd-json's own: this one passes over what nobody wants in one step, however deep it is, and
//! counts how deep it goes for what is kept.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use simd_json::{Node, StaticNode};

/// Goes over the nodes of one text.
pub(super) struct Nodes<'t, 'de> {
    tape: &'t [Node<'de>],
    at: usize,
    /// How much deeper it may go.
    left: usize,
    /// It would have had to go deeper.
    too_deep: bool,
}

/// Nodes did not make a value. Why is not said: `serde_json` says it better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unfit;

impl<'t, 'de> Nodes<'t, 'de> {
    /// Of these nodes at most so many levels are made into something.
    pub(super) fn new(tape: &'t [Node<'de>], deepest: usize) -> Self {
        Self {
            tape,
            at: 0,
            left: deepest,
            too_deep: false,
        }
    }

    /// True if what was made is not what it should be, because it is too deep.
    pub(super) fn are_too_deep(&self) -> bool {
        self.too_deep
    }

    #[inline]
    fn next(&mut self) -> Result<Node<'de>, Unfit> {
        let node = self.tape.get(self.at).ok_or(Unfit)?;
        self.at += 1;
        Ok(*node)
    }

    fn pass(&mut self) -> Result<(), Unfit> {
        let under = match self.next()? {
            Node::Object { count, .. } | Node::Array { count, .. } => count,
            Node::String(_) | Node::Static(_) => 0,
        };
        self.at += under;
        Ok(())
    }

    /// What is made of the `count` nodes of a level, which must take all of them.
    #[inline]
    fn level<T>(
        &mut self,
        count: usize,
        make: impl FnOnce(&mut Self) -> Result<T, Unfit>,
    ) -> Result<T, Unfit> {
        let end = self.at + count;
        let Some(left) = self.left.checked_sub(1) else {
            self.too_deep = true;
            return Err(Unfit);
        };
        self.left = left;
        let made = make(self)?;
        self.left += 1;
        if self.at == end { Ok(made) } else { Err(Unfit) }
    }

    #[inline]
    fn object<V: Visitor<'de>>(
        &mut self,
        len: usize,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.level(count, |nodes| visitor.visit_map(Children { nodes, len }))
    }

    #[inline]
    fn array<V: Visitor<'de>>(
        &mut self,
        len: usize,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.level(count, |nodes| visitor.visit_seq(Children { nodes, len }))
    }
}

impl<'de> Deserializer<'de> for &mut Nodes<'_, 'de> {
    type Error = Unfit;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.next()? {
            Node::String(text) => visitor.visit_borrowed_str(text),
            Node::Object { len, count } => self.object(len, count, visitor),
            Node::Array { len, count } => self.array(len, count, visitor),
            Node::Static(StaticNode::Null) => visitor.visit_unit(),
            Node::Static(StaticNode::Bool(value)) => visitor.visit_bool(value),
            Node::Static(StaticNode::I64(number)) => visitor.visit_i64(number),
            Node::Static(StaticNode::U64(number)) => visitor.visit_u64(number),
            Node::Static(StaticNode::F64(number)) => visitor.visit_f64(number),
        }
    }

    /// What most values are is looked at first, which makes the code of a type small.
    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.next()? {
            Node::String(text) => visitor.visit_borrowed_str(text),
            _ => Err(Unfit),
        }
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.next()? {
            Node::Array { len, count } => self.array(len, count, visitor),
            _ => Err(Unfit),
        }
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.next()? {
            Node::Object { len, count } => self.object(len, count, visitor),
            _ => Err(Unfit),
        }
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        match self.next()? {
            Node::Object { len, count } => self.object(len, count, visitor),
            Node::Array { len, count } => self.array(len, count, visitor),
            _ => Err(Unfit),
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        if let Some(Node::Static(StaticNode::Null)) = self.tape.get(self.at) {
            self.pass()?;
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        self.pass()?;
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        match self.next()? {
            Node::String(variant) => visitor.visit_enum(variant.into_deserializer()),
            // Its only member is named after the variant.
            Node::Object { len: 1, count } => {
                self.level(count, |nodes| visitor.visit_enum(Variant(nodes)))
            }
            _ => Err(Unfit),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        tuple tuple_struct identifier
    }
}

/// The members of an object or the elements of an array that are left.
struct Children<'n, 't, 'de> {
    nodes: &'n mut Nodes<'t, 'de>,
    len: usize,
}

impl Children<'_, '_, '_> {
    fn take(&mut self) -> bool {
        let more = self.len > 0;
        self.len -= usize::from(more);
        more
    }
}

impl<'de> SeqAccess<'de> for Children<'_, '_, 'de> {
    type Error = Unfit;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Unfit> {
        let more = self.take();
        more.then(|| seed.deserialize(&mut *self.nodes)).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.len)
    }
}

impl<'de> MapAccess<'de> for Children<'_, '_, 'de> {
    type Error = Unfit;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Unfit> {
        if !self.take() {
            return Ok(None);
        }
        match self.nodes.next()? {
            Node::String(key) => seed.deserialize(MemberName(key)).map(Some),
            _ => Err(Unfit),
        }
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Unfit> {
        seed.deserialize(&mut *self.nodes)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.len)
    }
}

/// A key, which may stand for a number.
struct MemberName<'de>(&'de str);

macro_rules! numbers {
    ($($name:ident $visit:ident $type:ty),*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
            match self.0.parse::<$type>() {
                Ok(number) => visitor.$visit(number),
                Err(_) => Err(Unfit),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for MemberName<'de> {
    type Error = Unfit;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    numbers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_i128 visit_i128 i128, deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
        deserialize_u128 visit_u128 u128, deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64, deserialize_bool visit_bool bool
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

/// A variant that holds something.
struct Variant<'n, 't, 'de>(&'n mut Nodes<'t, 'de>);

impl<'de> EnumAccess<'de> for Variant<'_, '_, 'de> {
    type Error = Unfit;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Unfit> {
        match self.0.next()? {
            Node::String(variant) => Ok((seed.deserialize(MemberName(variant))?, self)),
            _ => Err(Unfit),
        }
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, '_, 'de> {
    type Error = Unfit;

    fn unit_variant(self) -> Result<(), Unfit> {
        serde::Deserialize::deserialize(self.0)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Unfit> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unfit> {
        self.0.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.0.deserialize_map(visitor)
    }
}

impl Error for Unfit {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another value is wanted")
    }
}

impl std::error::Error for Unfit {}
