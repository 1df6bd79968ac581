//! The client, in a process of its own so that its processor time is not counted: threads with one
//! connection each, sending prepared requests one after the other, or one photo each at the same time.

use super::Options;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// What the client tells its parent, on one line.
pub struct Outcome {
    pub requests: usize,
    pub p50: Duration,
    pub p99: Duration,
    pub seconds: f64,
    pub failures: usize,
}

/// Reads requests (`METHOD PATH BODY` a line), sends them round and round for the time asked.
pub fn run(options: &Options, requests: &Path) {
    let text = std::fs::read_to_string(requests).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    if let Some(photo) = &options.photo {
        return upload(options, &lines, &std::fs::read(photo).unwrap());
    }
    let once = lines.first().is_some_and(|line| line.starts_with("PUT"));
    let length = Duration::from_secs(options.seconds);
    let began = Instant::now();
    let taken: Vec<Duration> = std::thread::scope(|scope| {
        let share =
            |at: usize| lines.iter().skip(at).step_by(options.connections).copied().collect::<Vec<_>>();
        let threads: Vec<_> = (0..options.connections)
            .map(|at| {
                let mine = share(at);
                scope.spawn(move || one_connection(options, &mine, once, length))
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    tell(taken, began.elapsed(), 0);
}

fn tell(mut taken: Vec<Duration>, all: Duration, failures: usize) {
    taken.sort_unstable();
    let at =
        |share: f64| taken.get(((taken.len() as f64 * share) as usize).min(taken.len().saturating_sub(1)));
    let micros = |share| at(share).copied().unwrap_or_default().as_micros();
    println!("{} {} {} {} {failures}", taken.len(), micros(0.5), micros(0.99), all.as_secs_f64());
}

fn one_connection(options: &Options, requests: &[&str], once: bool, length: Duration) -> Vec<Duration> {
    let mut line = Line::to(&options.address);
    let mut taken = Vec::new();
    let began = Instant::now();
    for request in requests.iter().cycle() {
        if began.elapsed() > length || (once && taken.len() == requests.len()) {
            break;
        }
        let sent = Instant::now();
        line.ask_well(request, &options.token);
        taken.push(sent.elapsed());
    }
    taken
}

/// Every line (`PUT PATH INDEX`) over a connection of its own, all of them at the same time.
fn upload(options: &Options, lines: &[&str], photo: &[u8]) {
    let ready = Barrier::new(lines.len());
    let began = Instant::now();
    let taken: Vec<Option<Duration>> = std::thread::scope(|scope| {
        let one = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            let mut body = photo.to_vec();
            number(&mut body, words[2].parse().unwrap());
            let mut line = Line::to(&options.address);
            ready.wait();
            let sent = Instant::now();
            let (status, answer) = line.ask("PUT", words[1], &options.token, "image/jpeg", &body);
            if status != 201 {
                eprintln!("{status} {}", String::from_utf8_lossy(&answer));
            }
            (status == 201).then(|| sent.elapsed())
        };
        let threads: Vec<_> = lines.iter().map(|line| scope.spawn(move || one(line))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let failures = taken.iter().filter(|one| one.is_none()).count();
    tell(taken.into_iter().flatten().collect(), began.elapsed(), failures);
}

/// Makes a photo differ from the others at its very end.
pub fn number(photo: &mut [u8], index: u64) {
    let end = photo.len() - 8;
    photo[end..].copy_from_slice(&index.to_le_bytes());
}

/// One connection.
pub struct Line {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

impl Line {
    pub fn to(address: &str) -> Self {
        let writer = TcpStream::connect(address).unwrap();
        writer.set_nodelay(true).unwrap();
        Self { reader: BufReader::new(writer.try_clone().unwrap()), writer }
    }

    /// Sends `METHOD PATH BODY` and stops everything unless it is answered well.
    pub fn ask_well(&mut self, request: &str, token: &str) {
        let (method, rest) = request.split_once(' ').unwrap();
        let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
        let (status, answer) = self.ask(method, path, token, "application/json", body.as_bytes());
        assert!(matches!(status, 200 | 201), "{request}\n{status} {}", String::from_utf8_lossy(&answer));
    }

    fn ask(&mut self, method: &str, path: &str, token: &str, kind: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: load\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if body.len() < 16 * 1024 {
            self.writer.write_all(&[head.as_bytes(), body].concat()).unwrap();
        } else {
            self.writer.write_all(head.as_bytes()).unwrap();
            // A refusal may come before the end; it is read below.
            let _ = self.writer.write_all(body);
        }
        self.answer()
    }

    fn answer(&mut self) -> (u16, Vec<u8>) {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut length = 0;
        while !matches!(line.as_str(), "\r\n" | "") {
            line.clear();
            self.reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).unwrap();
        (status, body)
    }
}

pub fn parse(line: &str) -> Outcome {
    let words: Vec<&str> = line.split_whitespace().collect();
    let micros = |at: usize| Duration::from_micros(words[at].parse().unwrap());
    Outcome {
        requests: words[0].parse().unwrap(),
        p50: micros(1),
        p99: micros(2),
        seconds: words[3].parse().unwrap(),
        failures: words[4].parse().unwrap(),
    }
}
