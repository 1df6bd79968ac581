//! Accounts: created, changed, disabled, with effect on the next request.
