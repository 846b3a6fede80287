//! The grammar of selector strings.
//!
//! The tokens and the places where a quirk is accepted or refused are those of `labels.Parse` in
//! apimachinery 0.37: `x in ()` is the empty string, `in` can be a key, `a in (b c)` is an error.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::Selector;
use super::error::SelectorError;
use super::label::label_key;
use super::requirement::Requirement;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// A name, a value, or the words `in` and `notin`.
    Word(&'a str),
    Symbol(&'a str),
    End,
}

/// Reads tokens with one token of lookahead.
struct Parser<'a> {
    rest: &'a str,
    next: Token<'a>,
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let mut parser = Parser {
            rest: text,
            next: Token::End,
        };
        parser.take();
        let mut all = Vec::new();
        while parser.next != Token::End {
            all.push(parser.requirement()?);
            match parser.take() {
                Token::End => break,
                Token::Symbol(",") if parser.starts_requirement() => {}
                Token::Symbol(",") => return parser.unexpected("an identifier after ','"),
                found => return Err(found.instead_of("',' or the end")),
            }
        }
        Ok(Self::all(all))
    }
}

impl<'a> Parser<'a> {
    /// Returns the token that was looked at, and looks at the one after it.
    fn take(&mut self) -> Token<'a> {
        let special = |c: char| "=!(),><".contains(c);
        let space = [' ', '\t', '\r', '\n'];
        let rest = self.rest.trim_start_matches(space);
        // Go's lexer takes a NUL for the end, and swallows one that directly follows a token.
        let length = match rest.chars().next() {
            None | Some('\0') => 0,
            Some(c) if special(c) => {
                1 + usize::from(["==", "!="].iter().any(|s| rest.starts_with(s)))
            }
            Some(_) => {
                let end = |c: char| special(c) || space.contains(&c) || c == '\0';
                rest.find(end).unwrap_or(rest.len())
            }
        };
        let (text, after) = rest.split_at(length);
        let token = match text.chars().next() {
            None => Token::End,
            Some(c) if special(c) => Token::Symbol(text),
            Some(_) => Token::Word(text),
        };
        let swallowed = if text.is_empty() {
            None
        } else {
            after.strip_prefix('\0')
        };
        self.rest = swallowed.unwrap_or(after);
        std::mem::replace(&mut self.next, token)
    }

    fn starts_requirement(&self) -> bool {
        matches!(self.next, Token::Word(_) | Token::Symbol("!"))
    }

    fn unexpected<T>(&self, expected: &'static str) -> Result<T, SelectorError> {
        Err(self.next.instead_of(expected))
    }

    fn requirement(&mut self) -> Result<Requirement, SelectorError> {
        if !self.starts_requirement() {
            return self.unexpected("'!', an identifier or the end");
        }
        let absent = self.next == Token::Symbol("!");
        if absent {
            self.take();
        }
        let key = match self.take() {
            Token::Word(key) => key,
            found => return Err(found.instead_of("an identifier")),
        };
        label_key(key)?;
        if absent {
            return Requirement::new(key, "!", Vec::new());
        }
        if matches!(self.next, Token::End | Token::Symbol(",")) {
            return Requirement::new(key, "exists", Vec::new());
        }
        match self.take() {
            Token::Word(operator @ ("in" | "notin")) => {
                let values = self.values()?;
                Requirement::new(key, operator, values.into_iter().collect())
            }
            Token::Symbol(operator @ ("=" | "==" | "!=" | ">" | "<")) => {
                let value = self.exact_value()?;
                Requirement::new(key, operator, vec![value])
            }
            found => Err(found.instead_of("an operator")),
        }
    }

    fn exact_value(&mut self) -> Result<String, SelectorError> {
        match self.next {
            Token::End | Token::Symbol(",") => Ok(String::new()),
            Token::Word(value) => {
                self.take();
                Ok(value.to_owned())
            }
            Token::Symbol(_) => self.unexpected("an identifier"),
        }
    }

    /// A list in parentheses. What is missing between two commas, or between a comma and a
    /// parenthesis, is the empty string, and so is an empty list.
    fn values(&mut self) -> Result<BTreeSet<String>, SelectorError> {
        match self.take() {
            Token::Symbol("(") => {}
            found => return Err(found.instead_of("'('")),
        }
        let mut values = BTreeSet::new();
        loop {
            match self.next {
                Token::Word(value) => {
                    self.take();
                    values.insert(value.to_owned());
                }
                Token::Symbol("," | ")") => {
                    values.insert(String::new());
                }
                _ => return self.unexpected("',', ')' or an identifier"),
            }
            match self.take() {
                Token::Symbol(",") => {}
                Token::Symbol(")") => return Ok(values),
                found => return Err(found.instead_of("',' or ')'")),
            }
        }
    }
}

impl Token<'_> {
    fn instead_of(self, expected: &'static str) -> SelectorError {
        let found = match self {
            Self::Word(text) | Self::Symbol(text) => text.to_owned(),
            Self::End => String::new(),
        };
        SelectorError::Syntax { found, expected }
    }
}
