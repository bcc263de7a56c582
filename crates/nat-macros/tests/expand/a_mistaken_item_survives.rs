fn notepad(config: NotepadConfig) -> Notepad {
    Notepad::new(config)
}
::core::compile_error! {
    "unknown parameter `input_typ`: did you mean `input_type`?"
}
::core::compile_error! {
    "a builder function is `async`: write `async fn notepad`"
}
::core::compile_error! {
    "a builder function takes two parameters: write `(config: YourConfig, builder: &Builder)`, or `(_config: (), …)` when it has no settings"
}
::core::compile_error! {
    "`notepad` returns `nat::Result<F>`, where `F` is the type that it builds: write it out in full"
}
::core::compile_error! {
    "`single_output_type` is missing: a per-user function is built when a user first calls it, and what it gives must be known before that; write `single_output_type = …`, or `streaming_output_type = …` if it streams"
}
