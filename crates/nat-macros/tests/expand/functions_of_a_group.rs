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
    #[allow(clippy::unused_async)]
    async fn save(self, reason: CloseReason) -> nat::Result<()> {
        self.write(reason).await
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
        const NAME: &'static str = "push";
        const DESCRIPTION: &'static str = "Adds an item and says how many there are.";
        const INPUT_NAME: &'static str = "item";
        type Input = String;
        type Output = usize;
        async fn call(
            group: &Bag,
            ctx: &__nat::Context,
            input: String,
        ) -> __nat::Result<usize> {
            <Bag>::push(group, ctx, input).await
        }
    }
    #[cfg(feature = "listing")]
    struct __function_list;
    #[cfg(feature = "listing")]
    #[automatically_derived]
    impl __nat::GroupMethod<Bag> for __function_list {
        const NAME: &'static str = "items";
        const DESCRIPTION: &'static str = "";
        const INPUT_NAME: &'static str = "prefix";
        type Input = Prefix;
        type Output = Vec<String>;
        async fn call(
            group: &Bag,
            ctx: &__nat::Context,
            input: Prefix,
        ) -> __nat::Result<Vec<String>> {
            <Bag>::list(group, ctx, input).await
        }
    }
    #[automatically_derived]
    impl __nat::FunctionGroup for Bag {
        const FUNCTIONS: &'static [__nat::GroupFunction<Self>] = &[
            __nat::GroupFunction::of::<__function_push>(),
            #[cfg(feature = "listing")]
            __nat::GroupFunction::of::<__function_list>(),
        ];
        async fn close(self, reason: __nat::CloseReason) -> __nat::Result<()> {
            <Bag>::save(self, reason).await
        }
    }
};
