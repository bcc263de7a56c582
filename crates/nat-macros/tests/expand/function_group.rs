async fn bag(config: BagConfig, builder: &Builder) -> nat::Result<Bag> {
    Bag::open(config).await
}
#[doc(hidden)]
#[allow(non_upper_case_globals)]
const __NAT_GROUP_bag_OF_bag: () = {
    use workflow::__private as __nat;
    const __NAT_REGISTRATION: __nat::Registration = __nat::Registration::group(
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
        |__nat_settings, __nat_builder| ::std::boxed::Box::pin(async move {
            let __nat_build = bag;
            ::core::result::Result::Ok(
                __nat::Component::group::<
                    Bag,
                >(
                    __nat_builder,
                    __nat_build(__nat_settings.read::<BagConfig>()?, __nat_builder)
                        .await?,
                ),
            )
        }),
    );
    __nat::inventory::submit! {
        __NAT_REGISTRATION
    }
};
