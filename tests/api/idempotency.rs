//! The same request again, a hundred times, at once.
