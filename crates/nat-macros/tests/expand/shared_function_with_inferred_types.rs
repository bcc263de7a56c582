async fn counter(config: CounterConfig, _builder: &Builder) -> nat::Result<Counter> {
    todo()
}
const _: () = {
    use ::nat::__private as __nat;
    const REGISTRATION: __nat::Registration = __nat::Registration::function(
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
        |settings, builder| ::std::boxed::Box::pin(async move {
            let build = counter;
            ::core::result::Result::Ok(
                __nat::Component::function::<
                    Counter,
                >(builder, build(settings.read::<CounterConfig>()?, builder).await?),
            )
        }),
    );
    __nat::inventory::submit! {
        REGISTRATION
    }
};
