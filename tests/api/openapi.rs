//! The API's description: committed, complete, with examples.
