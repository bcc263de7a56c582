//! Other attributes, visibility and documentation stay with the item.
#![deny(warnings)]

use nat::{Builder, Context, Function, from_fn, register_function};

/// First line.
///
/// - indented
///   more
#[inline]
#[register_function(single_output_type = i64,)]
#[deprecated = "use another one"]
#[allow(unused_variables, clippy::unused_async)]
#[doc(hidden)]
pub async fn old(config: (), builder: &Builder) -> nat::Result<impl Function<Input = i64, Output = i64>> {
    Ok(from_fn((), |_state, _ctx, by: i64| async move { Ok(by) }))
}

/// An error of another type is converted, as with `?`.
#[register_function]
pub(crate) async fn fails(_config: (), _builder: &Builder) -> Result<Echo, std::io::Error> {
    Err(std::io::Error::other("always"))
}

pub(crate) struct Echo;

impl Function for Echo {
    type Input = i64;
    type Output = i64;

    async fn call(&self, _ctx: &Context, by: i64) -> nat::Result<i64> {
        Ok(by)
    }
}

struct Group;

#[allow(dead_code)]
#[nat::functions]
impl Group {
    #[deprecated]
    #[function]
    async fn old(&self, _ctx: &Context, input: i64) -> nat::Result<i64> {
        Ok(input)
    }

    #[function]
    #[must_use]
    pub async fn copy(&self, _ctx: &Context, input: Vec<Self>) -> nat::Result<i64> {
        Ok(input.len() as i64)
    }
}

impl serde::Serialize for Group {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> serde::Deserialize<'de> for Group {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer).map(|()| Group)
    }
}

impl schemars::JsonSchema for Group {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Group".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <()>::json_schema(generator)
    }
}

fn main() {
    let old = nat::__private::inventory::iter::<nat::runtime::Registration>().find(|r| r.type_name() == "old");
    assert_eq!(old.map(|r| r.description()), Some("First line.\n\n- indented\n  more"));
    assert_eq!(<Group as nat::FunctionGroup>::FUNCTIONS.len(), 2);
}
