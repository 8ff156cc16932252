//! rust-analyzer over its protocol, in a crate that uses EdgePod.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use edgepod_samples::apps::{self, PROFILES};
use serde_json::{Value, json};

/// rust-analyzer with one file open.
pub struct Editor {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    file: String,
    /// What stands above what is typed.
    above: String,
    version: i64,
}

/// A completion.
#[derive(Debug)]
pub struct Offer {
    pub label: String,
    pub docs: String,
}

impl Editor {
    /// Starts it, and waits until it has read the crate and built the macros.
    pub fn start(above: &str) -> Self {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let target = apps::target(env!("CARGO_TARGET_TMPDIR"));
        let app = Path::new(env!("CARGO_TARGET_TMPDIR")).join("completed-app");
        fs::create_dir_all(app.join("src")).unwrap();
        let manifest = format!(
            "[package]\nname = \"app\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
             edgepod = {{ path = {:?}, default-features = false }}\n{PROFILES}",
            workspace.canonicalize().unwrap()
        );
        fs::write(app.join("Cargo.toml"), manifest).unwrap();
        fs::copy(workspace.join("Cargo.lock"), app.join("Cargo.lock")).unwrap();
        fs::write(app.join("src/lib.rs"), above).unwrap();
        let mut process = apps::command("rust-analyzer")
            .current_dir(&app)
            .env("CARGO_TARGET_DIR", target)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("rust-analyzer starts: `rustup component add rust-analyzer`");
        let mut editor = Self {
            input: process.stdin.take().unwrap(),
            output: BufReader::new(process.stdout.take().unwrap()),
            process,
            file: format!("file://{}/src/lib.rs", app.display()),
            above: above.to_owned(),
            version: 1,
        };
        editor.request(
            "initialize",
            &json!({
                "processId": null,
                "rootUri": format!("file://{}", app.display()),
                "capabilities": { "experimental": { "serverStatusNotification": true } },
                "initializationOptions": { "checkOnSave": false, "cachePriming": { "enable": false } },
            }),
        );
        editor.notify("initialized", &json!({}));
        editor.notify(
            "textDocument/didOpen",
            &json!({ "textDocument": {
                "uri": editor.file, "languageId": "rust", "version": editor.version, "text": editor.above
            } }),
        );
        editor.wait_for(|message| {
            message["method"] == "experimental/serverStatus"
                && message["params"]["quiescent"] == true
        });
        editor
    }

    /// What it offers at the `|` of what is typed.
    pub fn complete(&mut self, typed: &str) -> Vec<Offer> {
        let (before, after) = typed.split_once('|').expect("a cursor");
        self.version += 1;
        self.notify(
            "textDocument/didChange",
            &json!({
                "textDocument": { "uri": self.file, "version": self.version },
                "contentChanges": [{ "text": format!("{}{before}{after}", self.above) }],
            }),
        );
        let line = self.above.lines().count();
        let offered = self.request(
            "textDocument/completion",
            &json!({
                "textDocument": { "uri": self.file },
                "position": { "line": line, "character": before.len() },
            }),
        );
        let offers = offered["items"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let offer = |offer: &Value| Offer {
            label: text(&offer["label"]),
            docs: text(&offer["documentation"]["value"]),
        };
        offers.map(offer).collect()
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        // One at a time, so that one id will do.
        self.send(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }));
        let mut answer =
            self.wait_for(|message| message["id"] == 1 && message.get("method").is_none());
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }

    fn notify(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    /// The next message that is wanted. What it asks of an editor is answered with nothing.
    fn wait_for(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.receive();
            if wanted(&message) {
                return message;
            }
            if let (Some(id), Some(_)) = (message.get("id"), message.get("method")) {
                self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": null }));
            }
        }
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "rust-analyzer has ended");
            match line.trim().split_once(": ") {
                Some(("Content-Length", value)) => length = value.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // It is a process of this test's own.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
