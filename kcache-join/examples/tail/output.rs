//! Lines and notices, written by one thread.

mod json;
mod zerolog;

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use tokio::sync::{mpsc, oneshot};

use crate::args::{Args, Format, ZerologFields};
use crate::lines::LogLine;
use crate::source::{Source, painted};

/// How many lines wait to be written, 32 KiB each at most. When there are so many, the logs are not read on: a
/// terminal that is stopped stops them, too.
const WAITING: usize = 256;

/// Where lines and notices go.
#[derive(Clone)]
pub(crate) struct Output(mpsc::Sender<Message>);

enum Message {
    Line(Arc<Source>, LogLine),
    Notice(String),
}

impl Output {
    /// Starts to write. The receiver hears of the end: nobody reads any longer, or nothing comes.
    pub(crate) fn start(args: &Args) -> (Self, oneshot::Receiver<io::Result<()>>) {
        let (sender, messages) = mpsc::channel(WAITING);
        let (ended, written) = oneshot::channel();
        let writer = Writer::new(args.output, args.zerolog.clone());
        std::thread::spawn(move || {
            let written = match writer.write_all(messages) {
                // As `tail -- ... | head` ends it.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                written => written,
            };
            let _ = ended.send(written);
        });
        (Self(sender), written)
    }

    /// Waits until a line can be printed; `None` if nobody takes it.
    pub(crate) async fn room(&self) -> Option<Room<'_>> {
        self.0.reserve().await.ok().map(Room)
    }

    /// A line about the logs.
    pub(crate) async fn say(&self, notice: String) {
        let _ = self.0.send(Message::Notice(notice)).await;
    }
}

/// Room for a line, which need not be used.
pub(crate) struct Room<'a>(mpsc::Permit<'a, Message>);

impl Room<'_> {
    /// A line of a log.
    pub(crate) fn print(self, source: &Arc<Source>, line: LogLine) {
        self.0.send(Message::Line(source.clone(), line));
    }
}

struct Writer<W: Write> {
    format: Format,
    fields: ZerologFields,
    lines: W,
    /// Whether lines are coloured, and notices.
    colours: (bool, bool),
}

impl Writer<BufWriter<io::Stdout>> {
    fn new(format: Format, fields: ZerologFields) -> Self {
        let has_colours = |choice| choice != ColorChoice::Never;
        Self {
            format,
            fields,
            lines: BufWriter::new(io::stdout()),
            colours: (
                has_colours(AutoStream::choice(&io::stdout())),
                has_colours(AutoStream::choice(&io::stderr())),
            ),
        }
    }
}

impl<W: Write> Writer<W> {
    fn write_all(mut self, mut messages: mpsc::Receiver<Message>) -> io::Result<()> {
        while let Some(message) = messages.blocking_recv() {
            self.write(message)?;
            while let Ok(message) = messages.try_recv() {
                self.write(message)?;
            }
            self.lines.flush()?;
        }
        Ok(())
    }

    fn write(&mut self, message: Message) -> io::Result<()> {
        match message {
            Message::Line(source, line) => self.line(&source, &line),
            Message::Notice(notice) => {
                self.lines.flush()?; // both may be one terminal
                let style = painted(Style::new().dimmed(), self.colours.1);
                // Nobody has to read notices.
                let _ = writeln!(io::stderr(), "{style}{notice}{style:#}");
                Ok(())
            }
        }
    }

    fn line(&mut self, source: &Source, line: &LogLine) -> io::Result<()> {
        let is_coloured = self.colours.0;
        let style = painted(source.style, is_coloured);
        match self.format {
            Format::Default => write!(self.lines, "{style}{source}:{style:#} ")?,
            Format::Zerolog => {
                write!(self.lines, "{style}{source}:{style:#} ")?;
                if let Some(text) = zerolog::text_of(&line.text, &self.fields, is_coloured) {
                    return writeln!(self.lines, "{text}");
                }
            }
            Format::Raw => {}
            Format::Json => return writeln!(self.lines, "{}", json::line(source, line)),
            Format::JsonPretty => return writeln!(self.lines, "{:#}", json::line(source, line)),
        }
        // As it is: what is no text, or colours of its own, is for its reader to know.
        self.lines.write_all(&line.text)?;
        if line.more > 0 {
            write!(self.lines, " [{} bytes more]", line.more)?;
        }
        self.lines.write_all(b"\n")
    }
}
