async fn news(config: FeedConfig, _builder: &Builder) -> nat::Result<Feed> {
    Feed::open(config)
}
#[doc(hidden)]
#[allow(non_upper_case_globals)]
const __NAT_FUNCTION_news_OF_news: () = {
    use ::nat::__private as __nat;
    const __NAT_REGISTRATION: __nat::Registration = __nat::Registration::function(
        __nat::Heading {
            type_name: "news",
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
        __nat::ConfigType::of::<FeedConfig>(),
        __nat::FunctionTypes::of::<Feed>()
            .input_type_must_be_what_the_function_takes::<Topic>()
            .single_output_type_must_be_what_the_function_gives::<Page>()
            .and_streams(
                __nat::StreamingTypes::of::<Feed>()
                    .streaming_output_type_must_be_what_the_function_streams::<
                        Headline,
                    >(),
            ),
        |__nat_settings, __nat_builder| ::std::boxed::Box::pin(async move {
            let __nat_build = news;
            ::core::result::Result::Ok(
                __nat::Component::single_and_streaming_function::<
                    Feed,
                >(
                    __nat_builder,
                    __nat_build(__nat_settings.read::<FeedConfig>()?, __nat_builder)
                        .await?,
                ),
            )
        }),
    );
    __nat::inventory::submit! {
        __NAT_REGISTRATION
    }
};
