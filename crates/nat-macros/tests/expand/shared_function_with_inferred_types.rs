async fn counter(config: CounterConfig, _builder: &Builder) -> nat::Result<Counter> {
    todo()
}
#[doc(hidden)]
#[allow(non_upper_case_globals)]
const __NAT_FUNCTION_count_OF_counter: () = {
    use ::nat::__private as __nat;
    const __NAT_REGISTRATION: __nat::Registration = __nat::Registration::function(
        __nat::Heading {
            type_name: "count",
            description: "",
            scope: __nat::Scope::Shared,
            site: __nat::Site {
                package: ::core::env!("CARGO_PKG_NAME"),
                version: ::core::env!("CARGO_PKG_VERSION"),
                file: ::core::file!(),
                line: ::core::line!(),
            },
        },
        "value",
        __nat::ConfigType::of::<CounterConfig>(),
        __nat::FunctionTypes::of::<Counter>(),
        |__nat_settings, __nat_builder| ::std::boxed::Box::pin(async move {
            let __nat_build = counter;
            ::core::result::Result::Ok(
                __nat::Component::function::<
                    Counter,
                >(
                    __nat_builder,
                    __nat_build(__nat_settings.read::<CounterConfig>()?, __nat_builder)
                        .await?,
                ),
            )
        }),
    );
    __nat::inventory::submit! {
        __NAT_REGISTRATION
    }
};
