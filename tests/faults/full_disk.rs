//! Row 58: the disk is full. What cannot be kept is refused as that, what can be read is read, and when there is room
//! again everything goes on by itself.

use crate::cases::{Case, Known, People, Write};
use crate::load::Load;
use crate::node::{Node, faults};
use crate::phone::{Phone, Reply};
use crate::seeds::{Wrongs, chance};
use crate::town::{PASSWORD, Town, photo};
use anlao_testbed::Postgres;
use reqwest::Method;
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A file system of so many megabytes; unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`, said loudly, where nothing may be mounted; under `CI=true` that is a failure.
    fn mount(at: &Path, megabytes: u32) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(at.to_owned()));
        }
        assert!(std::env::var("CI").as_deref() != Ok("true"), "a small file system must be mounted here");
        eprintln!("NOT TESTED: a full disk, because nothing may be mounted here (run as root)");
        None
    }

    /// Takes every byte that is left.
    fn fill(&self) {
        let mut file =
            std::fs::OpenOptions::new().create(true).append(true).open(self.0.join("ballast")).unwrap();
        for size in [1 << 20, 64 << 10, 4 << 10, 512, 1] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn is_full(reply: Option<&Reply>) -> bool {
    reply.is_some_and(|reply| {
        reply.status == 507 && reply.is_problem() && reply.body["code"] == "storage_full"
    })
}

async fn login(phone: &Phone) -> Option<Reply> {
    let form = json!({ "username": "inspector", "password": PASSWORD });
    phone.send(phone.request(Method::POST, "/auth/login").json(&form)).await
}

/// While it is full: each kind of write, and each kind of reading.
async fn full(people: &People, waiting: &mut [Case], done: &Case) -> Vec<String> {
    let mut wrong = Vec::new();
    // A case that waits for its registration, one for its photo, one for its step.
    for case in waiting {
        let (write, known) = case.writes.iter_mut().find(|(_, known)| *known == Known::NotSent).unwrap();
        *known = Known::Unknown;
        let reply = people.send(&case.id, write).await;
        if !is_full(reply.as_ref()) {
            wrong.push(format!("full disk: {}: {reply:?}", write.name()));
        }
    }
    // A login that leaves no session and no entry would be one that nobody can end or see: it is refused, clearly.
    let reply = login(&people.inspector).await;
    if !is_full(reply.as_ref()) {
        wrong.push(format!("full disk: login: {reply:?}"));
    }
    let Write::Upload { photo } = &done.writes[1].0 else { panic!("not a photo") };
    // Reading an original is an action with an entry: without room for the entry it does not happen.
    let original = people.inspector.get(&format!("/evidence/{}/original", photo.id)).await;
    if !is_full(original.as_ref()) {
        wrong.push(format!("full disk: original: {original:?}"));
    }
    let hazard = format!("/hazards/{}", done.id);
    let (evidence, thumbnail) =
        (format!("/evidence/{}", photo.id), format!("/evidence/{}/thumbnail", photo.id));
    for path in ["/me", "/hazards", "/hazards?q=插排", "/overview", hazard.as_str(), &evidence, &thumbnail]
    {
        let reply = people.inspector.get(path).await;
        if reply.as_ref().is_none_or(|reply| reply.status != 200) {
            wrong.push(format!(
                "full disk: GET {path}: {}",
                reply.map_or("no answer".into(), |reply| reply.told())
            ));
        }
    }
    wrong
}

async fn through_a_full_disk(
    disk: &SmallDisk,
    town: &Town,
    seed: u64,
    slowest: &mut Duration,
) -> Vec<String> {
    let node = Node::start(town);
    let people = People::at(&node.base, &town.logins());
    let mut chance = chance(seed);
    let mut wrong = Vec::new();
    let mut done = Case::draw(town, &mut chance);
    let mut waiting: Vec<Case> = (0..3).map(|_| Case::draw(town, &mut chance)).collect();
    // A photo that no last page could hold.
    let big = photo("before", 300_000, &mut chance);
    if let Write::Register { form } = &mut waiting[1].writes[0].0 {
        form["evidence"] = json!([big.declared()]);
    }
    waiting[1].writes.truncate(1);
    waiting[1].writes.push((Write::Upload { photo: big }, Known::NotSent));
    let accept = waiting[2].writes.iter().position(|(write, _)| matches!(write, Write::Step { .. })).unwrap();
    let before_full = [(&mut done, usize::MAX)];
    let (_, rest) = waiting.split_at_mut(1);
    let (second, third) = rest.split_at_mut(1);
    for (case, writes) in before_full.into_iter().chain([(&mut second[0], 1), (&mut third[0], accept)]) {
        for (write, known) in case.writes.iter_mut().take(writes) {
            let reply = people.send(&case.id, write).await;
            assert!(reply.as_ref().is_some_and(Reply::acknowledges), "{reply:?}");
            *known = Known::Acknowledged;
        }
    }

    // It fills up under load: some are still acknowledged, and the first that is not ends each phone's work.
    let load = Load::of(town, seed, 300, usize::MAX);
    tokio::join!(load.run(std::slice::from_ref(&people)), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        disk.fill();
    });
    disk.fill();
    let (mut cases, refused) = load.into_parts();
    wrong.extend(refused.into_iter().filter(|told| !told.contains("507")));
    wrong.extend(full(&people, &mut waiting, &done).await);

    disk.free();
    let freed = Instant::now();
    let mut after = Case::draw(town, &mut chance);
    loop {
        let reply = people.send(&after.id, &after.writes[0].0).await;
        if reply.as_ref().is_some_and(Reply::acknowledges) {
            after.writes[0].1 = Known::Acknowledged;
            break;
        }
        if freed.elapsed() > Duration::from_secs(60) {
            wrong.push(format!("not recovered after a minute: {reply:?}"));
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    *slowest = (*slowest).max(freed.elapsed());
    cases.extend(waiting);
    cases.extend([done, after]);
    for case in &mut cases {
        wrong.extend(case.compare(&people).await);
        wrong.extend(case.send_again(&people).await);
        wrong.extend(case.compare(&people).await);
    }
    let login = login(&people.inspector).await;
    if login.as_ref().is_none_or(|reply| reply.status != 200) {
        wrong.push(format!("after the full disk: login: {login:?}"));
    }
    wrong.extend(faults(town));
    wrong.extend(without_entry(town));
    wrong
}

/// Hazards and steps without their entry in the trail, or the reverse.
fn without_entry(town: &Town) -> Option<String> {
    let count =
        |query: &str| town.ask(&format!("SELECT cast(count(*) AS text) AS line FROM {query}")).remove(0);
    let hazards = count("hazards");
    let registered = count("audit_entries WHERE action = 'hazard.registered'");
    let stored = count("evidence WHERE state = 'stored'");
    let arrived = count("audit_entries WHERE action = 'evidence.stored'");
    (hazards != registered || stored != arrived)
        .then(|| format!("{hazards} hazards, {registered} entries; {stored} photos, {arrived} entries"))
}

fn full_disk(cluster: Option<&'static Postgres>, name: &str) {
    let seeds = crate::seeds::seeds(2, 20);
    let (mut wrongs, mut slowest) = (Wrongs::default(), Duration::ZERO);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for seed in &seeds {
        let folder = tempfile::Builder::new().prefix("anlao-small-").tempdir().unwrap();
        let Some(disk) = SmallDisk::mount(&folder.path().join("disk"), 24) else { return };
        let town = Town::build_in(Some(&disk.0), cluster);
        wrongs.add(*seed, runtime.block_on(through_a_full_disk(&disk, &town, *seed, &mut slowest)));
    }
    eprintln!("full disk ({name}): recovered after at most {slowest:?}");
    wrongs.settle("58", &format!("disk full and free again ({name})"), seeds.len() as u64);
}

#[test]
fn a_full_disk_refuses_what_it_cannot_keep_and_recovers() {
    full_disk(None, "sqlite");
}
