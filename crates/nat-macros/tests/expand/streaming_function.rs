async fn headlines(config: FeedConfig, _builder: &Builder) -> nat::Result<Feed> {
    Feed::open(config)
}
const _: () = {
    use ::nat::__private as __nat;
    const REGISTRATION: __nat::Registration = __nat::Registration::streaming_function(
        __nat::Heading {
            type_name: "headlines",
            description: "",
            scope: __nat::Scope::PerUser,
            site: __nat::Site {
                package: ::core::env!("CARGO_PKG_NAME"),
                version: ::core::env!("CARGO_PKG_VERSION"),
                file: ::core::file!(),
                line: ::core::line!(),
            },
        },
        "value",
        __nat::ConfigType::of::<FeedConfig>(),
        __nat::StreamingTypes::of::<Feed>()
            .input_type_must_be_what_the_function_takes::<Topic>()
            .streaming_output_type_must_be_what_the_function_streams::<Headline>(),
        |settings, builder| ::std::boxed::Box::pin(async move {
            let build = headlines;
            ::core::result::Result::Ok(
                __nat::Component::streaming_function::<
                    Feed,
                >(builder, build(settings.read::<FeedConfig>()?, builder).await?),
            )
        }),
    );
    __nat::inventory::submit! {
        REGISTRATION
    }
};
