//! The audit trail: complete, chained, signed, and any change of it found.
