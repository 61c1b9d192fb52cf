//! A server that does nothing but answer, in a process of its own.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;

const USER: &str = r#"{"Id":8545,"CorrelationId":null,"ClientUserId":"clerk-8545","FirstName":"Jane","LastName":"Doe","UserName":"jane@acme.example","Email":"jane@acme.example","IsActive":false,"ParentEntityId":9,"ParentEntityName":"Acme","Profiles":[{},{}],"Picture":{"Id":"df30f95e-e673-4721-b186-14f67073e302","Href":"https://pictures.example/1.png","Height":1.1,"Width":1.1,"Md5Checksum":"d41d8cd98f00b204e9800998ecf8427e","Name":"portrait","MimeType":"image/png"},"Address":{"AddressLine1":"1 Main Street","AddressLine2":"","City":"Regina","StateCode":"SK","CountryCode":"CA","Zip":"S4P 0A1"},"PhoneNumbers":[{"Number":"3065550100","Extension":"","Type":"Work"},{"Number":"3065550101","Extension":"7","Type":"Home"}],"JobTitle":"Clerk","Attributes":{"Department":"Sales","BadgeId":2},"Version":12}"#;

/// The server's process; it ends with this.
pub struct Server {
    pub url: String,
    child: Child,
    _end: Option<ChildStdin>,
}

impl Server {
    pub fn start() -> Self {
        let program = env::current_exe().expect("this program");
        let mut command = Command::new(program);
        let mut child = command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a server");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its address");
        let end = child.stdin.take();
        Self { url: format!("http://{}", line.trim()), child, _end: end }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Answers until nobody holds the other end of its input.
pub fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    let _ = std::io::stdin().read(&mut [0]);
}

fn answer(stream: TcpStream) {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nCOVA-APIM-RateLimit-Limit: 1000000\r\n";
    let response = format!("{head}content-length: {}\r\n\r\n{USER}", USER.len());
    let _ = stream.set_nodelay(true);
    let Ok(mut out) = stream.try_clone() else { return };
    let mut requests = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        match requests.read_line(&mut line) {
            Ok(0) | Err(_) => return,
            // Only requests without a body come here, so the blank line is their end.
            Ok(_) if line == "\r\n" => {
                if out.write_all(response.as_bytes()).is_err() {
                    return;
                }
            }
            Ok(_) => {}
        }
    }
}
