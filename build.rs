//! Tells cargo which embedded folders to watch: without this a new migration or a rebuilt web app would
//! not find its way into the binary.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=web/dist");
    println!("cargo:rerun-if-changed=web/placeholder.html");
}
