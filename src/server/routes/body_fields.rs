//! The description of fields of request bodies: one that is not required may be `null`, which counts as absent. It has no
//! default: generators of TypeScript take a field with a default for one that is always there. The texts in lists are names,
//! with the limit of names.

use std::collections::BTreeSet;

use utoipa::openapi::schema::{ArrayItems, Object, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{OpenApi, Ref, RefOr, Schema};

use crate::recommend::MAX_NAME_LENGTH;

/// Adds `null` to the types of all fields of request bodies that are not required. A response of the same type has it too:
/// there it means nothing.
pub(super) fn allow_null(description: &mut OpenApi) {
    let mut names = Vec::new();
    let items = description.paths.paths.values_mut();
    let operations = items.flat_map(|item| [&mut item.put, &mut item.post, &mut item.patch]).flatten();
    for body in operations.filter_map(|operation| operation.request_body.as_mut()) {
        let RefOr::T(body) = body else { continue };
        let contents = body.content.values_mut();
        let schemas = contents.filter_map(|content| match content {
            RefOr::T(content) => content.schema.as_mut(),
            RefOr::Ref(_) => None,
        });
        schemas.for_each(|schema| allow_in(schema, &mut names));
    }
    let Some(components) = &mut description.components else { return };
    let mut seen = BTreeSet::new();
    while let Some(name) = names.pop() {
        if let Some(schema) = components.schemas.get_mut(&name)
            && seen.insert(name)
        {
            allow_in(schema, &mut names);
        }
    }
}

/// Changes the fields of a schema, and collects the names of the schemas that it refers to.
fn allow_in(schema: &mut RefOr<Schema>, names: &mut Vec<String>) {
    match schema {
        RefOr::Ref(Ref { ref_location, .. }) => names.extend(ref_location.rsplit('/').next().map(str::to_owned)),
        RefOr::T(Schema::Object(object)) => {
            for (name, field) in &mut object.properties {
                allow_in(field, names);
                if !object.required.contains(name) {
                    remove_default(field);
                    add_null(field);
                }
            }
        }
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                limit_names(items);
                allow_in(items, names);
            }
        }
        RefOr::T(Schema::OneOf(choice)) => choice.items.iter_mut().for_each(|item| allow_in(item, names)),
        RefOr::T(Schema::AnyOf(choice)) => choice.items.iter_mut().for_each(|item| allow_in(item, names)),
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter_mut().for_each(|item| allow_in(item, names)),
        RefOr::T(_) => {}
    }
}

/// Gives the limit of names to the texts of a list that have none: attributes of fields cannot say it.
fn limit_names(items: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::Object(name)) = items
        && name.schema_type == SchemaType::Type(Type::String)
        && name.enum_values.is_none()
    {
        name.max_length.get_or_insert(MAX_NAME_LENGTH);
    }
}

pub(super) fn remove_default(field: &mut RefOr<Schema>) {
    match field {
        RefOr::Ref(reference) => reference.default = None,
        RefOr::T(Schema::Object(object)) => object.default = None,
        RefOr::T(Schema::Array(list)) => list.default = None,
        RefOr::T(Schema::OneOf(choice)) => choice.default = None,
        RefOr::T(Schema::AnyOf(choice)) => choice.default = None,
        RefOr::T(Schema::AllOf(parts)) => parts.default = None,
        RefOr::T(_) => {}
    }
}

fn add_null(field: &mut RefOr<Schema>) {
    match field {
        RefOr::T(Schema::Object(Object { schema_type, .. })) => add_null_type(schema_type),
        RefOr::T(Schema::Array(array)) => add_null_type(&mut array.schema_type),
        // What may be one of several things says itself whether `null` is one of them.
        RefOr::T(Schema::OneOf(choice)) if choice.items.iter().any(is_null) => {}
        _ => {
            let mut choice = OneOfBuilder::new().item(null());
            if let RefOr::Ref(reference) = field {
                let description = std::mem::take(&mut reference.description);
                choice = choice.description(Some(description).filter(|text| !text.is_empty()));
            }
            *field = choice.item(field.clone()).into();
        }
    }
}

fn add_null_type(types: &mut SchemaType) {
    match types {
        SchemaType::Type(Type::Null) | SchemaType::AnyValue => {}
        SchemaType::Type(only) => *types = SchemaType::Array(vec![only.clone(), Type::Null]),
        SchemaType::Array(several) if several.contains(&Type::Null) => {}
        SchemaType::Array(several) => several.push(Type::Null),
    }
}

fn null() -> Object {
    Object::with_type(Type::Null)
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}
