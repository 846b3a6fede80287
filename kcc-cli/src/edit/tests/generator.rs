//! Kubeconfigs in every style that comes to mind, from a tape of choices.

#![expect(
    clippy::format_push_string,
    reason = "reads best, and is fast enough for a test"
)]

/// A kubeconfig, and what is known about it.
#[derive(Debug, Default)]
pub(super) struct Generated {
    /// The text outside and inside of the users' `exec`, by turns; it begins and ends outside.
    pub(super) parts: Vec<String>,
    /// Whether the editor may refuse it.
    pub(super) hazard: bool,
    pub(super) plugins: usize,
}

impl Generated {
    pub(super) fn of(tape: &[u8]) -> Self {
        let mut writer = Writer {
            tape: tape.iter(),
            done: Self::default(),
            text: String::new(),
        };
        match writer.pick(8) {
            0..6 => writer.yaml(),
            6 => writer.json(true),
            _ => writer.json(false),
        }
        let Writer { mut done, text, .. } = writer;
        done.parts.push(text);
        done
    }

    pub(super) fn text(&self) -> String {
        self.parts.concat()
    }
}

struct Writer<'a> {
    tape: std::slice::Iter<'a, u8>,
    done: Generated,
    text: String,
}

const NAMES: &[&str] = &[
    "u",
    "arn:aws:eks:eu-west-1:1:cluster/prod",
    "é ü\u{1f980}",
    "it's",
    "say \"x\"",
    "yes",
    "0x1",
    "- x",
    "#h",
    "x: y",
    "a\tb",
    "[x]",
    "~",
    "@x",
    "%x",
];
const COMMANDS: &[&str] = &[
    "aws",
    "/usr/bin/aws",
    "./bin/aws",
    "../aws",
    "é",
    "gke-gcloud-auth-plugin",
    "a b",
    "a,b",
    "it's",
    "x:y",
    "true",
];
const WORDS: &[&str] = &[
    "eks",
    "--cluster-name",
    "é",
    "a b",
    "a: b",
    "",
    "{x}",
    "1",
    "yes",
    "it's",
    "a,b",
    "#x",
    "!x",
    "\\",
    "&x",
    "*x",
];
const TRAILS: &[&str] = &["", "", "", "", " ", "\t", " # c", "\t# é", "  \t"];

impl Writer<'_> {
    /// A number below `count`; 0 at the tape's end.
    fn pick(&mut self, count: usize) -> usize {
        self.tape
            .next()
            .map_or(0, |byte| usize::from(*byte) % count)
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.pick(count) == count - 1
    }

    fn any<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.pick(texts.len())]
    }

    /// Ends a part.
    fn turn(&mut self) {
        self.done.parts.push(std::mem::take(&mut self.text));
    }

    /// A scalar in a style that can say it.
    fn scalar(&mut self, text: &str, flow: bool) -> String {
        let single = format!("'{}'", text.replace('\'', "''"));
        let double = serde_json::to_string(text).unwrap();
        let reserved = ["yes", "true", "~", "", "1", "0x1"];
        let needs_quotes = reserved.contains(&text)
            || text.contains([' ', '"', '\'', '#', '\t'])
            || text.starts_with(['{', '[', '!', '&', '*', '@', '%', '`', '-', '0', '1'])
            || flow && text.contains([',', '{', '}', '[', ']', ':']);
        match self.pick(4) {
            0 | 1 if !needs_quotes => text.to_owned(),
            2 => single,
            _ => double,
        }
    }

    fn yaml(&mut self) {
        for (text, chance) in [("\u{feff}", 8), ("# head\n", 3), ("---\n", 4), ("\n", 5)] {
            if self.one_in(chance) {
                self.text += text;
            }
        }
        self.text += "apiVersion: v1\nkind: Config # c\n";
        if self.one_in(3) {
            self.text += "x-odd: &odd [1, two] # c\ny-odd:\n- *odd\n- {k: \"v\"}\n";
        }
        let others = "clusters:\n- cluster:\n    server: https://127.0.0.1:6443\n    certificate-authority-data: Qw==\n  name: c\ncontexts:\n- {name: k, context: {cluster: c, user: u}}\n";
        let first = self.pick(2) == 0;
        if first {
            self.text += others;
        }
        self.text += "users:";
        let chosen = self.any(TRAILS);
        self.text += chosen;
        self.text += "\n";
        let indent = self.any(&["", "  ", "    "]);
        let count = if self.one_in(40) {
            300
        } else {
            1 + self.pick(4)
        };
        for number in 0..count {
            self.yaml_user(number, indent);
        }
        if !first {
            self.text += others;
        }
        for (text, chance) in [("# tail\n", 4), ("...\n", 6), ("\n\n", 4)] {
            if self.one_in(chance) {
                self.text += text;
            }
        }
        if self.one_in(30) {
            self.text += "\n---\na: b\n";
            self.done.hazard = true;
        }
        if self.one_in(4) {
            let kept = self.text.trim_end_matches('\n').len();
            // A comment or a document's end as the last line needs none either.
            self.text.truncate(kept);
        }
        let newline = self.any(&["\n", "\n", "\n", "\r\n", "\r\n", "\r"]);
        self.done
            .parts
            .iter_mut()
            .for_each(|part| *part = part.replace('\n', newline));
        self.text = self.text.replace('\n', newline);
    }

    fn yaml_user(&mut self, number: usize, indent: &str) {
        let name = format!("{}{number}", self.any(NAMES));
        let dash = self.any(&["- ", "-   "]);
        let inner = format!("{indent}{}", " ".repeat(dash.len()));
        if self.one_in(4) {
            self.text += &format!("{indent}# about the next\n");
        }
        let name = self.scalar(&name, false);
        let trail = self.any(TRAILS);
        self.text += &format!("{indent}{dash}name: {name}{trail}\n");
        match self.pick(6) {
            0 => self.text += &format!("{inner}user: {{token: SECRET}} # t\n"),
            1 => self.text += &format!("{inner}user:\n"),
            2 => {
                self.text += &format!("{inner}user: {{ exec: ");
                self.turn();
                self.flow_exec();
                self.turn();
                self.text += " , as: x }\n";
            }
            _ => {
                self.text += &format!("{inner}user:\n{inner}  as: x\n{inner}  exec:\n");
                self.turn();
                let deeper = self.any(&["  ", "    ", "      "]);
                self.block_exec(&format!("{inner}{deeper} "));
                self.turn();
                if self.one_in(3) {
                    self.text += &format!("{inner}  as-uid: \"1\"\n");
                }
            }
        }
    }

    /// The keys of an `exec`, in some order.
    fn keys(&mut self) -> Vec<&'static str> {
        self.done.plugins += 1;
        let mut keys = vec!["command", "apiVersion", "interactiveMode"];
        for key in ["args", "env", "installHint", "provideClusterInfo"] {
            if self.pick(3) > 0 {
                let at = self.pick(keys.len() + 1);
                keys.insert(at, key);
            }
        }
        keys
    }

    fn block_exec(&mut self, indent: &str) {
        for key in self.keys() {
            match self.pick(8) {
                6 => self.text += &format!("{indent}# about {key}\n"),
                7 => self.text += "\n",
                _ => {}
            }
            let quoted = match self.pick(5) {
                3 => format!("\"{key}\""),
                4 => format!("'{key}'"),
                _ => key.to_owned(),
            };
            self.text += &format!("{indent}{quoted}:");
            self.block_value(key, indent);
        }
        if self.one_in(40) {
            self.text += &format!("{indent}args: []\n{indent}args: []\n");
            self.done.hazard = true;
        }
    }

    fn block_value(&mut self, key: &str, indent: &str) {
        let trail = self.any(TRAILS);
        match key {
            "args" | "env" if self.one_in(4) => {
                let empty = self.any(&[
                    "",
                    " null",
                    " ~",
                    " []",
                    "  [ ]",
                    "\tNull",
                    " [\n]",
                    " [\n      ]",
                    " [ # c\n]",
                    " [\n# c\n  ]",
                ]);
                // Not every parser takes a tab behind a colon.
                self.done.hazard |= empty.starts_with('\t');
                self.text += &format!("{empty}{trail}\n");
            }
            "args" | "env" if self.one_in(4) => {
                self.text += " ";
                self.flow_list(key);
                self.text += &format!("{trail}\n");
            }
            "args" | "env" => {
                self.text += &format!("{trail}\n");
                self.block_list(key, indent);
            }
            "installHint" if self.one_in(2) => {
                let header = self.any(&["|", "|-", "|+", ">"]);
                self.text += &format!(" {header}{trail}\n{indent}  get it\n\n{indent}  there\n");
            }
            "command" if self.one_in(40) => {
                self.text += &format!(" |-\n{indent}  aws\n");
                self.done.hazard = true;
            }
            "command" => {
                let command = self.any(COMMANDS);
                let scalar = self.scalar(command, false);
                // Without quotes it cannot move between brackets.
                self.done.hazard |= scalar.contains([',', ':']) && !scalar.ends_with(['"', '\'']);
                let anchor = self.any(&["", "", "", "", "&c "]);
                self.text += &format!(" {anchor}{scalar}{trail}\n");
            }
            key => {
                let value = fixed(key);
                self.text += &format!(" {value}{trail}\n");
            }
        }
    }

    fn block_list(&mut self, key: &str, indent: &str) {
        let indent = format!("{indent}{}", self.any(&["", "  ", "    "]));
        let dash = self.any(&["- ", "- ", "-   "]);
        let inner = format!("{indent}{}", " ".repeat(dash.len()));
        for number in 0..=self.pick(3) {
            if self.one_in(5) {
                self.text += &format!("{indent}# an element\n");
            }
            let word = self.any(WORDS);
            let trail = self.any(TRAILS);
            if key == "args" {
                let item = if self.one_in(8) {
                    format!("|+\n{inner}a\n{inner}b\n\n")
                } else {
                    let anchor = self.any(&["", "", "", "&i "]);
                    format!("{anchor}{}{trail}\n", self.scalar(word, false))
                };
                self.text += &format!("{indent}{dash}{item}");
                continue;
            }
            let value = self.scalar(word, false);
            let item = match self.pick(6) {
                0 => format!("{indent}{dash}value: {value}\n{inner}name: V{number}{trail}\n"),
                1 => {
                    let value = self.scalar(word, true);
                    format!("{indent}{dash}{{name: V{number}, value: {value}}}{trail}\n")
                }
                2 => format!(
                    "{indent}{dash}name: V{number}\n{inner}value: |+\n{inner}  a\n\n{inner}  b\n\n"
                ),
                _ => format!("{indent}{dash}name: V{number}{trail}\n\n{inner}value: {value}\n"),
            };
            self.text += &item;
        }
    }

    fn flow_exec(&mut self) {
        // Lines of their own go as deep as nothing else does.
        let gap = self.any(&["", " ", "\n              "]);
        let end = if gap.starts_with('\n') {
            "\n            "
        } else {
            gap
        };
        self.text += "{";
        for (at, key) in self.keys().into_iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let quote = self.any(&["", "", "\"", "'"]);
            self.text += &format!("{comma}{gap}{quote}{key}{quote}: ");
            match key {
                "args" | "env" if self.one_in(5) => {
                    let chosen = self.any(&["null", "[]", "~", "[\n]", "[ # c\n  ]"]);
                    self.text += chosen;
                }
                "args" | "env" => self.flow_list(key),
                "command" => {
                    let command = self.any(COMMANDS);
                    let chosen = &self.scalar(command, true);
                    self.text += chosen;
                }
                key => self.text += fixed(key),
            }
        }
        self.text += end;
        self.text += "}";
    }

    fn flow_list(&mut self, key: &str) {
        // kubectl does not mind how far in a line between brackets stands.
        let gap = self.any(&[
            "",
            "",
            " ",
            "\n                  ",
            "\n      ",
            "\n",
            " # c\n  ",
        ]);
        let between = self.any(&[
            ", ",
            ",",
            " , ",
            ", # c\n                   ",
            ",\n  ",
            "\n ,\n# c\n",
        ]);
        self.text += &format!("[{gap}");
        for number in 0..=self.pick(3) {
            if number > 0 {
                self.text += between;
            }
            let word = self.any(WORDS);
            let word = self.scalar(word, true);
            let item = if key == "args" {
                word
            } else {
                let gap = self.any(&["", " ", "\n                    "]);
                format!("{{{gap}name: V{number}, value: {word}{gap}}}")
            };
            self.text += &item;
        }
        let comma = self.any(&["", "", ",", " "]);
        self.text += &format!("{comma}{gap}]");
    }

    /// As `encoding/json` and its relatives write it.
    fn json(&mut self, pretty: bool) {
        let (newline, space) = if pretty { ("\n", " ") } else { ("", "") };
        let unit = if pretty {
            self.any(&["  ", "    ", "\t"])
        } else {
            ""
        };
        let line = |depth: usize| format!("{newline}{}", unit.repeat(depth));
        self.text += &format!(
            "{{{}\"kind\":{space}\"Config\",{}\"users\":{space}[",
            line(1),
            line(1)
        );
        for number in 0..=self.pick(3) {
            let comma = if number == 0 { "" } else { "," };
            let name = serde_json::to_string(&format!("{}{number}", self.any(NAMES))).unwrap();
            self.text += &format!(
                "{comma}{}{{{}\"name\":{space}{name},{}\"user\":{space}{{",
                line(2),
                line(3),
                line(3)
            );
            self.text += &format!(
                "{}\"token\":{space}\"SECRET\",{}\"exec\":{space}",
                line(4),
                line(4)
            );
            self.turn();
            self.text += "{";
            for (at, key) in self.keys().into_iter().enumerate() {
                let comma = if at == 0 { "" } else { "," };
                self.text += &format!("{comma}{}\"{key}\":{space}", line(5));
                match key {
                    "args" | "env" if self.one_in(4) => {
                        let chosen = self.any(&["null", "[]"]);
                        self.text += chosen;
                    }
                    "args" => {
                        let word = self.any(WORDS);
                        let word = serde_json::to_string(word).unwrap();
                        self.text += &format!("[{}{word},{}\"x\"{}]", line(6), line(6), line(5));
                    }
                    "env" => {
                        let word = self.any(WORDS);
                        let word = serde_json::to_string(word).unwrap();
                        self.text += &format!(
                            "[{}{{{}\"name\":{space}\"V\",{}\"value\":{space}{word}{}}}{}]",
                            line(6),
                            line(7),
                            line(7),
                            line(6),
                            line(5)
                        );
                    }
                    "command" => {
                        let command = self.any(COMMANDS);
                        self.text += &serde_json::to_string(command).unwrap();
                    }
                    "provideClusterInfo" => self.text += "true",
                    "installHint" => self.text += "\"get it\\nthere\"",
                    key => self.text += &format!("\"{}\"", fixed(key)),
                }
            }
            self.text += &format!("{}}}", line(4));
            self.turn();
            self.text += &format!("{}}}{}}}", line(3), line(2));
        }
        self.text += &format!("{}]{}}}{newline}", line(1), line(0));
    }
}

fn fixed(key: &str) -> &'static str {
    match key {
        "apiVersion" => "client.authentication.k8s.io/v1",
        "interactiveMode" => "IfAvailable",
        "provideClusterInfo" => "true",
        _ => "\"get it\\nthere\"",
    }
}
