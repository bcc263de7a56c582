//! Functions that hand their call on: what may depend on what.

use nat::{
    Builder, Context, Function, FunctionHandle, FunctionRef, register_function, register_function_group,
    register_per_user_function,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::counters::{Counter, Step, Total};

#[derive(Deserialize, JsonSchema)]
struct RelayConfig {
    target: FunctionRef,
}

/// Hands on to a function that is found when this one is built.
#[register_function(input_type = Step, single_output_type = Total)]
async fn conf_relay(config: RelayConfig, builder: &Builder) -> nat::Result<Relay> {
    Ok(Relay { target: builder.get_function(&config.target).await? })
}

/// Hands on to a function that is found when this user's instance is built.
#[register_per_user_function(input_type = Step, single_output_type = Total)]
async fn conf_per_user_relay(config: RelayConfig, builder: &Builder) -> nat::Result<Relay> {
    Ok(Relay { target: builder.get_function(&config.target).await? })
}

struct Relay {
    target: FunctionHandle<Step, Total>,
}

impl Function for Relay {
    type Input = Step;
    type Output = Total;

    async fn call(&self, ctx: &Context, step: Step) -> nat::Result<Total> {
        self.target.call(ctx, step).await
    }
}

#[derive(Deserialize, JsonSchema)]
struct LazyRelayConfig {
    // Text and no reference: the file's check sees no dependency here, so the call has to refuse.
    target: String,
}

/// Hands on to a function that is looked up at every call.
#[register_function(input_type = Step, single_output_type = Total)]
async fn conf_lazy_relay(config: LazyRelayConfig, _builder: &Builder) -> nat::Result<LazyRelay> {
    Ok(LazyRelay { target: config.target })
}

struct LazyRelay {
    target: String,
}

impl Function for LazyRelay {
    type Input = Step;
    type Output = Total;

    async fn call(&self, ctx: &Context, step: Step) -> nat::Result<Total> {
        ctx.get_function(&self.target)?.call(ctx, step).await
    }
}

/// A group that needs a function when it is built.
#[register_function_group]
async fn conf_relay_group(config: RelayConfig, builder: &Builder) -> nat::Result<RelayGroup> {
    builder.get_dyn_function(&config.target).await?;
    Ok(RelayGroup)
}

struct RelayGroup;

#[nat::functions]
impl RelayGroup {
    /// Answers the text.
    #[function]
    async fn hello(&self, _ctx: &Context, text: String) -> nat::Result<String> {
        Ok(text)
    }
}

#[derive(Deserialize, JsonSchema)]
struct OverSharedConfig {
    counter: FunctionRef,
}

#[derive(Serialize, JsonSchema)]
struct BothTotals {
    mine: i64,
    shared: i64,
}

/// Counts for one user, and on a counter that all users share.
#[register_per_user_function(input_type = Step, single_output_type = BothTotals)]
async fn conf_per_user_over_shared(config: OverSharedConfig, builder: &Builder) -> nat::Result<OverShared> {
    Ok(OverShared { mine: Counter::starting_at(0), shared: builder.get_function(&config.counter).await? })
}

struct OverShared {
    mine: Counter,
    shared: FunctionHandle<Step, Total>,
}

impl Function for OverShared {
    type Input = Step;
    type Output = BothTotals;

    async fn call(&self, ctx: &Context, step: Step) -> nat::Result<BothTotals> {
        let mine = self.mine.add(step.by);
        let shared = self.shared.call(ctx, step).await?.count;
        Ok(BothTotals { mine, shared })
    }
}

#[cfg(test)]
mod tests {
    use nat::ErrorKind;
    use nat::testing::CallFailure;

    use crate::testing::File;

    #[tokio::test]
    async fn a_relay_reaches_its_own_users_counter() {
        let file = File::start(
            "functions: {mine: {_type: conf_per_user_counter, start: 5}}
workflow: {_type: conf_per_user_relay, target: mine}",
        )
        .await;
        assert_eq!(file.ask("alice", r#"{"by":2}"#).await.unwrap(), r#"{"count":7}"#);
        assert_eq!(file.ask("alice", r#"{"by":2}"#).await.unwrap(), r#"{"count":9}"#);
        assert_eq!(file.ask("bob", "{}").await.unwrap(), r#"{"count":6}"#);
    }

    #[tokio::test]
    async fn a_shared_counter_counts_for_all() {
        let file = File::start(
            "functions: {total: {_type: conf_counter, start: 100}}
workflow: {_type: conf_per_user_over_shared, counter: total}",
        )
        .await;
        assert_eq!(file.ask("alice", "{}").await.unwrap(), r#"{"mine":1,"shared":101}"#);
        assert_eq!(file.ask("bob", "{}").await.unwrap(), r#"{"mine":1,"shared":102}"#);
    }

    #[tokio::test]
    async fn a_shared_function_finds_no_per_user_one_when_it_is_called() {
        let file = File::start(
            "functions: {mine: {_type: conf_per_user_counter}}
workflow: {_type: conf_lazy_relay, target: mine}",
        )
        .await;
        let error = file.ask("alice", "{}").await.unwrap_err();
        let CallFailure::Function(error) = error else { panic!("{error}") };
        assert_eq!(error.kind(), &ErrorKind::Value);
        assert_eq!(error.public_message(), Some("Function `mine` not found"));
    }

    #[tokio::test]
    async fn a_groups_relay_is_built_after_its_target() {
        let file = File::start(
            "function_groups: {relays: {_type: conf_relay_group, target: total, include: [hello]}}
functions: {total: {_type: conf_counter}}
workflow: {_type: conf_call_by_name, function: relays__hello}",
        )
        .await;
        assert_eq!(file.ask("alice", r#"{"text":"x"}"#).await.unwrap(), r#"{"text":"x"}"#);
    }
}
