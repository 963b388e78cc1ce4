//! Python literals as JSON values: some archives of JSON answers, and lists in CSV files, have Python's `repr`.

use serde_json::{Map, Value};

/// Deepest nesting accepted.
const MAX_DEPTH: usize = 64;

/// The value of a literal made of strings, numbers, `None`, `True`, `False`, lists, tuples and dictionaries with
/// strings as keys; or what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let mut literal = PythonLiteral { text, at: 0, depth: 0 };
    let value = literal.value()?;
    literal.skip_space();
    if literal.at < text.len() { Err(literal.wrong("the end")) } else { Ok(value) }
}

struct PythonLiteral<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl PythonLiteral<'_> {
    fn value(&mut self) -> Result<Value, String> {
        self.skip_space();
        match self.peek() {
            Some('\'' | '"') => self.string().map(Value::String),
            Some('[') => self.list(']'),
            Some('(') => self.list(')'),
            Some('{') => self.dictionary(),
            _ => self.word(),
        }
    }

    fn list(&mut self, close: char) -> Result<Value, String> {
        let mut items = Vec::new();
        self.items(close, |literal| {
            items.push(literal.value()?);
            Ok(())
        })?;
        Ok(Value::Array(items))
    }

    fn dictionary(&mut self) -> Result<Value, String> {
        let mut entries = Map::new();
        self.items('}', |literal| {
            let key = literal.string()?;
            literal.skip_space();
            literal.expect(':')?;
            entries.insert(key, literal.value()?);
            Ok(())
        })?;
        Ok(Value::Object(entries))
    }

    /// Items between an opening bracket, commas and `close`.
    fn items(&mut self, close: char, mut item: impl FnMut(&mut Self) -> Result<(), String>) -> Result<(), String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("nested deeper than {MAX_DEPTH} levels"));
        }
        self.at += 1;
        loop {
            self.skip_space();
            if self.eat(close) {
                self.depth -= 1;
                return Ok(());
            }
            item(self)?;
            self.skip_space();
            // NumPy writes the items of an array without commas.
            let is_array_item = close == ']' && matches!(self.peek(), Some('\'' | '"'));
            if !self.eat(',') && self.peek() != Some(close) && !is_array_item {
                return Err(self.wrong(&format!("`,` or `{close}`")));
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let quote = match self.peek() {
            Some(quote @ ('\'' | '"')) => quote,
            _ => return Err(self.wrong("a string")),
        };
        self.at += 1;
        let mut string = String::new();
        loop {
            match self.next() {
                Some('\\') => string.extend(self.escape()?),
                Some(c) if c == quote => return Ok(string),
                Some('\n') | None => return Err(self.wrong(&format!("`{quote}`"))),
                Some(c) => string.push(c),
            }
        }
    }

    /// What stands after a backslash; nothing for a line that goes on.
    fn escape(&mut self) -> Result<Option<char>, String> {
        let digits = match self.next() {
            Some('n') => return Ok(Some('\n')),
            Some('t') => return Ok(Some('\t')),
            Some('r') => return Ok(Some('\r')),
            Some('\n') => return Ok(None),
            Some(c @ ('\\' | '\'' | '"')) => return Ok(Some(c)),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => return Err(self.wrong("an escape that Python writes")),
        };
        let hex = self.text.get(self.at..self.at + digits).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok());
        self.at += digits;
        let c = code.and_then(char::from_u32).ok_or_else(|| "invalid escape sequence".to_owned())?;
        Ok(Some(c))
    }

    /// `None`, `True`, `False` or a number; `nan`, which pandas has for a missing value, is `None`.
    fn word(&mut self) -> Result<Value, String> {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-._".contains(c)).unwrap_or(rest.len());
        let value = match &rest[..end] {
            "None" | "nan" => Value::Null,
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            number => match serde_json::from_str(number) {
                Ok(value @ Value::Number(_)) => value,
                _ => return Err(self.wrong("a value")),
            },
        };
        self.at += end;
        Ok(value)
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn expect(&mut self, c: char) -> Result<(), String> {
        if self.eat(c) { Ok(()) } else { Err(self.wrong(&format!("`{c}`"))) }
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn wrong(&self, expected: &str) -> String {
        let found: String = self.text.get(self.at..).unwrap_or_default().chars().take(20).collect();
        let found = if found.is_empty() { "the end".to_owned() } else { format!("`{found}`") };
        format!("not a Python literal: expected {expected}, found {found}")
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(text: &str, expect: Result<&str, &str>) {
        let found = parse(text).map(|value| value.to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), expect, "{text}");
    }

    #[test]
    fn literals() {
        check("None", Ok("null"));
        check(" [True, False , -1, 2.5e3,] ", Ok("[true,false,-1,2500.0]"));
        check("(1, 'a')", Ok(r#"[1,"a"]"#));
        check("[nan, 'a']", Ok(r#"[null,"a"]"#));
        check("['a' \"b\"\n 'c']", Ok(r#"["a","b","c"]"#));
        check(r#"{'a': "it's", "b": 'say "so"', 'c': {}}"#, Ok(r#"{"a":"it's","b":"say \"so\"","c":{}}"#));
        check(r"'\'\\\n\t\xe9\u00e9\U0001f600'", Ok("\"'\\\\\\n\\téé😀\""));
        check("'naïve ∑'", Ok("\"naïve ∑\""));
    }

    #[test]
    fn anything_else_is_refused() {
        check("", Err("not a Python literal: expected a value, found the end"));
        check("print(1)", Err("not a Python literal: expected a value, found `print(1)`"));
        check("[1 2]", Err("not a Python literal: expected `,` or `]`, found `2]`"));
        check("{1: 2}", Err("not a Python literal: expected a string, found `1: 2}`"));
        check("{'a' 2}", Err("not a Python literal: expected `:`, found `2}`"));
        check("'open", Err("not a Python literal: expected `'`, found the end"));
        check(r"'\q'", Err("not a Python literal: expected an escape that Python writes, found `'`"));
        check(r"'\x+f'", Err("invalid escape sequence"));
        check(r"'\xé'", Err("invalid escape sequence"));
        check(r"'\ud800'", Err("invalid escape sequence"));
        check("[1] [2]", Err("not a Python literal: expected the end, found `[2]`"));
        check("nano", Err("not a Python literal: expected a value, found `nano`"));
        check(&"[".repeat(1000), Err("nested deeper than 64 levels"));
    }
}
