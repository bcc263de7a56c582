#[cfg(feature = "shouting")]
async fn r#loop(
    _: (),
    _: &Builder,
) -> nat::Result<impl Function<Input = String, Output = String>> {
    Ok(from_fn((), shout))
}
#[cfg(feature = "shouting")]
const _: () = {
    use ::nat::__private as __nat;
    const REGISTRATION: __nat::Registration = __nat::Registration::function(
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
        |_settings, builder| ::std::boxed::Box::pin(async move {
            let build = r#loop;
            ::core::result::Result::Ok(
                __nat::Component::function(builder, build((), builder).await?),
            )
        }),
    );
    __nat::inventory::submit! {
        REGISTRATION
    }
};
