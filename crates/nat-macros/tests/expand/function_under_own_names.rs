async fn news(config: FeedConfig, _builder: &NatBuilder) -> NatResult<Feed> {
    Feed::open(config)
}
#[doc(hidden)]
#[allow(non_upper_case_globals)]
const __NAT_FUNCTION_news_OF_news: () = {
    use ::nat::__private as __nat;
    async fn __nat_under_usual_names(
        __nat_settings: FeedConfig,
        __nat_builder: &__nat::Builder,
    ) -> __nat::Result<Feed> {
        let __nat_build = news;
        let __nat_returned = __nat_build(
                __nat_settings,
                __nat::IsTheBuilder::given(__nat_builder),
            )
            .await;
        __nat::must_be_a_result(__nat_returned)
    }
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
        __nat::FunctionTypes::of::<Feed>(),
        |__nat_settings, __nat_builder| ::std::boxed::Box::pin(async move {
            let __nat_build = __nat_under_usual_names;
            ::core::result::Result::Ok(
                __nat::Component::function::<
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
