//! Several in one module, in nested modules, and in the body of a function.

use nat::{Builder, Function, from_fn, register_function};

#[register_function]
async fn first(_config: (), _builder: &Builder) -> nat::Result<impl Function<Input = i64, Output = i64>> {
    Ok(from_fn((), |_state, _ctx, by: i64| async move { Ok(by) }))
}

#[register_function]
async fn second(_config: (), _builder: &Builder) -> nat::Result<impl Function<Input = i64, Output = i64>> {
    Ok(from_fn((), |_state, _ctx, by: i64| async move { Ok(by) }))
}

mod outer {
    pub(super) mod inner {
        use nat::{Builder, Context, Function};
        use schemars::JsonSchema;
        use serde::Deserialize;

        #[derive(Deserialize, JsonSchema)]
        pub(in super::super) struct Config {}

        pub(super) struct Echo;

        impl Function for Echo {
            type Input = String;
            type Output = String;

            async fn call(&self, _ctx: &Context, text: String) -> nat::Result<String> {
                Ok(text)
            }
        }

        #[nat::register_per_user_function(input_type = String, single_output_type = String)]
        pub(super) async fn first(_config: Config, _builder: &Builder) -> nat::Result<Echo> {
            Ok(Echo)
        }
    }

    #[nat::register_function(name = "borrowed", config_type = inner::Config)]
    async fn first(_config: self::inner::Config, _builder: &nat::Builder) -> nat::Result<inner::Echo> {
        Ok(inner::Echo)
    }
}

fn main() {
    #[register_function]
    async fn in_a_body(_config: (), _builder: &Builder) -> nat::Result<Local> {
        Ok(Local)
    }

    struct Local;

    #[nat::functions]
    impl Local {
        #[function]
        async fn own(&self, _ctx: &nat::Context, input: i64) -> nat::Result<i64> {
            Ok(input)
        }
    }

    impl Function for Local {
        type Input = i64;
        type Output = i64;

        async fn call(&self, _ctx: &nat::Context, by: i64) -> nat::Result<i64> {
            Ok(by)
        }
    }

    let mut names: Vec<_> =
        nat::__private::inventory::iter::<nat::runtime::Registration>().map(|r| r.type_name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["borrowed", "first", "first", "in_a_body", "second"]);
}
