//! Every operation × every role × every relation to the thing asked for.
