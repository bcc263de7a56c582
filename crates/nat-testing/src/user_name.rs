//! Users as tests name them.

use nat_core::UserId;

/// A user, named in a test: a text such as `"alice"` is the value of the session cookie from which the server derives
/// the id ([`UserId::derived`]); a [`UserId`] is taken as it is.
pub trait TestUserName {
    /// The id of the user.
    fn user_id(&self) -> UserId;
}

impl TestUserName for str {
    fn user_id(&self) -> UserId {
        UserId::derived(self)
    }
}

impl TestUserName for String {
    fn user_id(&self) -> UserId {
        UserId::derived(self)
    }
}

impl TestUserName for UserId {
    fn user_id(&self) -> UserId {
        self.clone()
    }
}

impl<T: TestUserName + ?Sized> TestUserName for &T {
    fn user_id(&self) -> UserId {
        (**self).user_id()
    }
}
