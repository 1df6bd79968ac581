//! The schema on both databases.
