async fn bag(config: BagConfig, builder: &Builder) -> nat::Result<Bag> {
    Bag::open(config).await
}
const _: () = {
    use workflow::__private as __nat;
    const REGISTRATION: __nat::Registration = __nat::Registration::group(
        __nat::Heading {
            type_name: "bag",
            description: "",
            scope: __nat::Scope::PerUser,
            site: __nat::Site {
                package: ::core::env!("CARGO_PKG_NAME"),
                version: ::core::env!("CARGO_PKG_VERSION"),
                file: ::core::file!(),
                line: ::core::line!(),
            },
        },
        __nat::ConfigType::of::<BagConfig>(),
        __nat::GroupType::of::<Bag>(),
        |settings, builder| ::std::boxed::Box::pin(async move {
            let build = bag;
            ::core::result::Result::Ok(
                __nat::Component::group::<
                    Bag,
                >(builder, build(settings.read::<BagConfig>()?, builder).await?),
            )
        }),
    );
    __nat::inventory::submit! {
        REGISTRATION
    }
};
