//! Objects of JSON in which a field that is `null` counts as absent.

use std::fmt;
use std::marker::PhantomData;
use std::vec;

use serde::de::value::SeqDeserializer;
use serde::de::{
    self, Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

/// A value of JSON, from which other types are read.
#[derive(Debug)]
pub(crate) enum JsonTree {
    /// `null`, a boolean, a number or a text.
    Scalar(Value),
    List(Vec<JsonTree>),
    Object(JsonFields),
}

/// The fields of an object in their order. One that is given twice is here twice: the type that is read from them refuses
/// it.
#[derive(Debug)]
pub(crate) struct JsonFields(Vec<(String, JsonTree)>);

impl JsonFields {
    /// Takes the fields with these names out.
    pub(crate) fn take(&mut self, names: &[&str]) -> JsonFields {
        JsonFields(self.0.extract_if(.., |(name, _)| names.contains(&name.as_str())).collect())
    }

    /// Reads a type from the fields, without those that are `null`.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<T, Error> {
        JsonTree::Object(self).read()
    }
}

impl<'de> Deserialize<'de> for JsonTree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<JsonTree, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

impl<'de> Deserialize<'de> for JsonFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<JsonFields, D::Error> {
        match JsonTree::deserialize(deserializer)? {
            JsonTree::Object(fields) => Ok(fields),
            JsonTree::Scalar(_) | JsonTree::List(_) => Err(de::Error::custom("expected an object: `{...}`")),
        }
    }
}

/// A number of JSON. One without a fraction is an integer, however it is written: to a JSON Schema, `5.0` is one.
pub(super) fn whole_or_fraction(number: f64) -> Value {
    /// Up to here, a float has every integer.
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    match number.fract() == 0.0 && number.abs() <= MAX_EXACT {
        true => (number as i64).into(),
        false => number.into(),
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = JsonTree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<JsonTree, E> {
        Ok(JsonTree::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<JsonTree, E> {
        Ok(JsonTree::Scalar(value.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<JsonTree, E> {
        Ok(JsonTree::Scalar(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<JsonTree, E> {
        Ok(JsonTree::Scalar(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<JsonTree, E> {
        Ok(JsonTree::Scalar(whole_or_fraction(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<JsonTree, E> {
        Ok(JsonTree::Scalar(text.into()))
    }

    fn visit_string<E>(self, text: String) -> Result<JsonTree, E> {
        Ok(JsonTree::Scalar(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<JsonTree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(JsonTree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<JsonTree, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = object.next_entry()? {
            fields.push(field);
        }
        Ok(JsonTree::Object(JsonFields(fields)))
    }
}

impl<'de> Deserializer<'de> for JsonTree {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            JsonTree::Scalar(value) => value.deserialize_any(visitor),
            JsonTree::List(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter())),
            JsonTree::Object(JsonFields(fields)) => {
                visitor.visit_map(FieldAccess { fields: fields.into_iter(), current: None })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.is_null() {
            true => visitor.visit_none(),
            false => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            JsonTree::Scalar(value) => value.deserialize_enum(name, variants, visitor),
            JsonTree::List(_) => Err(de::Error::invalid_type(de::Unexpected::Seq, &visitor)),
            JsonTree::Object(_) => Err(de::Error::invalid_type(de::Unexpected::Map, &visitor)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl IntoDeserializer<'_, Error> for JsonTree {
    type Deserializer = JsonTree;

    fn into_deserializer(self) -> JsonTree {
        self
    }
}

impl JsonTree {
    /// Reads a type from the value, without fields that are `null`.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<T, Error> {
        T::deserialize(self)
    }

    fn is_null(&self) -> bool {
        matches!(self, JsonTree::Scalar(Value::Null))
    }
}

/// Hands the fields of an object to the type that is read.
struct FieldAccess {
    fields: vec::IntoIter<(String, JsonTree)>,
    /// The field whose name was handed over last.
    current: Option<(String, JsonTree)>,
}

impl<'de> MapAccess<'de> for FieldAccess {
    type Error = Error;

    /// Types with fields ask here. They see the name of a field that is `null` before it is left out, so that they refuse
    /// a name that they do not know. What can hold any JSON asks `next_entry`, which leaves nothing out.
    fn next_key<K: Deserialize<'de>>(&mut self) -> Result<Option<K>, Error> {
        loop {
            let key = self.next_key_seed(PhantomData)?;
            if !self.current.as_ref().is_some_and(|(_, value)| value.is_null()) {
                return Ok(key);
            }
        }
    }

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.current = self.fields.next();
        let name = self.current.as_ref().map(|(name, _)| name.as_str().into_deserializer());
        name.map(|name| seed.deserialize(name)).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let (name, value) = self.current.take().ok_or_else(|| de::Error::custom("a value without a name"))?;
        // Its position in the text is not known here.
        seed.deserialize(value).map_err(|error| de::Error::custom(format!("`{name}`: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use crate::recommend::Request;
    use crate::server::extract::json_object;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        name: String,
        #[serde(default)]
        list: Vec<Option<f64>>,
        #[serde(default)]
        more: Option<Box<Strict>>,
    }

    fn parse(json: &str) -> Result<Strict, String> {
        json_object(json.as_bytes())
    }

    #[test]
    fn null_is_absent_at_every_depth() {
        for (with, without) in [
            (r#"{"name":"a","list":null,"more":null}"#, r#"{"name":"a"}"#),
            (r#"{"list":null,"name":"null"}"#, r#"{"name":"null"}"#),
            (r#"{"name":"a","more":{"list":null,"name":"b"}}"#, r#"{"name":"a","more":{"name":"b"}}"#),
            (r#"{"list":null,"name":"a","list":[1.5]}"#, r#"{"name":"a","list":[1.5]}"#),
        ] {
            assert_eq!(parse(with).unwrap(), parse(without).unwrap(), "{with}");
        }
        let elements = parse(r#"{"name":"a","list":[null,0.1,18446744073709551615]}"#).unwrap();
        assert_eq!(elements.list, [None, Some(0.1), Some(18_446_744_073_709_551_615.0)]);
        let request = |json: &str| json_object::<Request>(json.as_bytes()).unwrap();
        assert_eq!(
            request(r#"{"limit":null,"strategy":null,"positive":[{"id":"a","title":null,"weight":null}]}"#),
            request(r#"{"positive":[{"id":"a"}]}"#)
        );
    }

    #[test]
    fn a_whole_number_is_an_integer() {
        let limit = |json: &str| json_object::<Request>(json.as_bytes()).map(|request| request.limit);
        for json in [r#"{"limit":5}"#, r#"{"limit":5.0}"#, r#"{"limit":0.5e1,"text":null}"#] {
            assert_eq!(limit(json), Ok(Some(5)), "{json}");
        }
        for json in [r#"{"limit":5.5}"#, r#"{"limit":-5.0}"#, r#"{"limit":1e30}"#] {
            assert!(limit(json).is_err(), "{json}");
        }
        assert_eq!(json_object::<Request>(br#"{"diversity":1.0,"text":null}"#).unwrap().diversity, 1.0);
    }

    #[test]
    fn the_rest_is_refused_as_without_null() {
        for (json, expected) in [
            (r#"{"name":null}"#, "missing field `name`"),
            (r#"{"name":"a","more":{"name":null}}"#, "`more`: missing field `name`"),
            (r#"{"name":"a","nome":null}"#, "unknown field `nome`"),
            (r#"{"name":"a","list":null,"nome":1}"#, "unknown field `nome`"),
            (r#"{"name":"a","more":{"name":"b","nome":null}}"#, "`more`: unknown field `nome`"),
            (r#"{"name":"a","more":null,"name":"b"}"#, "duplicate field `name`"),
            (r#"{"name":7,"list":null}"#, "`name`: invalid type: integer `7`, expected a string"),
            (r#"{"name":7}"#, "invalid type: integer `7`, expected a string at line 1 column 9"),
            (r#"{"name":"a","list":null"#, "EOF while parsing an object at line 1 column 23"),
            (r#"{"name":"a","list":null,}"#, "trailing comma at line 1 column 25"),
            (r#"{"name":"a","list":null} null"#, "trailing characters at line 1 column 26"),
            ("[null]", "expected an object: `{...}`"),
            ("null", "expected an object: `{...}`"),
        ] {
            let error = parse(json).unwrap_err();
            assert!(error.starts_with(expected), "{json}: {error}");
        }
        let error = json_object::<Request>(br#"{"text":null,"exclude":["a",null]}"#).unwrap_err();
        assert!(error.starts_with("`exclude`: invalid type: null"), "{error}");
    }
}
