//! Tells cargo which embedded folders to watch: without this a new migration or a rebuilt web app would
//! not find its way into the binary.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=web/placeholder.html");
    // What is watched and does not exist counts as changed, and everything would be compiled anew each time. Before there
    // is a web app its folder is watched for it.
    let built = std::path::Path::new("web/dist").exists();
    println!("cargo:rerun-if-changed={}", if built { "web/dist" } else { "web" });
}
