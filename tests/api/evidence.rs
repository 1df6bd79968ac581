//! Photos: declared, streamed, verified, shown upright, never replaced.
