//! What the tests speak with: a running server, people with roles, a small world, photos.

mod app;
pub mod doors;
mod office;
mod people;
mod photo;
mod place;
mod program;
mod records;
mod steps;
mod wire;
mod world;

pub use anlao_test_pictures::tiff;
pub use app::{PASSWORD, Store, TestApp};
pub use office::{Office, alone};
pub use people::{Answer, Person};
pub use photo::{Photo, scene, stored_files, with_exif};
pub use place::{DEMO_PASSWORD, Place};
pub use program::{Program, Serving};
pub use records::{lines, records};
pub use steps::{Step, again};
pub use wire::{Raw, Wire, head, until};
pub use world::World;

/// Declares tests that run on both databases, each on a fresh one; `under [("key", "value")];` under settings.
#[macro_export]
macro_rules! on_both_databases {
    (under $settings:expr; $($(#[doc = $doc:literal])* $name:ident, $app:ident => $body:block)+) => {$(
        $(#[doc = $doc])*
        mod $name {
            #[allow(unused_imports, reason = "not every test needs every word")]
            use super::*;

            async fn test($app: &$crate::support::TestApp) $body

            fn run(backend: anlao::db::Backend) {
                use $crate::support::{Store, TestApp};
                TestApp::run_under(backend, Store::Folder, &$settings, async |app| test(app).await);
            }

            #[test]
            fn sqlite() {
                run(anlao::db::Backend::Sqlite);
            }

            #[test]
            fn postgres() {
                run(anlao::db::Backend::Postgres);
            }
        }
    )+};
    ($($(#[doc = $doc:literal])* $name:ident, $app:ident => $body:block)+) => {$(
        $(#[doc = $doc])*
        mod $name {
            #[allow(unused_imports, reason = "not every test needs every word")]
            use super::*;

            async fn test($app: &$crate::support::TestApp) $body

            #[test]
            fn sqlite() {
                $crate::support::TestApp::run(anlao::db::Backend::Sqlite, async |app| test(app).await);
            }

            #[test]
            fn postgres() {
                $crate::support::TestApp::run(anlao::db::Backend::Postgres, async |app| test(app).await);
            }
        }
    )+};
}
