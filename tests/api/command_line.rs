//! The commands an administrator uses at the shell.
