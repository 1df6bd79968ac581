//! Row 54: an upload cut off at every 64 KiB. Nothing is ever called complete that is not, and sending it again helps.

use crate::cases::{Case, Known, People, Write};
use crate::node::{Node, faults};
use crate::phone::Phone;
use crate::seeds::{Wrongs, chance, seeds};
use crate::support::Photo;
use crate::town::{Logins, Town, photo};
use anlao::db::Backend;
use anlao_testbed::tries;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const STEP: usize = 64 * 1024;
/// Bytes of a photo from a phone.
const SIZE: usize = 2_300_000;

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// The connection is reset: the phone lost its network.
    Reset,
    /// The phone says that it is done before it is.
    HalfClose,
    /// The server is killed.
    Kill,
    /// Every byte is sent, and the phone is gone before the answer.
    AnswerLost,
}

struct Bench<'a> {
    town: &'a Town,
    logins: Logins,
    node: Node,
    chance: ChaCha8Rng,
    wrong: Vec<String>,
    cuts: u64,
}

impl Bench<'_> {
    fn phone(&self) -> Phone {
        Phone::new(&self.node.base, &self.logins.inspector)
    }

    /// Registers a hazard that waits for one big photo.
    async fn declared(&mut self) -> (String, Photo) {
        let big = photo("before", SIZE, &mut self.chance);
        let form = json!({ "institution_id": self.town.home, "category": "fire", "location": "三楼西侧走廊",
            "description": "疏散通道堆放杂物", "severity": "general", "found_at": "2026-03-10T01:58:00Z",
            "evidence": [big.declared()] });
        let writes = vec![(Write::Register { form }, Known::NotSent)];
        let case = Case { id: uuid::Uuid::now_v7().to_string(), writes };
        let reply = People::at(&self.node.base, &self.logins).send(&case.id, &case.writes[0].0).await;
        assert!(reply.as_ref().is_some_and(|reply| reply.status == 201), "{reply:?}");
        (case.id, big)
    }

    /// Sends so many bytes of the photo and cuts.
    async fn cut(&mut self, big: &Photo, at: usize, cut: Cut) {
        self.cuts += 1;
        let chunked = self.chance.random_bool(0.3);
        let length = if chunked {
            "Transfer-Encoding: chunked".to_owned()
        } else {
            format!("Content-Length: {}", big.bytes.len())
        };
        let head = format!(
            "PUT /api/v1/evidence/{}/content HTTP/1.1\r\nHost: anlao\r\nAuthorization: Bearer {}\r\n\
             Content-Type: image/jpeg\r\nContent-Digest: {}\r\n{length}\r\n\r\n",
            big.id,
            self.logins.inspector,
            big.digest_header()
        );
        let mut line = TcpStream::connect(self.node.base.trim_start_matches("http://")).await.unwrap();
        line.write_all(head.as_bytes()).await.unwrap();
        for piece in big.bytes[..at].chunks(STEP) {
            if chunked {
                line.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await.unwrap();
            }
            line.write_all(piece).await.unwrap();
            if chunked {
                line.write_all(b"\r\n").await.unwrap();
            }
        }
        match cut {
            Cut::Reset => line.set_zero_linger().unwrap(),
            Cut::HalfClose => self.half_close(line).await,
            Cut::Kill => {
                let fresh = Node::start(self.town);
                std::mem::replace(&mut self.node, fresh).kill();
            }
            Cut::AnswerLost => {
                if chunked {
                    line.write_all(b"0\r\n\r\n").await.unwrap();
                }
                tokio::time::sleep(Duration::from_millis(self.chance.random_range(0..60))).await;
                line.set_zero_linger().unwrap();
            }
        }
    }

    async fn half_close(&mut self, mut line: TcpStream) {
        line.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // However it ends: what matters is that it is not a yes.
        let _ = tokio::time::timeout(Duration::from_secs(60), line.read_to_end(&mut answer)).await;
        let answer = String::from_utf8_lossy(&answer);
        if answer.starts_with("HTTP/1.1 2") {
            self.wrong.push(format!("half a photo was answered with {answer}"));
        }
    }

    /// What the server says of the photo now must be true.
    async fn check(&mut self, hazard: &str, big: &Photo, whole: bool, of: &str) {
        let phone = self.phone();
        let seen = phone.get(&format!("/evidence/{}", big.id)).await.expect("an answer").body;
        let summary =
            phone.get(&format!("/hazards/{hazard}")).await.expect("an answer").body["evidence"].clone();
        let complete = summary["complete"] == true;
        if !whole && (seen["state"] != "declared" || complete || summary["missing"] != json!([big.id])) {
            self.wrong.push(format!("{of}: falsely complete: {seen} {summary}"));
        }
        if whole && seen["state"] == "stored" && !self.is_kept(big).await {
            self.wrong.push(format!("{of}: called stored, and its bytes are not there"));
        }
    }

    async fn is_kept(&self, big: &Photo) -> bool {
        let bytes =
            self.phone().get(&format!("/evidence/{}/original", big.id)).await.expect("an answer").bytes;
        hex::encode(Sha256::digest(&bytes)) == big.sha256()
    }

    async fn send_again(&mut self, hazard: &str, big: &Photo, of: &str) {
        match self.phone().upload(big).await {
            Some(reply) if reply.acknowledges() && reply.body["state"] == "stored" => {}
            other => self.wrong.push(format!("{of}: sent again: {other:?}")),
        }
        self.check(hazard, big, true, of).await;
        if !self.is_kept(big).await {
            self.wrong.push(format!("{of}: sent again and not kept"));
        }
    }

    /// One photo cut at every step, in one manner; now and then it is sent again and a fresh one goes on.
    async fn every_step(&mut self, cut: Cut) {
        let (mut hazard, mut big) = self.declared().await;
        let mut at = 0;
        loop {
            let of = format!("{cut:?} at {at} of {}", big.bytes.len());
            self.cut(&big, at, cut).await;
            self.check(&hazard, &big, false, &of).await;
            at += STEP;
            let last = at >= big.bytes.len();
            if last || self.chance.random_ratio(1, 8) {
                self.send_again(&hazard, &big, &of).await;
                if last {
                    return;
                }
                (hazard, big) = self.declared().await;
            }
        }
    }

    async fn answers_lost(&mut self, times: usize) {
        for _ in 0..times {
            let (hazard, big) = self.declared().await;
            self.cut(&big, big.bytes.len(), Cut::AnswerLost).await;
            self.check(&hazard, &big, true, "answer lost").await;
            self.send_again(&hazard, &big, "answer lost").await;
        }
    }
}

fn cut_uploads(backend: Backend, name: &str) {
    let Some(town) = Town::build(backend) else { return };
    let wanted = tries(1, 5000);
    let mut wrongs = Wrongs::default();
    let mut cuts = 0;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for seed in seeds(1, 1000) {
            let node = Node::start(&town);
            let logins = town.logins();
            let mut bench =
                Bench { town: &town, logins, node, chance: chance(seed), wrong: Vec::new(), cuts: 0 };
            for cut in [Cut::Reset, Cut::HalfClose, Cut::Kill] {
                bench.every_step(cut).await;
            }
            bench.answers_lost(8).await;
            cuts += bench.cuts;
            wrongs.add(seed, bench.wrong);
            if cuts >= wanted {
                break;
            }
        }
        wrongs.add(0, faults(&town));
    });
    wrongs.settle("54", &format!("uploads cut off, then sent again ({name})"), cuts);
}

#[test]
fn an_upload_cut_anywhere_is_never_called_complete_sqlite() {
    cut_uploads(Backend::Sqlite, "sqlite");
}

#[test]
fn an_upload_cut_anywhere_is_never_called_complete_postgres() {
    cut_uploads(Backend::Postgres, "postgres");
}
