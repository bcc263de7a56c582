//! Functions as tools: named, described and called in the JSON of a language model.

use std::fmt;

use serde_json::{Map, Value, json};

use super::DynFunctionHandle;
use crate::{Context, Result};

/// A function that a language model may call: see [`Builder::get_tools`](crate::Builder::get_tools).
#[derive(Clone)]
pub struct Tool {
    handle: DynFunctionHandle,
}

impl Tool {
    /// The function as a tool.
    pub fn new(handle: DynFunctionHandle) -> Self {
        Self { handle }
    }

    /// The name by which the file knows the function; of a group's function `group__function`.
    pub fn name(&self) -> &str {
        self.handle.name()
    }

    /// The doc comment of the function's type, or of the group's method; empty where there is none.
    pub fn description(&self) -> &str {
        self.handle.description()
    }

    /// The function behind it.
    pub fn function(&self) -> &DynFunctionHandle {
        &self.handle
    }

    /// The JSON Schema of the arguments, which are an object: the input itself, or an object with the one field of a
    /// simple input.
    pub fn parameters(&self) -> Value {
        let interface = self.handle.interface();
        let mut schema = interface.input_schema().as_value().clone();
        if let Value::Object(schema) = &mut schema {
            schema.shift_remove("$schema");
        }
        let Some(field) = interface.input_field() else { return schema };
        // Definitions are referred to from the top of a schema.
        let definitions = schema.as_object_mut().and_then(|schema| schema.shift_remove("$defs"));
        let required = match interface.required_fields().is_empty() {
            true => Value::Array(Vec::new()),
            false => json!([field]),
        };
        let mut properties = Map::new();
        properties.insert(field.to_owned(), schema);
        let mut arguments = json!({ "type": "object", "properties": properties, "required": required });
        if let (Some(definitions), Some(arguments)) = (definitions, arguments.as_object_mut()) {
            arguments.insert("$defs".to_owned(), definitions);
        }
        arguments
    }

    /// Calls the function with the arguments that a model wrote. A simple input may also stand by itself, as models write
    /// it now and then.
    ///
    /// # Errors
    ///
    /// As [`DynFunctionHandle::call`].
    pub async fn call(&self, ctx: &Context, arguments: Value) -> Result<Value> {
        let input = match (self.handle.interface().input_field(), arguments) {
            (Some(field), Value::Object(mut fields)) if fields.contains_key(field) => {
                fields.shift_remove(field).unwrap_or_default()
            }
            (_, arguments) => arguments,
        };
        self.handle.call(ctx, input).await
    }
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tool").field(&self.name()).finish()
    }
}
