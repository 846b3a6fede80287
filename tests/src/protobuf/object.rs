//! Objects, field by field.

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kcache::protobuf::schema::{Field, Kind, Message};
use serde_json::{Map, Value};

use super::scalar::{duration, int_or_string, quantity, time};
use super::wire::{put_bytes, put_float, put_integer, put_text};

/// Writes the fields of an object, and what it leaves out and Go does not. Null is an empty one.
pub(super) fn put_object(into: &mut Vec<u8>, schema: &Message, object: &Value) -> Result<()> {
    let empty = Map::new();
    let members = match object {
        Value::Null => &empty,
        object => object.as_object().context("no object")?,
    };
    for name in members.keys() {
        let is_type = schema.has_types() && ["apiVersion", "kind"].contains(&name.as_str());
        ensure!(is_type || knows(schema, name), "no field {name}");
    }
    put_members(into, schema, members)
}

/// True if an object has a member of this name, or one that is inline in it.
fn knows(schema: &Message, name: &str) -> bool {
    let of_inline = |field: &Field| {
        let inner = field.message().filter(|_| field.is_inline());
        inner.is_some_and(|inner| knows(inner, name))
    };
    schema.field(name).is_some() || schema.fields().iter().any(of_inline)
}

fn put_members(into: &mut Vec<u8>, schema: &Message, members: &Map<String, Value>) -> Result<()> {
    for field in schema.fields() {
        if let (true, Some(inner)) = (field.is_inline(), field.message()) {
            let is_there = members.keys().any(|name| knows(inner, name));
            if is_there || !field.is_pointer() {
                let mut message = Vec::new();
                put_members(&mut message, inner, members)?;
                put_bytes(into, field.number(), &message);
            }
            continue;
        }
        let value = members.get(field.name()).unwrap_or(&Value::Null);
        put_field(into, field, value).with_context(|| field.name())?;
    }
    Ok(())
}

fn put_field(into: &mut Vec<u8>, field: &Field, value: &Value) -> Result<()> {
    if field.is_list() {
        let empty = Vec::new();
        let elements = match value {
            Value::Null => &empty,
            value => value.as_array().context("no list")?,
        };
        return elements
            .iter()
            .try_for_each(|element| put_value(into, field.number(), field, element));
    }
    if field.is_map() {
        let empty = Map::new();
        let entries = match value {
            Value::Null => &empty,
            value => value.as_object().context("no object")?,
        };
        for (key, value) in entries {
            let mut entry = Vec::new();
            put_text(&mut entry, 1, key);
            put_value(&mut entry, 2, field, value)?;
            put_bytes(into, field.number(), &entry);
        }
        return Ok(());
    }
    // A slice that is nil is not written, a pointer neither.
    let is_absent = field.is_pointer() || matches!(field.kind(), Kind::Bytes | Kind::Texts);
    if value.is_null() && is_absent {
        return Ok(());
    }
    put_value(into, field.number(), field, value)
}

/// Writes one value of a field; null is the zero value.
fn put_value(into: &mut Vec<u8>, number: u32, field: &Field, value: &Value) -> Result<()> {
    let message = match field.kind() {
        Kind::Bool => {
            put_integer(into, number, or(value, false, Value::as_bool)?.into());
            return Ok(());
        }
        Kind::Int32 | Kind::Int64 => {
            put_integer(into, number, or(value, 0, Value::as_i64)?);
            return Ok(());
        }
        Kind::Float64 => {
            put_float(into, number, or(value, 0.0, Value::as_f64)?);
            return Ok(());
        }
        Kind::Text => {
            put_text(into, number, or(value, "", Value::as_str)?);
            return Ok(());
        }
        Kind::Bytes => STANDARD.decode(or(value, "", Value::as_str)?)?,
        Kind::Time => time(value, false)?,
        Kind::MicroTime => time(value, true)?,
        Kind::Duration => duration(value)?,
        Kind::IntOrString => int_or_string(value)?,
        Kind::Quantity => quantity(value)?,
        Kind::Json => json(value)?,
        Kind::Texts => repeated_texts(1, value)?,
        _ => inner(field, value)?,
    };
    put_bytes(into, number, &message);
    Ok(())
}

fn or<'v, T>(value: &'v Value, zero: T, read: fn(&'v Value) -> Option<T>) -> Result<T> {
    match value {
        Value::Null => Ok(zero),
        value => read(value).context("another type"),
    }
}

fn json(value: &Value) -> Result<Vec<u8>> {
    let mut message = Vec::new();
    if !value.is_null() {
        put_bytes(&mut message, 1, &serde_json::to_vec(value)?);
    }
    Ok(message)
}

fn repeated_texts(number: u32, value: &Value) -> Result<Vec<u8>> {
    let mut message = Vec::new();
    for text in value.as_array().context("no list")? {
        put_text(&mut message, number, text.as_str().context("no text")?);
    }
    Ok(message)
}

/// A message, or one that is what it holds.
fn inner(field: &Field, value: &Value) -> Result<Vec<u8>> {
    let schema = field.message().context("no message")?;
    let mut message = Vec::new();
    match (field.kind(), value) {
        (Kind::Message, value) => put_object(&mut message, schema, value)?,
        (_, Value::Null) => {}
        (Kind::OneOrMany | Kind::OneOrTexts, Value::Array(_)) => {
            let many = schema.fields().iter().find(|field| field.is_list());
            put_field(&mut message, many.context("no list")?, value)?;
        }
        (Kind::OneOrBool, Value::Bool(allows)) => put_integer(&mut message, 1, i64::from(*allows)),
        (_, Value::Object(_)) => {
            if field.kind() == Kind::OneOrBool {
                put_integer(&mut message, 1, 1);
            }
            let one = schema.field("schema").context("no schema")?;
            put_field(&mut message, one, value)?;
        }
        _ => bail!("another type"),
    }
    Ok(message)
}
