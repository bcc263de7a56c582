//! Groups: shared and per user, with and without a close, ordinary methods untouched.

use nat::{Builder, CloseReason, Context, register_function_group, register_per_user_function_group};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct BagConfig {
    label: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Pair {
    left: i64,
    right: i64,
}

struct Bag {
    label: String,
}

#[nat::functions]
impl Bag {
    const LIMIT: usize = 5;

    /// Adds an item.
    #[function]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        Ok(self.length(&item).min(Self::LIMIT))
    }

    #[function(name = "items", input_name = "prefix")]
    pub(crate) async fn list(&self, ctx: &Context, _: String) -> nat::Result<Vec<String>> {
        let _ = ctx.user_id();
        Ok(vec![self.label.clone()])
    }

    #[nat::function]
    async fn sum(&self, _ctx: &Context, Pair { left, right }: Pair) -> nat::Result<Pair> {
        Ok(Pair { left: left + right, right: 0 })
    }

    fn length(&self, item: &str) -> usize {
        item.len()
    }

    #[close]
    async fn save(self, _reason: CloseReason) -> nat::Result<()> {
        Ok(())
    }
}

/// A bag.
#[register_function_group]
async fn bag(config: BagConfig, _builder: &Builder) -> nat::Result<Bag> {
    Ok(Bag { label: config.label })
}

/// A bag for each user.
#[register_per_user_function_group(config_type = BagConfig, name = "own_bag")]
async fn per_user_bag(config: BagConfig, _builder: &Builder) -> nat::Result<Bag> {
    Ok(Bag { label: config.label })
}

enum Switch {
    On,
}

#[nat::functions]
impl self::Switch {
    #[function]
    async fn close(&self, _ctx: &Context, mut _input: i64) -> nat::Result<i64> {
        _input += 1;
        Ok(_input)
    }
}

#[register_function_group]
async fn switch(_config: (), _builder: &Builder) -> nat::Result<Switch> {
    Ok(Switch::On)
}

fn main() {
    let bag = <Bag as nat::FunctionGroup>::FUNCTIONS;
    assert_eq!(format!("{bag:?}").matches("GroupFunction").count(), 3);
    assert!(format!("{bag:?}").contains("\"items\""));
    assert_eq!(nat::__private::inventory::iter::<nat::runtime::Registration>().count(), 3);
}
