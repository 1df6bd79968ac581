//! A place where the real program keeps an office: a folder of its own, and a database of either kind.

use super::program::{Program, Ran, Serving};
use anlao::db::{Backend, Conn, DatabaseUrl};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The demonstration's password in all places of the tests.
pub const DEMO_PASSWORD: &str = "遂宁市的演示口令请勿用于真实系统";

pub struct Place {
    pub program: Program,
    pub url: String,
    database: Option<String>,
}

impl Place {
    /// An empty place: no records and no secret.
    pub fn new(backend: Backend) -> Self {
        let program = Program::new();
        let (url, database) = match backend {
            Backend::Sqlite => {
                (format!("sqlite:{}", program.dir.path().join("data/anlao.db").display()), None)
            }
            Backend::Postgres => {
                let name = format!("place_{}", uuid::Uuid::now_v7().simple());
                (anlao_testbed::postgres().unwrap().create_database(&name), Some(name))
            }
        };
        let settings = format!("data_dir = \"data\"\ndatabase_url = \"{url}\"\nlisten = \"127.0.0.1:0\"\n");
        std::fs::write(program.dir.path().join("anlao.toml"), settings).unwrap();
        std::fs::create_dir(program.dir.path().join("data")).unwrap();
        Self { program, url, database }
    }

    /// A place with a demonstration city.
    pub fn demo(backend: Backend, institutions: usize, hazards: usize) -> Self {
        Self::demo_with(backend, institutions, hazards, &[])
    }

    pub fn demo_with(
        backend: Backend,
        institutions: usize,
        hazards: usize,
        variables: &[(&str, &str)],
    ) -> Self {
        let place = Self::new(backend);
        // PostgreSQL never has its keys made for it.
        anlao::keys::Keys::create_for_demo(&place.secret(), 7).unwrap();
        let (institutions, hazards) = (institutions.to_string(), hazards.to_string());
        let args =
            ["demo", "--no-serve", "--seed", "7", "--institutions", &institutions, "--hazards", &hazards];
        let variables = [variables, &[("ANLAO_DEMO_PASSWORD", DEMO_PASSWORD)]].concat();
        place.program.run_with(&args, &variables, "").expect(0);
        place
    }

    /// An empty place that has the keys of the other's office.
    pub fn of_office(backend: Backend, other: &Self) -> Self {
        let place = Self::new(backend);
        std::fs::copy(other.secret(), place.secret()).unwrap();
        place
    }

    pub fn secret(&self) -> PathBuf {
        self.data().join("secret.toml")
    }

    pub fn data(&self) -> PathBuf {
        self.program.dir.path().join("data")
    }

    /// A path beside the data folder.
    pub fn path(&self, name: &str) -> String {
        self.program.dir.path().join(name).display().to_string()
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        self.program.run(args)
    }

    pub fn serve(&self) -> Serving {
        self.program.serve_with(&[])
    }

    pub fn open(&self) -> Conn {
        Conn::open(&DatabaseUrl::parse(&self.url).unwrap()).unwrap()
    }

    /// Every file of the data folder with its digest.
    pub fn files(&self) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        collect(&self.data(), &mut found);
        found
    }
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            let digest = hex::encode(Sha256::digest(std::fs::read(&path).unwrap()));
            found.insert(path, digest);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(name) = &self.database {
            anlao_testbed::postgres().unwrap().drop_database(name);
        }
    }
}
