//! Areas and institutions.
