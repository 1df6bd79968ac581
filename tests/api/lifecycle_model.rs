//! The API equals a model of the life cycle, for every state, step and role.
