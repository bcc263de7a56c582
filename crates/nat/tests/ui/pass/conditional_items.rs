//! What is not compiled in registers nothing, wherever the condition stands.

use nat::{Builder, Context, Function, from_fn, register_function};

#[cfg(any())]
#[register_function]
async fn before(_config: Missing, _builder: &Builder) -> nat::Result<Missing> {
    Ok(Missing)
}

#[register_function]
#[cfg(any())]
async fn after(_config: Missing, _builder: &Builder) -> nat::Result<Missing> {
    Ok(Missing)
}

#[cfg_attr(all(), register_function)]
#[cfg(all())]
async fn present(_config: (), _builder: &Builder) -> nat::Result<impl Function<Input = i64, Output = i64>> {
    Ok(from_fn((), |_state, _ctx, by: i64| async move { Ok(by) }))
}

struct Group;

#[nat::functions]
impl Group {
    #[cfg(any())]
    #[function]
    async fn gone(&self, _ctx: &Context, _input: Missing) -> nat::Result<Missing> {
        Ok(Missing)
    }

    #[function]
    #[cfg(any())]
    async fn here(&self, _ctx: &Context, _input: Missing) -> nat::Result<Missing> {
        Ok(Missing)
    }

    #[function(name = "here")]
    #[cfg(all())]
    async fn other(&self, _ctx: &Context, input: i64) -> nat::Result<i64> {
        Ok(input)
    }

    #[close]
    #[cfg(any())]
    async fn close(self, _reason: nat::CloseReason) -> nat::Result<()> {
        Ok(())
    }
}

#[nat::functions]
#[cfg(any())]
impl Missing {
    #[function]
    async fn gone(&self, _ctx: &Context, input: i64) -> nat::Result<i64> {
        Ok(input)
    }
}

fn main() {
    let names: Vec<_> =
        nat::__private::inventory::iter::<nat::runtime::Registration>().map(|r| r.type_name()).collect();
    assert_eq!(names, ["present"]);
    assert_eq!(<Group as nat::FunctionGroup>::FUNCTIONS.len(), 1);
}
