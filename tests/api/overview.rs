//! Totals, scoped, equal to what the lists say.
