//! What is wanted of a log: the parameters that `pods/NAME/log` and the kubelet's `containerLogs` share.

use jiff::{SignedDuration, Timestamp};

/// `PodLogOptions`, without the container.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogOptions {
    pub(crate) follow: bool,
    pub(crate) previous: bool,
    pub(crate) timestamps: bool,
    pub(crate) since: Option<Timestamp>,
    pub(crate) tail_lines: Option<usize>,
}

impl LogOptions {
    /// Reads them; the error is the message of the server's refusal.
    pub(crate) fn parse<'a>(parameter: impl Fn(&str) -> &'a str) -> Result<Self, String> {
        let is_set = |name| matches!(parameter(name), "1" | "true");
        let (seconds, time) = (parameter("sinceSeconds"), parameter("sinceTime"));
        let since = match (seconds, time) {
            ("", "") => None,
            (seconds, "") => match seconds.parse() {
                Ok(seconds) if seconds > 0 => {
                    Some(Timestamp::now() - SignedDuration::from_secs(seconds))
                }
                _ => return Err("sinceSeconds: must be greater than 0".to_owned()),
            },
            ("", time) => Some(
                time.parse()
                    .map_err(|_| format!("sinceTime: {time:?} is no time"))?,
            ),
            _ => {
                return Err(
                    "at most one of `sinceTime` or `sinceSeconds` may be specified".to_owned(),
                );
            }
        };
        let tail_lines = match parameter("tailLines") {
            "" => None,
            lines => Some(
                lines
                    .parse()
                    .map_err(|_| "tailLines: must be greater than or equal to 0".to_owned())?,
            ),
        };
        Ok(Self {
            follow: is_set("follow"),
            previous: is_set("previous"),
            timestamps: is_set("timestamps"),
            since,
            tail_lines,
        })
    }
}
