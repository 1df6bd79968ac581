//! Areas (行政区划): the tree of city, county and township that institutions lie in and offices speak for.

pub mod model;
pub mod queries;
pub mod routes;
pub mod rules;
pub mod stretch;
