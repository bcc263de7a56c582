impl Bag {
    /// Adds an item and says how many there are.
    #[allow(clippy::unused_async)]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        self.add(item)
    }
    #[cfg(feature = "listing")]
    #[allow(clippy::unused_async)]
    pub(crate) async fn list(
        &self,
        _ctx: &Context,
        _: Prefix,
    ) -> nat::Result<Vec<String>> {
        todo()
    }
    #[cfg(unix)]
    #[allow(clippy::unused_async)]
    async fn save(self, reason: CloseReason) -> nat::Result<()> {
        self.write(reason).await
    }
    #[cfg(not(unix))]
    #[allow(clippy::unused_async)]
    async fn forget(self, _: CloseReason) -> nat::Result<()> {
        todo()
    }
    fn add(&self, item: String) -> nat::Result<usize> {
        todo()
    }
}
#[allow(non_camel_case_types)]
const _: () = {
    use ::nat::__private as __nat;
    struct __function_push;
    #[automatically_derived]
    impl __nat::GroupMethod<Bag> for __function_push {
        const NAME: &'static ::core::primitive::str = "push";
        const DESCRIPTION: &'static ::core::primitive::str = "Adds an item and says how many there are.";
        const INPUT_NAME: &'static ::core::primitive::str = "item";
        type Input = String;
        type Output = usize;
        async fn call(
            __nat_group: &Bag,
            __nat_ctx: &__nat::Context,
            __nat_input: String,
        ) -> __nat::Result<usize> {
            let __nat_answered = <Bag>::push(
                    __nat_group,
                    <Context as __nat::IsTheContext>::given(__nat_ctx),
                    __nat_input,
                )
                .await;
            __nat::must_be_a_result(__nat_answered)
        }
    }
    #[cfg(feature = "listing")]
    struct __function_list;
    #[cfg(feature = "listing")]
    #[automatically_derived]
    impl __nat::GroupMethod<Bag> for __function_list {
        const NAME: &'static ::core::primitive::str = "items";
        const DESCRIPTION: &'static ::core::primitive::str = "";
        const INPUT_NAME: &'static ::core::primitive::str = "prefix";
        type Input = Prefix;
        type Output = Vec<String>;
        async fn call(
            __nat_group: &Bag,
            __nat_ctx: &__nat::Context,
            __nat_input: Prefix,
        ) -> __nat::Result<Vec<String>> {
            let __nat_answered = <Bag>::list(
                    __nat_group,
                    <Context as __nat::IsTheContext>::given(__nat_ctx),
                    __nat_input,
                )
                .await;
            __nat::must_be_a_result(__nat_answered)
        }
    }
    #[automatically_derived]
    impl __nat::FunctionGroup for Bag {
        const FUNCTIONS: &'static [__nat::GroupFunction<Self>] = &[
            __nat::GroupFunction::of::<__function_push>(),
            #[cfg(feature = "listing")]
            __nat::GroupFunction::of::<__function_list>(),
        ];
        #[cfg(unix)]
        async fn close(self, __nat_reason: __nat::CloseReason) -> __nat::Result<()> {
            let __nat_closed = <Bag>::save(
                    self,
                    <CloseReason as __nat::IsTheCloseReason>::given(__nat_reason),
                )
                .await;
            __nat::must_be_a_result(__nat_closed)
        }
        #[cfg(not(unix))]
        async fn close(self, __nat_reason: __nat::CloseReason) -> __nat::Result<()> {
            let __nat_closed = <Bag>::forget(
                    self,
                    <CloseReason as __nat::IsTheCloseReason>::given(__nat_reason),
                )
                .await;
            __nat::must_be_a_result(__nat_closed)
        }
    }
};
