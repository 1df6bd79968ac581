//! An S3-compatible store on this machine.

use std::fs;
use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::path::Path;
use std::thread::JoinHandle;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder as Connection;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A store with one bucket and one pair of keys, on a thread of its own. It checks signatures, and it ends, with all
/// its connections and files, when it is dropped.
pub struct S3 {
    pub endpoint: String,
    pub bucket: String,
    pub access_key: String,
    pub secret_key: String,
    pub region: String,
    root: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl S3 {
    /// Starts a store; when this returns, the store answers.
    pub fn start() -> Self {
        let (bucket, access_key, secret_key) = ("anlao-evidence", "testbed", "testbed-secret-key");
        let root = tempfile::Builder::new().prefix("anlao-s3-").tempdir().expect("temporary folder");
        fs::create_dir(root.path().join(bucket)).expect("bucket");

        let mut builder = S3ServiceBuilder::new(FileSystem::new(root.path()).expect("store"));
        builder.set_auth(SimpleAuth::from_single(access_key, secret_key));
        let service = builder.build();

        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("listener");
        let endpoint = format!("http://{}", listener.local_addr().expect("address"));
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("testbed-s3".into())
            .spawn(move || serve(listener, service, stopped))
            .expect("thread");

        Self {
            endpoint,
            bucket: bucket.into(),
            access_key: access_key.into(),
            secret_key: secret_key.into(),
            region: "us-east-1".into(),
            root,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Where the objects are, as files: `root/bucket/key`.
    pub fn root(&self) -> &Path {
        self.root.path()
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the store has shown itself already, in the test that met it.
            let _ = thread.join();
        }
    }
}

fn serve(listener: StdListener, service: S3Service, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        let accepting = tokio::spawn(accept(TcpListener::from_std(listener).expect("listener"), service));
        // Either a word or the other end's disappearance: both mean stop.
        let _ = stopped.await;
        accepting.abort();
    });
}

async fn accept(listener: TcpListener, service: S3Service) {
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        let service = service.clone();
        tokio::spawn(async move {
            // A client that breaks off is the client's affair.
            let _ =
                Connection::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await;
        });
    }
}
