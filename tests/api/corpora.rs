//! Public test vectors and naughty inputs, where `ANLAO_CORPORA` names them.
