#[cfg(feature = "shouting")]
async fn r#loop(
    _: (),
    _: &Builder,
) -> nat::Result<impl Function<Input = String, Output = String>> {
    Ok(from_fn((), shout))
}
#[cfg(feature = "shouting")]
#[doc(hidden)]
#[allow(non_upper_case_globals)]
const __NAT_FUNCTION_loop_OF_loop: () = {
    use ::nat::__private as __nat;
    const __NAT_REGISTRATION: __nat::Registration = __nat::Registration::function(
        __nat::Heading {
            type_name: "loop",
            description: "",
            scope: __nat::Scope::Shared,
            site: __nat::Site {
                package: ::core::env!("CARGO_PKG_NAME"),
                version: ::core::env!("CARGO_PKG_VERSION"),
                file: ::core::file!(),
                line: ::core::line!(),
            },
        },
        "text",
        __nat::ConfigType::of::<__nat::NoSettings>(),
        __nat::FunctionTypes::returned_by(&r#loop)
            .input_type_must_be_what_the_function_takes::<String>()
            .single_output_type_must_be_what_the_function_gives::<String>(),
        |__nat_settings, __nat_builder| ::std::boxed::Box::pin(async move {
            let __nat_build = r#loop;
            ::core::result::Result::Ok(
                __nat::Component::function(
                    __nat_builder,
                    __nat_build((), __nat_builder).await?,
                ),
            )
        }),
    );
    __nat::inventory::submit! {
        __NAT_REGISTRATION
    }
};
