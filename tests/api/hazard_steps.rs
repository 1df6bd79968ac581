//! Each step in the life of a hazard, as its rule says.
