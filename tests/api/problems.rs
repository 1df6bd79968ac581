//! Every error is a problem document.
