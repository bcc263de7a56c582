//! A raw identifier is called by its plain name.

use nat::{Builder, Context, Function, from_fn, register_function, register_function_group};
use schemars::JsonSchema;
use serde::Deserialize;

#[allow(non_camel_case_types)]
#[derive(Deserialize, JsonSchema)]
struct r#struct {}

#[register_function(config_type = r#struct)]
async fn r#loop(_config: r#struct, _builder: &Builder) -> nat::Result<impl Function<Input = i64, Output = i64>> {
    Ok(from_fn((), |_state, _ctx, by: i64| async move { Ok(by) }))
}

struct Kinds;

#[nat::functions]
impl Kinds {
    #[function]
    async fn r#match(&self, _ctx: &Context, r#type: String) -> nat::Result<String> {
        Ok(r#type)
    }
}

#[register_function_group]
async fn r#enum(_config: (), _builder: &Builder) -> nat::Result<Kinds> {
    Ok(Kinds)
}

fn main() {
    let mut names: Vec<_> =
        nat::__private::inventory::iter::<nat::runtime::Registration>().map(|r| r.type_name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["enum", "loop"]);
    let function = format!("{:?}", <Kinds as nat::FunctionGroup>::FUNCTIONS);
    assert!(function.contains("\"match\""), "{function}");
}
