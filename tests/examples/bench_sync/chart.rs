//! A picture of bars, as SVG.

use std::fmt::{self, Write};

/// A heading, with the name and the length of each bar.
pub(crate) type Group<'a> = (&'a str, Vec<(&'a str, f64)>);

const WIDTH: f64 = 860.0;
/// Where bars begin, and how long the longest is.
const LEFT: f64 = 260.0;
const LONGEST: f64 = 520.0;
const LINE: f64 = 20.0;

/// Draws groups below each other. Colours are told apart in the dark, too.
pub(crate) fn draw(title: &str, groups: &[Group<'_>]) -> Result<String, fmt::Error> {
    let mut body = String::new();
    let mut y = 30.0;
    text(&mut body, 16.0, y, "title", title)?;
    for (heading, bars) in groups {
        y += 2.0 * LINE;
        text(&mut body, 16.0, y, "heading", heading)?;
        let longest = bars.iter().map(|(_, length)| *length);
        let longest = longest.fold(f64::MIN_POSITIVE, f64::max);
        for (name, value) in bars {
            y += LINE;
            let length = value / longest * LONGEST;
            text(&mut body, 32.0, y, "name", name)?;
            let class = if name.starts_with("kcache") {
                "ours"
            } else {
                "peer"
            };
            writeln!(
                body,
                r#"<rect class="{class}" x="{LEFT}" y="{:.0}" width="{length:.1}" height="13" rx="2"/>"#,
                y - 11.0
            )?;
            let digits = if *value < 100.0 { 2 } else { 0 };
            text(
                &mut body,
                LEFT + length + 6.0,
                y,
                "value",
                &format!("{value:.digits$}"),
            )?;
        }
    }
    Ok(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{0:.0}" viewBox="0 0 {WIDTH} {0:.0}">
<style>
rect.back {{ fill: #ffffff }} rect.ours {{ fill: #2f6feb }} rect.peer {{ fill: #9aa4b2 }}
text {{ font: 13px sans-serif; fill: #1f2328 }} .title {{ font-size: 16px; font-weight: bold }}
.heading {{ font-weight: bold }}
</style>
<rect class="back" width="100%" height="100%"/>
{body}</svg>
"#,
        y + LINE
    ))
}

fn text(out: &mut String, x: f64, y: f64, class: &str, text: &str) -> fmt::Result {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    writeln!(
        out,
        r#"<text class="{class}" x="{x:.0}" y="{y:.0}">{text}</text>"#
    )
}
