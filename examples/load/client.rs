//! The client, in a process of its own so that its processor time is not counted: threads with one
//! connection each, sending prepared requests one after the other.

use super::Options;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// What the client tells its parent, on one line.
pub struct Outcome {
    pub requests: usize,
    pub p50: Duration,
    pub p99: Duration,
    pub seconds: f64,
}

/// Reads requests (`METHOD PATH BODY` a line), sends them round and round for the time asked.
pub fn run(options: &Options, requests: &Path) {
    let text = std::fs::read_to_string(requests).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let once = lines.first().is_some_and(|line| line.starts_with("PUT"));
    let length = Duration::from_secs(options.seconds);
    let began = Instant::now();
    let mut taken: Vec<Duration> = std::thread::scope(|scope| {
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
    let seconds = began.elapsed().as_secs_f64();
    taken.sort_unstable();
    let at = |share: f64| taken[((taken.len() as f64 * share) as usize).min(taken.len() - 1)].as_micros();
    println!("{} {} {} {seconds}", taken.len(), at(0.5), at(0.99));
}

fn one_connection(options: &Options, requests: &[&str], once: bool, length: Duration) -> Vec<Duration> {
    let stream = TcpStream::connect(&options.address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    let mut taken = Vec::new();
    let began = Instant::now();
    for line in requests.iter().cycle() {
        if began.elapsed() > length || (once && taken.len() == requests.len()) {
            break;
        }
        let (method, rest) = line.split_once(' ').unwrap();
        let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: load\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            options.token,
            body.len()
        );
        let sent = Instant::now();
        writer.write_all(request.as_bytes()).unwrap();
        read_answer(&mut reader, line);
        taken.push(sent.elapsed());
    }
    taken
}

fn read_answer(reader: &mut BufReader<TcpStream>, request: &str) {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let good = line.contains(" 200 ") || line.contains(" 201 ");
    let status = line.clone();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    assert!(good, "{request}\n{status}{}", String::from_utf8_lossy(&body));
}

pub fn parse(line: &str) -> Outcome {
    let words: Vec<&str> = line.split_whitespace().collect();
    let micros = |at: usize| Duration::from_micros(words[at].parse().unwrap());
    Outcome {
        requests: words[0].parse().unwrap(),
        p50: micros(1),
        p99: micros(2),
        seconds: words[3].parse().unwrap(),
    }
}
