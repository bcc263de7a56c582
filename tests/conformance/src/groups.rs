//! Function groups, and functions that call into them.

use nat::{
    Builder, Context, DynFunctionHandle, Function, FunctionGroupRef, FunctionHandle, FunctionRef, register_function,
    register_function_group, register_per_user_function, register_per_user_function_group,
};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct BagConfig {
    #[serde(default = "bag")]
    label: String,
}

fn bag() -> String {
    "bag".to_owned()
}

/// One bag for everybody.
#[register_function_group]
async fn conf_bag(config: BagConfig, _builder: &Builder) -> nat::Result<Bag> {
    Ok(Bag::new(config))
}

/// A bag for each user.
#[register_per_user_function_group]
async fn conf_per_user_bag(config: BagConfig, _builder: &Builder) -> nat::Result<Bag> {
    Ok(Bag::new(config))
}

struct Bag {
    label: String,
    held: Mutex<Vec<String>>,
}

impl Bag {
    fn new(config: BagConfig) -> Self {
        Self { label: config.label, held: Mutex::default() }
    }
}

#[nat::functions]
impl Bag {
    /// Puts an item in, and answers how many there are.
    #[function]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        let mut held = self.held.lock();
        held.push(item);
        Ok(held.len())
    }

    /// Lists the items that begin with a prefix, each behind the bag's label.
    #[function]
    async fn items(&self, _ctx: &Context, prefix: String) -> nat::Result<Vec<String>> {
        let held = self.held.lock();
        let found = held.iter().filter(|item| item.starts_with(&prefix));
        Ok(found.map(|item| format!("{}:{item}", self.label)).collect())
    }
}

#[derive(Deserialize, JsonSchema)]
struct BagClientConfig {
    group: FunctionGroupRef,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct BagClientInput {
    #[serde(default = "items")]
    op: String,
    #[serde(default)]
    item: String,
}

fn items() -> String {
    "items".to_owned()
}

#[derive(Serialize, JsonSchema)]
struct BagClientOutput {
    size: usize,
    items: Vec<String>,
}

/// Puts into a bag and looks into it.
#[register_function(input_type = BagClientInput, single_output_type = BagClientOutput)]
async fn conf_bag_client(config: BagClientConfig, builder: &Builder) -> nat::Result<BagClient> {
    BagClient::of(&config.group, builder).await
}

/// Puts into a bag and looks into it, for one user.
#[register_per_user_function(input_type = BagClientInput, single_output_type = BagClientOutput)]
async fn conf_per_user_bag_client(config: BagClientConfig, builder: &Builder) -> nat::Result<BagClient> {
    BagClient::of(&config.group, builder).await
}

struct BagClient {
    push: FunctionHandle<String, usize>,
    items: FunctionHandle<String, Vec<String>>,
}

impl BagClient {
    async fn of(group: &FunctionGroupRef, builder: &Builder) -> nat::Result<Self> {
        let group = builder.get_function_group(group).await?;
        Ok(Self { push: group.function("push")?, items: group.function("items")? })
    }
}

impl Function for BagClient {
    type Input = BagClientInput;
    type Output = BagClientOutput;

    async fn call(&self, ctx: &Context, input: BagClientInput) -> nat::Result<BagClientOutput> {
        if input.op == "push" {
            return Ok(BagClientOutput { size: self.push.call(ctx, input.item).await?, items: Vec::new() });
        }
        let items = self.items.call(ctx, input.item).await?;
        Ok(BagClientOutput { size: items.len(), items })
    }
}

#[derive(Deserialize, JsonSchema)]
struct CallByNameConfig {
    function: FunctionRef,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Text {
    text: String,
}

/// Hands text to a function whose types it does not know.
#[register_per_user_function(input_type = Text, single_output_type = Text)]
async fn conf_call_by_name(config: CallByNameConfig, builder: &Builder) -> nat::Result<CallByName> {
    Ok(CallByName { function: builder.get_dyn_function(&config.function).await? })
}

struct CallByName {
    function: DynFunctionHandle,
}

impl Function for CallByName {
    type Input = Text;
    type Output = Text;

    async fn call(&self, ctx: &Context, input: Text) -> nat::Result<Text> {
        Ok(Text { text: self.function.call_text(ctx, &input.text).await? })
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::File;

    #[tokio::test]
    async fn a_shared_bag_is_one_for_all_and_a_users_bag_is_their_own() {
        for (kind, seen_by_bob) in
            [("conf_bag", r#"{"size":1,"items":["own:milk"]}"#), ("conf_per_user_bag", r#"{"size":0,"items":[]}"#)]
        {
            let file = File::start(&format!(
                "function_groups: {{things: {{_type: {kind}, label: own, include: [push, items]}}}}
workflow: {{_type: conf_per_user_bag_client, group: things}}"
            ))
            .await;
            let pushed = file.ask("alice", r#"{"op":"push","item":"milk"}"#).await.unwrap();
            assert_eq!(pushed, r#"{"size":1,"items":[]}"#);
            assert_eq!(file.ask("bob", "{}").await.unwrap(), seen_by_bob);
            assert_eq!(file.ask("alice", r#"{"item":"bread"}"#).await.unwrap(), r#"{"size":0,"items":[]}"#);
        }
    }

    #[tokio::test]
    async fn a_groups_function_is_called_by_its_full_name() {
        let file = File::start(
            "function_groups: {things: {_type: conf_per_user_bag, include: [push]}}
workflow: {_type: conf_call_by_name, function: things__push}",
        )
        .await;
        assert_eq!(file.ask("alice", r#"{"text":"x"}"#).await.unwrap(), r#"{"text":"1"}"#);
        assert_eq!(file.ask("alice", r#"{"text":"x"}"#).await.unwrap(), r#"{"text":"2"}"#);
    }
}
