/// A notepad: each user has their own list of notes.
///
/// Nothing outlives the instance.
pub async fn per_user_notepad(
    config: NotepadConfig,
    _builder: &Builder,
) -> nat::Result<Notepad> {
    Ok(Notepad::new(config.max_notes))
}
#[doc(hidden)]
#[allow(non_upper_case_globals)]
const __NAT_FUNCTION_per_user_notepad_OF_per_user_notepad: () = {
    use ::nat::__private as __nat;
    const __NAT_REGISTRATION: __nat::Registration = __nat::Registration::function(
        __nat::Heading {
            type_name: "per_user_notepad",
            description: "A notepad: each user has their own list of notes.\n\nNothing outlives the instance.",
            scope: __nat::Scope::PerUser,
            site: __nat::Site {
                package: ::core::env!("CARGO_PKG_NAME"),
                version: ::core::env!("CARGO_PKG_VERSION"),
                file: ::core::file!(),
                line: ::core::line!(),
            },
        },
        "value",
        __nat::ConfigType::of::<NotepadConfig>()
            .config_type_must_be_the_type_of_the_first_parameter::<NotepadConfig>(),
        __nat::FunctionTypes::of::<Notepad>()
            .input_type_must_be_what_the_function_takes::<NoteInput>()
            .single_output_type_must_be_what_the_function_gives::<NoteOutput>(),
        |__nat_settings, __nat_builder| ::std::boxed::Box::pin(async move {
            let __nat_build = per_user_notepad;
            ::core::result::Result::Ok(
                __nat::Component::function::<
                    Notepad,
                >(
                    __nat_builder,
                    __nat_build(__nat_settings.read::<NotepadConfig>()?, __nat_builder)
                        .await?,
                ),
            )
        }),
    );
    __nat::inventory::submit! {
        __NAT_REGISTRATION
    }
};
